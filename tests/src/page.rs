//! HTML pages as a browser parses them.

use std::collections::BTreeMap;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use serde_json::Value;

use crate::client::Answer;

/// A page, parsed by the rules of HTML.
#[derive(Debug)]
pub struct HtmlPage {
    /// All elements, in the order of the document.
    pub elements: Vec<Element>,
    /// The source.
    pub html: String,
}

/// An element of a page.
#[derive(Debug)]
pub struct Element {
    /// The name of its tag.
    pub tag: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// Its text with that of all elements in it.
    pub text: String,
}

impl HtmlPage {
    /// Parses a response, which must be well-formed HTML.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let html = String::from_utf8(answer.bytes.to_vec()).expect("UTF-8");
        let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html.as_str());
        assert!(dom.errors.is_empty(), "{:?}\n{html}", dom.errors);
        let mut elements = Vec::new();
        collect(&dom.document, &mut elements);
        Self { elements, html }
    }

    /// All elements with a tag.
    pub fn all<'p>(&'p self, tag: &'p str) -> impl Iterator<Item = &'p Element> {
        self.elements.iter().filter(move |element| element.tag == tag)
    }

    /// The first element with a tag.
    #[track_caller]
    pub fn first(&self, tag: &str) -> &Element {
        self.elements.iter().find(|element| element.tag == tag).unwrap_or_else(|| panic!("no {tag}"))
    }

    /// The text of the main part, with single spaces.
    pub fn text(&self) -> String {
        self.first("main").text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The values in the list of facts, by their names.
    pub fn facts(&self) -> BTreeMap<&str, String> {
        let names = self.all("dt").map(|name| name.text.trim());
        let values = self.all("dd").map(|value| value.text.split_whitespace().collect::<Vec<_>>().join(" "));
        names.zip(values).collect()
    }

    /// The content of a `meta` element, by its name or property.
    pub fn meta(&self, name: &str) -> Option<&str> {
        let is_it = |element: &&Element| [element.at("name"), element.at("property")].contains(&name);
        Some(self.all("meta").find(is_it)?.at("content"))
    }

    /// The addresses of all links.
    pub fn links(&self) -> Vec<&str> {
        self.all("a").map(|link| link.at("href")).collect()
    }

    /// The structured data.
    #[track_caller]
    pub fn json_ld(&self) -> Value {
        let script = self.all("script").next().expect("structured data");
        serde_json::from_str(&script.text).expect("JSON")
    }
}

impl Element {
    /// The value of an attribute; empty if it is missing.
    pub fn at(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

fn collect(node: &Handle, elements: &mut Vec<Element>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attribute = |attribute: &html5ever::Attribute| {
            (attribute.name.local.to_string(), attribute.value.to_string())
        };
        let attributes = attrs.borrow().iter().map(attribute).collect();
        elements.push(Element { tag: name.local.to_string(), attributes, text: text(node) });
    }
    node.children.borrow().iter().for_each(|child| collect(child, elements));
}

fn text(node: &Handle) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => node.children.borrow().iter().map(text).collect(),
    }
}
