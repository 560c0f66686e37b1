//! Bodies that are damaged: each is refused, or read within the bounds and for no more than it has.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::xml::{CALDAV, Element, MAX_DEPTH, MAX_ELEMENTS};
use super::{filter, propfind, report};
use crate::http::problem::MAX_DETAIL;

/// Bodies that programs send.
const BODIES: [&str; 5] = [
    r#"<?xml version="1.0" encoding="UTF-8"?><propfind xmlns="DAV:" xmlns:CS="http://calendarserver.org/ns/">
        <prop><resourcetype/><displayname/><CS:getctag/><sync-token/></prop></propfind>"#,
    "<D:propfind xmlns:D='DAV:'><D:allprop/><D:include><D:supported-report-set/></D:include></D:propfind>",
    r#"<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>
        <C:calendar-data><C:expand start="20270301T000000Z" end="20270401T000000Z"/></C:calendar-data>
        </D:prop>
        <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
            <C:time-range start="20270301T000000Z" end="20270401T000000Z"/>
            <C:prop-filter name="SUMMARY"><C:text-match collation="i;octet">Jazz &amp; more</C:text-match>
                <C:param-filter name="LANGUAGE"><C:is-not-defined/></C:param-filter></C:prop-filter>
        </C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"#,
    r#"<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>
        <C:calendar-data content-type="text/calendar" version="2.0"/></D:prop>
        <D:href>/dav/calendars/ada/attending/1.ics</D:href><D:href>%2e%2e/%00</D:href>
        </C:calendar-multiget>"#,
    r#"<d:sync-collection xmlns:d="DAV:"><d:sync-token>data:,018bcfe5</d:sync-token>
        <d:sync-level>1</d:sync-level><d:limit><d:nresults>20</d:nresults></d:limit>
        <d:prop><d:getetag/></d:prop></d:sync-collection>"#,
];

/// What an edit puts in.
fn pieces() -> Vec<String> {
    let short = [
        "<",
        ">",
        "/>",
        "</",
        "&",
        "&#0;",
        "&#x10FFFF;",
        "&amp;",
        "\"",
        "'",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "<?x",
        "?>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "xmlns=''",
        " xmlns:D='x'",
        "D:",
        ":",
        "=",
        "\0",
        "\u{feff}",
        "é",
        "<a>",
        "<a/>",
        "<D:allprop/>",
        "<D:propname/>",
        "<C:is-not-defined/>",
        "99999999T999999Z",
        "00000101T000000Z",
        "99991231T235959Z",
    ];
    let mut pieces: Vec<String> = short.iter().map(|&piece| piece.to_owned()).collect();
    pieces.extend(["<a>".repeat(MAX_DEPTH), "<a/>".repeat(200), format!("<{}", "a".repeat(2_000))]);
    pieces.push(format!("</{}>", "a".repeat(2_000)));
    pieces
}

/// A change of a body at two places of it.
#[derive(Debug, Clone)]
enum Edit {
    Insert(String),
    Remove,
    Repeat,
    Overwrite(u8),
}

fn edits() -> impl Strategy<Value = Vec<(Index, Index, Edit)>> {
    let edit = prop_oneof![
        3 => select(pieces()).prop_map(Edit::Insert),
        1 => Just(Edit::Remove),
        1 => Just(Edit::Repeat),
        1 => any::<u8>().prop_map(Edit::Overwrite),
    ];
    vec((any::<Index>(), any::<Index>(), edit), 1..6)
}

fn damaged(body: &str, edits: Vec<(Index, Index, Edit)>) -> Vec<u8> {
    let mut body = body.as_bytes().to_vec();
    for (one, other, edit) in edits {
        let (one, other) = (one.index(body.len() + 1), other.index(body.len() + 1));
        // Most are short, so that much of the body stays as programs send it.
        let range = one.min(other)..one.max(other).min(one.min(other) + 30);
        match edit {
            Edit::Insert(piece) => drop(body.splice(one..one, piece.into_bytes())),
            Edit::Remove => drop(body.drain(range)),
            Edit::Repeat => {
                let repeated = body[range].to_vec();
                body.splice(one..one, repeated);
            }
            Edit::Overwrite(byte) => {
                if let Some(at) = body.get_mut(one) {
                    *at = byte;
                }
            }
        }
    }
    body
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

/// What the routes read from a tree. Returns the details of what they refuse.
fn refusals(root: &Element) -> Vec<String> {
    let mut refused = Vec::new();
    refused.extend(propfind::wanted(root).err());
    refused.extend(report::wanted(root).err());
    refused.extend(root.child(CALDAV, "filter").and_then(|read| filter::parse(read).err()));
    refused.extend(root.child(CALDAV, "time-range").and_then(|read| filter::period(read).err()));
    refused.into_iter().map(|problem| problem.detail).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_damaged_body_is_refused_or_within_bounds(body in select(BODIES.to_vec()), edits in edits()) {
        let body = damaged(body, edits);
        let refusals = match Element::parse(&body) {
            Ok(root) => {
                let (elements, depth, bytes) = measures(&root);
                prop_assert!(elements <= MAX_ELEMENTS && depth <= MAX_DEPTH);
                prop_assert!(bytes <= body.len(), "{bytes} bytes from {}", body.len());
                refusals(&root)
            }
            Err(problem) => vec![problem.detail],
        };
        // Nobody gets back all that they sent.
        let is_short = |detail: &String| detail.chars().count() <= MAX_DETAIL;
        prop_assert!(refusals.iter().all(is_short), "{refusals:?}");
    }
}

#[test]
fn the_bodies_themselves_are_read() {
    for body in BODIES {
        let root = Element::parse(body.as_bytes()).unwrap_or_else(|problem| panic!("{body}: {problem:?}"));
        assert!(propfind::wanted(&root).is_ok() || report::wanted(&root).is_ok(), "{body}");
        if let Some(conditions) = root.child(CALDAV, "filter") {
            assert!(filter::parse(conditions).is_ok(), "{body}");
        }
    }
}
