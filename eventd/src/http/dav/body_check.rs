//! The check of any body of a request, shared by the fuzz target and the tests: it is refused with a short
//! reason, or read within the bounds, and what is said about it is XML of the same names.

use eventcore::accounts::CalendarOwner;
use eventcore::calendars::CalendarKind;

use super::address::{Addresses, Resource};
use super::properties::{Described, Describer, Wanted};
use super::report::SyncRequest;
use super::xml::{CALDAV, DAV, Element, MAX_DEPTH, MAX_ELEMENTS, XmlName, is_forbidden};
use super::{filter, multistatus, propfind, report};
use crate::http::problem::{MAX_DETAIL, Problem};

/// Panics if a body is handled wrongly.
pub(crate) fn check_body(body: &[u8]) {
    let root = match Element::parse(body) {
        Ok(root) => root,
        Err(problem) => return check_refusal(&problem),
    };
    let (elements, depth, bytes) = measures(&root);
    assert!(elements <= MAX_ELEMENTS && depth <= MAX_DEPTH);
    assert!(bytes <= body.len(), "{bytes} bytes from {}", body.len());
    for wanted in [propfind::wanted(&root), report::wanted(&root)] {
        match wanted {
            Ok(wanted) => check_properties(wanted, elements),
            Err(problem) => check_refusal(&problem),
        }
    }
    check(root.child(CALDAV, "filter").map(filter::parse));
    check(root.child(CALDAV, "time-range").map(filter::period));
    check(Some(report::expanded(&root)));
    check(Some(SyncRequest::of(&root)));
    for href in root.children(DAV, "href") {
        let href = href.text.trim();
        let at = |href: &str| addresses().path(href).and_then(|path| Resource::at(&path, &owner()));
        let found = at(href);
        assert_eq!(found.and_then(|resource| at(&addresses().href(resource))), found, "{href}");
        let missing = multistatus::missing(href);
        let said = parsed(&missing).children.swap_remove(0);
        assert_eq!(said.child(DAV, "href").map(|href| href.text.as_str()), Some(&*readable(href)));
    }
}

fn check<T>(outcome: Option<Result<T, Problem>>) {
    if let Some(Err(problem)) = outcome {
        check_refusal(&problem);
    }
}

/// Nobody gets back all that they sent.
fn check_refusal(problem: &Problem) {
    assert!(problem.detail.chars().count() <= MAX_DETAIL, "{problem:?}");
    assert!(!problem.detail.is_empty());
}

/// A calendar is said to have or not to have exactly the properties that are asked for by their names.
fn check_properties(wanted: Wanted, elements: usize) {
    // A response has some elements more than what asks for it, and is read within the same bounds.
    if elements + 20 > MAX_ELEMENTS {
        return;
    }
    let describer = Describer { owner: owner(), addresses: addresses(), wanted, is_minimal: false };
    let resource = Resource::Calendar(CalendarKind::Attending);
    let response = describer.response(&Described { resource, tag: None, token: None, data: None });
    let response = parsed(&response);
    let parts = response.children[0].children(DAV, "propstat").filter_map(|part| part.child(DAV, "prop"));
    let told = parts.flat_map(|prop| prop.children.iter().map(|told| told.name.clone()));
    let mut told: Vec<XmlName> = told.collect();
    if let Wanted::These(mut asked) = describer.wanted {
        asked.sort();
        told.sort();
        assert_eq!(told, asked);
    }
}

/// What is said, read as a client does.
fn parsed(responses: &str) -> Element {
    let document = multistatus::document(responses);
    Element::parse(document.as_bytes()).unwrap_or_else(|problem| panic!("{problem:?}: {document}"))
}

/// A text as XML can have it.
fn readable(text: &str) -> String {
    text.replace(is_forbidden, "\u{fffd}")
}

fn owner() -> CalendarOwner {
    let id = uuid::Uuid::nil().into();
    CalendarOwner { id, username: "ada".to_owned(), display_name: "Ada".to_owned(), email: None }
}

fn addresses() -> Addresses {
    Addresses::new("https://example.org/events", &owner())
}

/// The elements of a tree, the most that are within each other, and the bytes of texts and attributes.
fn measures(element: &Element) -> (usize, usize, usize) {
    let attributes: usize = element.attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
    let (mut elements, mut depth, mut bytes) = (1, 0, element.text.len() + attributes);
    for child in &element.children {
        let inner = measures(child);
        (elements, depth, bytes) = (elements + inner.0, depth.max(inner.1), bytes + inner.2);
    }
    (elements, depth + 1, bytes)
}
