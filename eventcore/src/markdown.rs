//! Rendering of Markdown to safe HTML.
//!
//! pulldown-cmark renders and ammonia sanitizes, so the safety of the HTML does not depend on the renderer.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, html};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// The maximum nesting of quotes, lists and emphasis. The sanitizer takes time quadratic in the depth.
const MAX_DEPTH: usize = 20;
/// The number of texts that one blocking task renders.
const BATCH_SIZE: usize = 16;
/// Limits the blocking tasks that render at the same time to the number of cores.
static RENDERERS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)));

/// The allowed HTML. Images are not allowed, because loading them reveals to their server who reads the text.
static SANITIZER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitizer = ammonia::Builder::default();
    sanitizer
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "ul",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer ugc"));
    sanitizer
});

/// Renders Markdown (`CommonMark` with `~~strikethrough~~`) to safe HTML.
///
/// The HTML has no scripts, images or styles, and its links have the schemes `http`, `https` and `mailto`
/// only. HTML in the Markdown is escaped. Elements nested more than 20 levels deep are rendered as text of
/// level 20.
///
/// ```
/// use eventcore::markdown::to_html;
///
/// assert_eq!(to_html("Talks and *pizza*"), "<p>Talks and <em>pizza</em></p>\n");
/// assert_eq!(to_html("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
/// ```
pub fn to_html(markdown: &str) -> String {
    let mut nesting = Nesting::default();
    let events = Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH)
        .filter_map(|event| nesting.limit(event))
        .map(|event| match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            other => other,
        });
    let mut rendered = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut rendered, events);
    SANITIZER.clean(&rendered).to_string()
}

/// The text of Markdown without its marks, on one line: for previews of links, and for search engines.
///
/// ```
/// use eventcore::markdown::to_text;
///
/// assert_eq!(to_text("# Talks\n\nand *pizza*\n- at <b>7</b>"), "Talks and pizza at <b>7</b>");
/// ```
pub fn to_text(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => {
                text.push_str(&part);
            }
            // Emphasis begins and ends within words.
            Event::Start(tag) if !is_inline(&tag) => text.push(' '),
            Event::SoftBreak | Event::HardBreak | Event::Rule => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. })
}

/// Renders texts to HTML on blocking threads, in the order given.
///
/// Dropping the future stops the rendering after the current batch.
pub(crate) async fn all_to_html(texts: Vec<String>) -> Result<Vec<String>> {
    let mut rendered = Vec::with_capacity(texts.len());
    let mut texts = texts.into_iter();
    loop {
        let batch: Vec<String> = texts.by_ref().take(BATCH_SIZE).collect();
        if batch.is_empty() {
            return Ok(rendered);
        }
        let permit = RENDERERS.acquire().await.map_err(Error::internal)?;
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            batch.iter().map(|text| to_html(text)).collect::<Vec<_>>()
        });
        rendered.extend(work.await.map_err(Error::internal)?);
    }
}

/// The open elements at a position of the text, the outermost first.
#[derive(Default)]
struct Nesting {
    open: Vec<NestedElement>,
    depth: usize,
}

/// How an open element counts towards the maximum depth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NestedElement {
    /// An element that can nest in itself: one level.
    Level,
    /// An element that cannot nest in itself: no level.
    Flat,
    /// An element beyond the maximum depth. Its contents are rendered without it.
    Omitted,
}

impl Nesting {
    /// Returns the event, unless it opens or closes an omitted element.
    fn limit<'t>(&mut self, event: Event<'t>) -> Option<Event<'t>> {
        match &event {
            Event::Start(tag) => {
                let element = self.element(tag);
                self.open.push(element);
                self.depth += usize::from(element == NestedElement::Level);
                let is_block = matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::Item);
                match element {
                    // A line break keeps the texts of omitted blocks apart.
                    NestedElement::Omitted => is_block.then_some(Event::SoftBreak),
                    _ => Some(event),
                }
            }
            Event::End(_) => {
                let element = self.open.pop().unwrap_or(NestedElement::Flat);
                self.depth -= usize::from(element == NestedElement::Level);
                (element != NestedElement::Omitted).then_some(event)
            }
            _ => Some(event),
        }
    }

    fn element(&self, tag: &Tag<'_>) -> NestedElement {
        match tag {
            Tag::BlockQuote(_)
            | Tag::List(_)
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Link { .. } => {
                if self.depth < MAX_DEPTH {
                    NestedElement::Level
                } else {
                    NestedElement::Omitted
                }
            }
            // The items of an omitted list are omitted too.
            Tag::Item if self.open.last() == Some(&NestedElement::Omitted) => NestedElement::Omitted,
            _ => NestedElement::Flat,
        }
    }
}
