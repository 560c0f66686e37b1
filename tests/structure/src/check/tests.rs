//! Small workspaces with a finding each, and similar ones without.

use super::*;

const MANIFEST: &str = "[package]\nname = \"a\"\n";

/// The findings for a package of these files below `src/`, without that prefix.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let mut sources = Sources::from([("Cargo.toml".to_owned(), MANIFEST.to_owned())]);
    for (path, text) in files {
        sources.insert(format!("src/{path}"), (*text).to_owned());
    }
    check(&sources, false).unwrap().iter().map(|finding| finding.to_string().replace("src/", "")).collect()
}

const ADVICE: &str = "move what both sides need to a file below them";

/// Asserts that `a.rs` and `b.rs` import each other by these names.
#[track_caller]
fn assert_circle(files: &[(&str, &str)], there: &str, back: &str) {
    let found = findings(files);
    assert_eq!(found.len(), 1, "{found:#?}");
    let expected = format!("import circle: a.rs -> b.rs ({there}) -> a.rs ({back}): {ADVICE}");
    assert!(found[0].ends_with(&expected), "{found:#?}");
}

const LIB: (&str, &str) = ("lib.rs", "mod a;\nmod b;\n");

#[test]
fn a_circle_by_use() {
    let a = ("a.rs", "\nuse crate::b::{\n    one,\n    Two as Other,\n};\npub struct Three;\n");
    let b = ("b.rs", "use super::a::Three;\npub fn one() {}\npub struct Two;\n");
    assert_circle(&[LIB, a, b], "Two line 4, one line 3", "Three line 1");
    assert!(findings(&[LIB, a, b])[0].starts_with("a.rs:3: "));
}

#[test]
fn a_circle_through_a_re_export() {
    let lib = ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B as Renamed;\n");
    let a = ("a.rs", "use crate::Renamed;\npub struct A;\n");
    let b = ("b.rs", "use crate::A;\npub struct B;\n");
    assert_circle(&[lib, a, b], "Renamed line 1", "A line 1");
}

#[test]
fn a_circle_through_inline_paths() {
    let a = ("a.rs", "pub fn a() { crate::b::B::new(); }\n");
    let b = ("b.rs", "pub struct B;\nimpl B { pub fn new() -> Self { super::a::a(); Self } }\n");
    assert_circle(&[LIB, a, b], "B line 1", "a line 2");
}

#[test]
fn a_circle_through_an_imported_module() {
    let lib = ("lib.rs", "mod a;\nmod b;\nmod c;\n");
    let a = ("a.rs", "use crate::c;\npub fn a() { c::b(); }\n");
    let b = ("b.rs", "use crate::a;\npub fn b() {}\npub fn d() { a::a() }\n");
    let c = ("c.rs", "pub use crate::b::*;\n");
    assert_circle(&[lib, a, b, c], "b line 2", "a line 3");
}

#[test]
fn a_circle_through_a_function_with_the_name_of_its_module() {
    let lib = ("lib.rs", "mod a;\nmod b;\nmod list;\npub use list::list;\n");
    let a = ("a.rs", "pub fn a() { crate::list() }\n");
    let b = ("b.rs", "use crate::a::a;\npub fn list() {}\n");
    assert_circle(&[lib, a, b, ("list.rs", "pub use crate::b::list;\n")], "list line 1", "a line 1");
}

#[test]
fn a_circle_through_globs() {
    let lib = ("lib.rs", "mod a;\nmod b;\nmod c;\n");
    let a = ("a.rs", "use crate::c::*;\npub fn a(_: B) {}\n");
    let b = ("b.rs", "use super::*;\npub struct B;\npub fn b() { a::a(B) }\n");
    let c = ("c.rs", "pub use crate::b::*;\n");
    assert_circle(&[lib, a, b, c], "B line 2", "a line 3");
    let a = ("a.rs", "use crate::b::*;\npub fn a() {}\n");
    let b = ("b.rs", "use crate::a::a;\npub trait Extension {}\n");
    assert_circle(&[LIB, a, b], "b::* line 1", "a line 1");
}

#[test]
fn a_circle_through_macros_and_attributes() {
    let a = ("a.rs", "macro_rules! m { () => { $crate::b::b() } }\npub(crate) use m;\n");
    let b = ("b.rs", "pub fn b() { format!(\"{}\", crate::a::m!()); }\n");
    assert_circle(&[LIB, a, b], "b line 1", "m line 1");
    let a =
        ("a.rs", "#[derive(Deserialize)]\nstruct A { #[serde(with = \"crate::b\")] x: u8 }\npub fn a() {}\n");
    let b = ("b.rs", "#[openapi(paths(crate::a::a))]\npub fn deserialize() {}\n");
    assert_circle(&[LIB, a, b], "b line 2", "a line 1");
}

#[test]
fn a_name_that_a_macro_makes_counts_as_the_file_of_its_module() {
    let a = ("a.rs", "ids! { UserId }\nuse crate::b::b;\n");
    let b = ("b.rs", "use crate::a::UserId;\npub fn b() {}\n");
    assert_circle(&[LIB, a, b], "b line 2", "UserId line 1");
}

#[test]
fn a_module_and_its_parent_may_make_a_circle() {
    let lib = ("lib.rs", "mod a;\n");
    let a = ("a.rs", "mod b;\npub struct A;\npub fn a() { b::b() }\n");
    let b = ("a/b.rs", "use super::A;\npub fn b() {}\n");
    let found = findings(&[lib, a, b]);
    assert_eq!(
        found,
        [format!("a.rs:3: import circle: a.rs -> a/b.rs (b line 3) -> a.rs (A line 1): {ADVICE}")]
    );
}

