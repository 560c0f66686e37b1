//! Bodies that are damaged: each is refused, or read within the bounds and for no more than it has.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::body_check::check_body;
use super::xml::{CALDAV, Element, MAX_DEPTH};
use super::{filter, propfind, report};

/// The corpus of the fuzz target by names: bodies that programs send, what was found, and what reached new
/// code.
fn named_corpus() -> BTreeMap<String, Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/dav_body");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

fn corpus() -> Vec<Vec<u8>> {
    named_corpus().into_values().collect()
}

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

fn damaged(body: &[u8], edits: Vec<(Index, Index, Edit)>) -> Vec<u8> {
    let mut body = body.to_vec();
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_damaged_body_is_refused_or_within_bounds(body in select(corpus()), edits in edits()) {
        check_body(&damaged(&body, edits));
    }
}

#[test]
fn the_corpus_is_refused_or_within_bounds() {
    for body in corpus() {
        check_body(&body);
    }
}

#[test]
fn what_programs_send_is_read() {
    let sent =
        ["calendar-multiget", "calendar-query", "propfind-allprop", "propfind-prop", "sync-collection"];
    let corpus = named_corpus();
    for name in sent {
        let body = &corpus[&format!("{name}.xml")];
        let root = Element::parse(body).unwrap_or_else(|problem| panic!("{name}: {problem:?}"));
        assert!(propfind::wanted(&root).is_ok() || report::wanted(&root).is_ok(), "{name}");
        if let Some(conditions) = root.child(CALDAV, "filter") {
            assert!(filter::parse(conditions).is_ok(), "{name}");
        }
    }
}
