//! Cross-site scripting payloads from OWASP's filter-evasion cheat sheet: the rendered HTML contains none.

use eventcore::markdown::to_html;
use html::{harm, tries};

#[path = "../../tests/src/html.rs"]
pub mod html;

#[test]
fn the_checker_detects_harmful_html() {
    for html in [
        "<script>x</script>",
        "<p onclick=\"x\">a</p>",
        "<a href=\"javascript:x\">a</a>",
        "<a href=\"data:text/html,x\">a</a>",
        "<img src=\"x\">",
        "<p style=\"x\">a</p>",
        "<svg/>",
        "<a href=\"/relative\">a</a>",
    ] {
        assert!(harm(html).is_some(), "{html}");
    }
    assert_eq!(harm("<p>a &lt;b&gt; <a href=\"https://a.example\" rel=\"nofollow\">c</a><br></p>"), None);
}

#[test]
fn no_payload_is_rendered() {
    assert!(tries().count() >= 100, "{}", tries().count());
    for payload in tries() {
        // By itself, and in each construct of Markdown.
        for markdown in [
            payload.clone(),
            format!("> {payload}"),
            format!("* {payload}"),
            format!("**{payload}**"),
            format!("[text]({payload})"),
            format!("[text](<{payload}>)"),
            format!("[text]: {payload}\n\n[text]"),
            format!("[{payload}](https://a.example)"),
            format!("[text](https://a.example \"{payload}\")"),
            format!("<{payload}>"),
            format!("![{payload}]({payload})"),
            format!("```{payload}\n{payload}\n```"),
            format!("`{payload}`"),
        ] {
            let html = to_html(&markdown);
            assert_eq!(harm(&html), None, "{markdown}\n{html}");
        }
    }
}

#[test]
fn markdown_is_rendered() {
    for (markdown, html) in [
        ("# Hello", "<h1>Hello</h1>\n"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>\n"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n"),
        ("~~no~~", "<p><del>no</del></p>\n"),
        (
            "[site](https://a.example/x?y=1&z=2)",
            "<p><a href=\"https://a.example/x?y=1&amp;z=2\" \
             rel=\"nofollow noopener noreferrer ugc\">site</a></p>\n",
        ),
        ("![cat](https://a.example/cat.png)", "<p></p>\n"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p><a rel=\"nofollow noopener noreferrer ugc\">x</a></p>\n"),
    ] {
        assert_eq!(to_html(markdown), html);
    }
}

/// The nesting depth of the elements of HTML.
fn deepest(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        match tag.as_bytes() {
            [b'/', ..] => depth -= 1,
            [b'b' | b'h', b'r', b'>', ..] => {}
            _ => depth += 1,
        }
        deepest = deepest.max(depth);
    }
    assert_eq!(depth, 0, "what is opened is closed");
    deepest
}

/// Cleaning HTML takes time in proportion to its length and to the square of its depth: neither may grow
/// faster than the text.
#[test]
fn deep_nesting_costs_no_more_than_flat_text() {
    for mark in [
        ">", "> ", "1. ", "- > ", ">- ", "> 1) ", "* ", "[", "![", "*a ", "*", "**a", "_a*", "~~a", "*_",
        "a`", "[a](b",
    ] {
        let [half, whole] = [2_500, 5_000].map(|length| {
            let html = to_html(&format!("{}word", mark.repeat(length / mark.len())));
            assert_eq!(harm(&html), None, "{mark}");
            assert!(html.contains("word"), "{mark}: what is deep is shown");
            html
        });
        assert!(deepest(&whole) <= 42, "{mark} stands {} deep", deepest(&whole));
        assert!(
            whole.len() <= 2 * half.len() + 100 && whole.len() <= 30_000,
            "{mark}: {} and {}",
            half.len(),
            whole.len()
        );
    }
}

#[test]
fn what_is_too_deep_is_text_of_the_last_level() {
    let [deepest_shown, beyond] =
        [20, 500].map(|depth| to_html(&format!("{}> word", "> ".repeat(depth - 1))));
    assert_eq!(deepest_shown.replace('\n', ""), beyond.replace('\n', ""));
    assert_eq!(
        (deepest(&deepest_shown), deepest_shown.contains("<blockquote>\n<p>word</p>\n</blockquote>")),
        (21, true),
        "{deepest_shown}"
    );
    let nested: Vec<String> = (0..30).map(|n| format!("{}- n{n}", "  ".repeat(n))).collect();
    let html = to_html(&nested.join("\n"));
    assert_eq!((html.matches("<ul>").count(), html.matches("<li>").count()), (20, 20), "{html}");
    assert!(
        (0..30).all(|n| html.split(|c: char| !c.is_alphanumeric()).any(|word| word == format!("n{n}"))),
        "{html}"
    );
    let emphasis = to_html(&format!("{}x{}", "*a **b ".repeat(50), "** *".repeat(50)));
    assert!(deepest(&emphasis) <= 21, "{emphasis}");
}

/// A regular expression for texts of HTML and Markdown syntax.
const HOSTILE_TEXT: &str =
    "([<>\"'=/ a-z:&;#()\\[\\]!`*_~\n-]|javascript:|<script>|onerror=|<img src=){0,60}";

proptest::proptest! {
    #[test]
    fn any_text_becomes_harmless(text in HOSTILE_TEXT) {
        proptest::prop_assert_eq!(harm(&to_html(&text)), None);
    }
}
