//! Markdown as people write it, as HTML that is safe to show: two libraries in a row, neither of which has to trust the other.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, html};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// How deep quotes, lists and emphasis stand in one another at most: nobody reads deeper, and what cleans the HTML takes time by the square of the depth.
const DEEPEST: usize = 20;
/// Texts that are rendered at one go.
const PIECE: usize = 16;
/// How many threads render at once.
static RENDERERS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)));

/// What HTML may have: no images, which tell strangers who reads, no classes, no styles.
static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::default();
    cleaner
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
    cleaner
});

/// Renders Markdown (`CommonMark`, and `~~strikethrough~~`) to HTML without scripts, images or foreign protocols. HTML in it is shown as it was typed, and
/// what is nested more than 20 levels deep as text of the last of them.
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
    CLEANER.clean(&rendered).to_string()
}

/// Renders many texts, off the threads that serve everyone, and piece by piece, so that it ends where nobody waits for it any longer.
pub(crate) async fn all_to_html(texts: Vec<String>) -> Result<Vec<String>> {
    let mut rendered = Vec::with_capacity(texts.len());
    let mut texts = texts.into_iter();
    loop {
        let piece: Vec<String> = texts.by_ref().take(PIECE).collect();
        if piece.is_empty() {
            return Ok(rendered);
        }
        let permit = RENDERERS.acquire().await.map_err(Error::internal)?;
        let work = tokio::task::spawn_blocking(move || {
            let _held_until_done = permit;
            piece.iter().map(|text| to_html(text)).collect::<Vec<_>>()
        });
        rendered.extend(work.await.map_err(Error::internal)?);
    }
}

/// What is open at a place of a text, the outermost first.
#[derive(Default)]
struct Nesting {
    open: Vec<Open>,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Counts towards the depth.
    Level,
    /// Is shown, and counts for nothing: what never nests by itself.
    Plain,
    /// Is too deep: only what stands in it is shown.
    Hidden,
}

impl Nesting {
    /// The event, unless it opens or closes what is too deep.
    fn limit<'t>(&mut self, event: Event<'t>) -> Option<Event<'t>> {
        match &event {
            Event::Start(tag) => {
                let open = self.opened(tag);
                self.open.push(open);
                self.depth += usize::from(open == Open::Level);
                let is_block = matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::Item);
                match open {
                    // The words of blocks must not run into each other.
                    Open::Hidden => is_block.then_some(Event::SoftBreak),
                    _ => Some(event),
                }
            }
            Event::End(_) => {
                let open = self.open.pop().unwrap_or(Open::Plain);
                self.depth -= usize::from(open == Open::Level);
                (open != Open::Hidden).then_some(event)
            }
            _ => Some(event),
        }
    }

    fn opened(&self, tag: &Tag<'_>) -> Open {
        match tag {
            Tag::BlockQuote(_)
            | Tag::List(_)
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Link { .. } => {
                if self.depth < DEEPEST {
                    Open::Level
                } else {
                    Open::Hidden
                }
            }
            // An item goes with its list.
            Tag::Item if self.open.last() == Some(&Open::Hidden) => Open::Hidden,
            _ => Open::Plain,
        }
    }
}
