//! The XML of request bodies as a tree, within bounds, and the escaping of texts in responses.
//!
//! No entities are expanded but the five of XML and characters by number, and a document type is refused, so
//! that no body stands for more than it has.

use std::borrow::Cow;

use quick_xml::escape::{partial_escape, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::{Reader, XmlVersion};

use crate::http::problem::Problem;
use crate::http::problem_kind::Kind;

/// The namespace of WebDAV (RFC 4918).
pub(super) const DAV: &str = "DAV:";
/// The namespace of CalDAV (RFC 4791).
pub(super) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// The namespace of properties that Apple's server had first.
pub(super) const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";

/// The greatest number of elements within each other.
pub(super) const MAX_DEPTH: usize = 20;
/// The greatest number of elements.
pub(super) const MAX_ELEMENTS: usize = 30_000;
/// The greatest number of attributes of an element.
const MAX_ATTRIBUTES: usize = 20;
/// The greatest number of namespaces that are declared at a time.
const MAX_NAMESPACES: usize = 30;
/// The greatest length of a name or a namespace, in bytes.
const MAX_NAME: usize = 200;

/// The name of an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct XmlName {
    pub(super) namespace: Cow<'static, str>,
    pub(super) local: Cow<'static, str>,
}

/// An element with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: XmlName,
    /// Without those that declare namespaces.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// The text directly in it.
    pub(super) text: String,
}

impl XmlName {
    pub(super) const fn new(namespace: &'static str, local: &'static str) -> Self {
        Self { namespace: Cow::Borrowed(namespace), local: Cow::Borrowed(local) }
    }

    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }
}

impl Element {
    /// Parses a document.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|_| bad("the XML of the body must be in UTF-8"))?;
        let mut parsing = Parsing::new();
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        loop {
            match reader.read_event().map_err(|error| bad(format!("the body is not XML: {error}")))? {
                Event::Start(tag) => parsing.open(&tag)?,
                Event::Empty(tag) => {
                    parsing.open(&tag)?;
                    parsing.close();
                }
                Event::End(_) => parsing.close(),
                Event::Text(text) => parsing.add(&text.xml10_content())?,
                Event::CData(text) => parsing.add(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let character = match &*reference {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        _ => match reference.resolve_char_ref() {
                            Ok(Some(character)) => character,
                            _ => return Err(bad("the XML of the body must have no entities of its own")),
                        },
                    };
                    parsing.add(character.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => return Err(bad("the XML of the body must have no document type")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return parsing.end(),
            }
        }
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first child of a name.
    pub(super) fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.children(namespace, local).next()
    }

    /// The children of a name.
    pub(super) fn children(&self, namespace: &str, local: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name.is(namespace, local))
    }
}

/// The elements that are open.
struct Parsing {
    namespaces: NamespaceResolver,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Parsing {
    fn new() -> Self {
        let mut namespaces = NamespaceResolver::default();
        namespaces.set_max_namespace_bindings(MAX_NAMESPACES);
        Self { namespaces, open: Vec::new(), root: None, elements: 0 }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), Problem> {
        self.elements += 1;
        if self.open.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(bad(format!(
                "the XML of the body must have at most {MAX_ELEMENTS} elements, {MAX_DEPTH} within each other"
            )));
        }
        if self.root.is_some() {
            return Err(bad("the XML of the body must have one element around all others"));
        }
        if tag.attributes().with_checks(false).take(MAX_ATTRIBUTES + 1).count() > MAX_ATTRIBUTES {
            return Err(bad(format!("an element of the body must have at most {MAX_ATTRIBUTES} attributes")));
        }
        self.namespaces.push(tag).map_err(|error| bad(error.to_string()))?;
        let (namespace, local) = self.namespaces.resolve_element(tag.name());
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => {
                // The resolver keeps the values of attributes as they are written.
                unescape(namespace.into_inner()).map_err(|error| bad(error.to_string()))?.into_owned()
            }
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => {
                return Err(bad(format!("the body declares no namespace {prefix:?}")));
            }
        };
        let local = local.into_inner().to_owned();
        if !is_name(&local) || !is_namespace(&namespace) {
            return Err(bad("an element of the body has a name or namespace that is not one, or too long"));
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| bad(format!("the body is not XML: {error}")))?;
            if attribute.key.as_namespace_binding().is_none() {
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(|error| bad(error.to_string()))?;
                attributes.push((attribute.key.into_inner().to_owned(), value.into_owned()));
            }
        }
        let name = XmlName { namespace: namespace.into(), local: local.into() };
        self.open.push(Element { name, attributes, children: Vec::new(), text: String::new() });
        Ok(())
    }

    fn close(&mut self) {
        self.namespaces.pop();
        // The reader has checked that each end tag has its start tag.
        let Some(ended) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(ended),
            None => self.root = Some(ended),
        }
    }

    fn add(&mut self, text: &str) -> Result<(), Problem> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(bad("the XML of the body must have no text around its element")),
        }
        Ok(())
    }

    fn end(self) -> Result<Element, Problem> {
        let root = self.root.filter(|_| self.open.is_empty());
        root.ok_or_else(|| bad("the XML of the body is incomplete"))
    }
}