#[test]
fn a_knot_is_one_finding_with_its_shortest_circle() {
    let lib = ("lib.rs", "mod a;\nmod b;\nmod c;\n");
    let a = ("a.rs", "use crate::{b::B, c::C};\npub struct A;\n");
    let b = ("b.rs", "use crate::c::C;\npub struct B;\n");
    let c = ("c.rs", "use crate::a::A;\npub struct C;\n");
    assert_eq!(
        findings(&[lib, a, b, c]),
        [format!(
            "a.rs:1: import circle: a.rs -> c.rs (C line 1) -> a.rs (A line 1): {ADVICE}; \
             in circles with them (1): b.rs"
        )]
    );
}

#[test]
fn what_is_no_import() {
    // A re-export that the file does not use, and `mod x;`.
    let lib = ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub struct Root;\n");
    let a = ("a.rs", "use crate::Root;\npub struct A;\n");
    assert!(findings(&[lib, a, ("b.rs", "")]).is_empty());
    // Tests, whole files of them too.
    let a = ("a.rs", "pub struct A;\n#[cfg(test)]\nuse crate::b::B;\n#[cfg(all(test, unix))]\nmod tests;\n");
    let tests = ("a/tests.rs", "use crate::b::B;\nuse super::A;\n");
    let b = ("b.rs", "use crate::a::A;\npub struct B;\n");
    assert!(findings(&[LIB, a, tests, b]).is_empty());
    // Inherent implementations of a type of another file, other crates, comments and strings.
    let a = ("a.rs", "pub struct A;\nimpl crate::b::B { fn f(&self) { self.b() } }\n");
    let b = (
        "b.rs",
        "use crate::a::A;\nuse std::fmt;\n// crate::a\npub struct B;\nconst C: &str = \"crate::a::A\";\n",
    );
    assert!(findings(&[LIB, a, b]).is_empty());
    // Local variables and methods of the name of an item that a glob brings in.
    let a =
        ("a.rs", "use crate::b::*;\nfn f(b: u8, c: C) { let x = b; g!(b, x.b, 'b: b); }\npub fn a() {}\n");
    let b = ("b.rs", "mod c;\npub use c::C;\npub fn b() { crate::a::a() }\n");
    assert!(findings(&[LIB, a, b, ("b/c.rs", "pub struct C;\n")]).is_empty());
}

#[test]
fn an_allowed_edge_is_left_out() {
    let allowed = circles::Allowed { from: "src/a.rs", to: "src/b.rs", reason: "the root" };
    let mut edges = edges::Edges::new();
    for (from, to) in [("src/a.rs", "src/b.rs"), ("src/b.rs", "src/a.rs")] {
        edges.entry(from.to_owned()).or_default().entry(to.to_owned()).or_default();
    }
    assert_eq!(circles::check(&edges, &[], false).len(), 1);
    assert!(circles::check(&edges, &[allowed], false).is_empty());
}

#[test]
fn a_type_name_twice() {
    let a = ("a.rs", "pub struct A;\n");
    let b = ("b.rs", "pub mod inner {\n    pub type A = u8;\n}\n");
    assert_eq!(findings(&[LIB, a, b]), ["b.rs:2: type `A` is also defined at a.rs:1: rename one of them"]);
}

#[test]
fn type_names_that_may_repeat() {
    let a = (
        "a.rs",
        "#[cfg(unix)]\npub struct A;\n#[cfg(not(unix))]\npub struct A(u8);\npub fn f() { struct L; }\n",
    );
    let b = (
        "b.rs",
        "trait T { type A; }\nimpl T for u8 { type A = u8; }\nfn f() { struct L; }\n\
         #[cfg(test)]\nstruct A;\n#[cfg(test)]\nmod tests { struct A; }\n",
    );
    assert!(findings(&[LIB, a, b]).is_empty());
    // Every target is a crate of its own.
    assert!(
        findings(&[("lib.rs", "struct A;"), ("main.rs", "struct A;"), ("bin/c.rs", "struct A;")]).is_empty()
    );
}

#[test]
fn odd_input_is_reported_or_ignored() {
    assert_eq!(
        findings(&[("lib.rs", "mod a;\n")]),
        ["lib.rs:1: no file for module `a`: add it or delete the declaration"]
    );
    assert!(findings(&[("lib.rs", "fn f( {\n")])[0].contains("cannot be parsed"));
    assert!(findings(&[("lib.rs", &"(".repeat(100_000))]).iter().any(|text| text.contains("nested more")));
    let sum = format!("const A: u64 = {};\n", "1 +\n".repeat(450) + "1");
    assert!(findings(&[("lib.rs", &sum)]).is_empty());
    // Imports that lead nowhere, in circles, above the root; a file that includes itself.
    let odd = "use self::a; pub use a::b; pub use b::a; use super::super::x; use crate::*;\n\
               use self::{self}; pub use crate::m::*; #[path = \"lib.rs\"] mod again;\n\
               mod m { pub use super::*; fn f() { Self::g(); <u8>::h(); nothing::at::all() } }\n";
    assert!(findings(&[("lib.rs", odd)]).is_empty());
    assert!(findings(&[("lib.rs", "")]).is_empty());
    assert!(findings(&[]).is_empty());
}
