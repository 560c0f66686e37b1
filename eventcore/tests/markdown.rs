//! Tries of cross-site scripting, by the ways that OWASP's filter-evasion cheat sheet names: what is served as HTML holds none of it.

use eventcore::markdown::to_html;
use html::{harm, tries};

#[path = "../../tests/src/html.rs"]
pub mod html;

#[test]
fn the_reader_of_the_test_sees_harm() {
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
fn no_try_of_scripting_comes_through() {
    assert!(tries().count() >= 100, "{}", tries().count());
    for one in tries() {
        // As it stands, and in the places that Markdown has.
        for markdown in [
            one.clone(),
            format!("> {one}"),
            format!("* {one}"),
            format!("**{one}**"),
            format!("[text]({one})"),
            format!("[text](<{one}>)"),
            format!("[text]: {one}\n\n[text]"),
            format!("[{one}](https://a.example)"),
            format!("[text](https://a.example \"{one}\")"),
            format!("<{one}>"),
            format!("![{one}]({one})"),
            format!("```{one}\n{one}\n```"),
            format!("`{one}`"),
        ] {
            let html = to_html(&markdown);
            assert_eq!(harm(&html), None, "{markdown}\n{html}");
        }
    }
}

#[test]
fn what_people_write_is_shown() {
    for (markdown, html) in [
        ("# Hello", "<h1>Hello</h1>\n"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>\n"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n"),
        ("~~no~~", "<p><del>no</del></p>\n"),
        (
            "[site](https://a.example/x?y=1&z=2)",
            "<p><a href=\"https://a.example/x?y=1&amp;z=2\" rel=\"nofollow noopener noreferrer ugc\">site</a></p>\n",
        ),
        ("![cat](https://a.example/cat.png)", "<p></p>\n"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p><a rel=\"nofollow noopener noreferrer ugc\">x</a></p>\n"),
    ] {
        assert_eq!(to_html(markdown), html);
    }
}

#[test]
fn deep_nesting_is_harmless_and_quick() {
    let begun = std::time::Instant::now();
    for deep in [
        ">".repeat(5_000),
        "* ".repeat(2_500),
        "[".repeat(5_000),
        "*".repeat(5_000),
        "_a*".repeat(1_666),
        "`".repeat(5_000),
    ] {
        assert_eq!(harm(&to_html(&deep)), None);
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

proptest::proptest! {
    #[test]
    fn whatever_is_written_is_harmless(text in "([<>\"'=/ a-z:&;#()\\[\\]!`*_~\n-]|javascript:|<script>|onerror=|<img src=){0,60}") {
        proptest::prop_assert_eq!(harm(&to_html(&text)), None);
    }
}