/// Whether a name can be written back as that of an element: it has no colon, and otherwise the characters of
/// XML 1.0, 2.3.
fn is_name(local: &str) -> bool {
    local.len() <= MAX_NAME && local.starts_with(begins_names) && local.chars().all(is_in_names)
}

const fn begins_names(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

const fn is_in_names(c: char) -> bool {
    begins_names(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether a namespace can be written back: a URI has no spaces and no control characters, which parsers
/// replace in the values of attributes.
fn is_namespace(uri: &str) -> bool {
    uri.len() <= MAX_NAME && !uri.contains(|c: char| c.is_whitespace() || c.is_control() || is_forbidden(c))
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidInput, detail)
}

/// Whether XML cannot have a character (XML 1.0, 2.2).
pub(super) const fn is_forbidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other < ' ',
    }
}

/// A text as the content of an element, or of an attribute in double quotes. Characters that XML cannot have
/// become U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let clean = text.replace(is_forbidden, "\u{fffd}");
    partial_escape(clean.as_str()).replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(body: &str) -> String {
        Element::parse(body.as_bytes()).unwrap_err().detail
    }

    #[test]
    fn names_have_the_namespaces_that_are_in_force() {
        let body = "<?xml version=\"1.0\"?>\r\n<x:a xmlns:x='DAV:' n='1 &amp; 2'><b xmlns='urn:b'>t&#x2F;\
            <![CDATA[<]]>\
            &quot;<x:c/></b><x:d xmlns:x='urn:x'/><e/></x:a>\n<!-- end -->";
        let root = Element::parse(body.as_bytes()).unwrap_or_else(|problem| panic!("{problem:?}"));
        assert!(root.name.is("DAV:", "a") && root.attribute("n") == Some("1 & 2"));
        let b = root.child("urn:b", "b").unwrap();
        assert_eq!(b.text, "t/<\"");
        assert!(b.child("DAV:", "c").is_some() && root.child("urn:x", "d").is_some());
        assert!(root.child("", "e").is_some());
        // Namespaces are compared as the values that are meant (Namespaces in XML 1.0, 2.3).
        let root = Element::parse(b"<a xmlns='urn:a?b=1&amp;c=&#x64;'/>").unwrap();
        assert!(root.name.is("urn:a?b=1&c=d", "a"));
    }

    #[test]
    fn what_is_not_xml_is_refused_with_its_reason() {
        for (body, reason) in [
            ("", "incomplete"),
            ("<a>", "incomplete"),
            ("<a></b>", "not XML"),
            ("<a/><b/>", "one element"),
            ("text<a/>", "no text around"),
            ("<a x=1/>", "not XML"),
            ("<p:a/>", "declares no namespace"),
            ("<a>&bomb;</a>", "no entities"),
            ("<a>&#0;</a>", "no entities"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "no document type"),
            ("<a+b/>", "a name or namespace that is not one"),
            ("<\u{aa}/>", "a name or namespace that is not one"),
            ("<a xmlns='urn:a b'/>", "a name or namespace that is not one"),
            ("<a xmlns='urn:&bomb;'/>", "bomb"),
        ] {
            assert!(detail(body).contains(reason), "{body}: {}", detail(body));
        }
        assert!(Element::parse(b"<a>\xff</a>").unwrap_err().detail.contains("UTF-8"));
    }

    #[test]
    fn bodies_are_bounded() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(Element::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(detail(&nested(MAX_DEPTH + 1)).contains("within each other"));
        assert!(detail(&"<a>".repeat(300_000)).contains("within each other"));
        assert!(detail(&format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS))).contains("elements"));
        let attributes = (0..100_000).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat();
        assert!(detail(&format!("<a{attributes}/>")).contains("attributes"));
        let declared = |n: usize| format!("<a xmlns:a{n}='u' xmlns:b{n}='u' xmlns:c{n}='u' xmlns:d{n}='u'>");
        assert!(Element::parse((0..10).map(declared).collect::<String>().as_bytes()).is_err());
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(
            escaped("a<b> & \"c\"\r\n\u{0}\u{ffff}"),
            "a&lt;b&gt; &amp; &quot;c&quot;&#13;\n\u{fffd}\u{fffd}"
        );
    }
}
