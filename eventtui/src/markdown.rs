//! Markdown of descriptions and comments, rendered for the terminal.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::theme::Theme;
use crate::widgets::text::clean;

/// The deepest level of lists that is indented further; hostile nesting would fill the memory with blanks.
const MAX_INDENT: usize = 8;

/// The lines rendered so far, and the open elements.
#[derive(Default)]
struct Page {
    lines: Vec<Line<'static>>,
    line: Vec<Span<'static>>,
    /// The styles of the open elements, each including those around it.
    style: Vec<Style>,
    /// The targets of the open links.
    links: Vec<String>,
    indent: usize,
    /// The open lists: the number of the next item if the list is ordered.
    lists: Vec<Option<u64>>,
}

impl Page {
    /// Opens an element: adds the style to those around it.
    fn begin(&mut self, style: Style) {
        let around = self.style.last().copied().unwrap_or_default();
        self.style.push(around.patch(style));
    }

    fn push(&mut self, text: &str) {
        let style = self.style.last().copied().unwrap_or_default();
        if self.line.is_empty() && self.indent > 1 {
            self.line.push(Span::raw("  ".repeat(self.indent.min(MAX_INDENT) - 1)));
        }
        self.line.push(Span::styled(clean(text), style));
    }

    fn end_line(&mut self) {
        self.lines.push(Line::from(std::mem::take(&mut self.line)));
    }

    /// Ends a block with an empty line.
    fn end_block(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
        if self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.lines.push(Line::default());
        }
    }
}

/// Renders a Markdown text. HTML is shown as text.
pub(crate) fn lines(markdown: &str, theme: Theme) -> Vec<Line<'static>> {
    let mut page = Page::default();
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(tag) => start(&mut page, &tag, theme),
            Event::End(tag) => end(&mut page, tag, theme),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                for (i, piece) in text.trim_end_matches('\n').split('\n').enumerate() {
                    if i > 0 {
                        page.end_line();
                    }
                    page.push(piece);
                }
            }
            Event::Code(text) => {
                page.begin(theme.warn);
                page.push(&text);
                page.style.pop();
            }
            Event::SoftBreak => page.push(" "),
            Event::HardBreak => page.end_line(),
            Event::Rule => {
                page.push("────────");
                page.end_block();
            }
            _ => {}
        }
    }
    page.end_block();
    while page.lines.last().is_some_and(|line| line.spans.is_empty()) {
        page.lines.pop();
    }
    page.lines
}

fn start(page: &mut Page, tag: &Tag<'_>, theme: Theme) {
    let italic = Style::new().add_modifier(Modifier::ITALIC);
    match tag {
        Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. } => page.begin(theme.accent),
        Tag::Heading { .. } | Tag::Strong => page.begin(Style::new().add_modifier(Modifier::BOLD)),
        Tag::Emphasis => page.begin(italic),
        Tag::Strikethrough => page.begin(Style::new().add_modifier(Modifier::CROSSED_OUT)),
        Tag::Link { dest_url, .. } => {
            page.begin(Style::new().add_modifier(Modifier::UNDERLINED));
            page.links.push(dest_url.to_string());
        }
        Tag::BlockQuote(_) => {
            page.begin(theme.muted);
            page.push("│ ");
        }
        Tag::List(first) => {
            page.lists.push(*first);
            if !page.line.is_empty() {
                page.end_line();
            }
            page.indent += 1;
        }
        Tag::Item => match page.lists.last_mut() {
            Some(Some(number)) => {
                let text = format!("{number}. ");
                *number = number.saturating_add(1);
                page.push(&text);
            }
            _ => page.push("• "),
        },
        _ => {}
    }
}

fn end(page: &mut Page, tag: TagEnd, theme: Theme) {
    match tag {
        TagEnd::Heading(_) | TagEnd::BlockQuote(_) => {
            page.style.pop();
            page.end_block();
        }
        TagEnd::Link => {
            page.style.pop();
            let target = page.links.pop().unwrap_or_default();
            // The target is shown unless the text of the link is the target itself.
            let shown = page.line.last().is_some_and(|text| clean(&target).ends_with(text.content.as_ref()));
            if !shown && !target.is_empty() {
                page.begin(theme.muted);
                page.push(&format!(" ({target})"));
                page.style.pop();
            }
        }
        TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => {
            page.style.pop();
        }
        TagEnd::Item if !page.line.is_empty() => page.end_line(),
        TagEnd::List(_) => {
            page.lists.pop();
            page.indent = page.indent.saturating_sub(1);
            if page.indent == 0 {
                page.end_block();
            }
        }
        TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::HtmlBlock => page.end_block(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(markdown: &str) -> Vec<String> {
        lines(markdown, Theme::PLAIN).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn markdown_is_rendered_as_text() {
        let text = "# Talks\n\nAnd *pizza*, `cargo`.\nBring:\n\n- a laptop\n- friends\n  - two\n\n\
                    > quoted\n\n```\nlet x;\nlet y;\n```";
        assert_eq!(
            shown(text),
            [
                "Talks",
                "",
                "And pizza, cargo. Bring:",
                "",
                "• a laptop",
                "• friends",
                "  • two",
                "",
                "│ quoted",
                "",
                "let x;",
                "let y;"
            ]
        );
    }

    #[test]
    fn ordered_lists_are_numbered() {
        assert_eq!(
            shown("3. tea\n4. cake\n   - plum\n5. talk"),
            ["3. tea", "4. cake", "  • plum", "5. talk"]
        );
    }

    #[test]
    fn links_show_their_targets() {
        assert_eq!(
            shown(
                "[the door](https://a.example/x?y) <https://b.example> <me@c.example> ~~[gone]()~~ \
                 [bob.example](https://eve.example)"
            ),
            ["the door (https://a.example/x?y) https://b.example me@c.example gone \
                 bob.example (https://eve.example)"]
        );
    }

    #[test]
    fn deep_nesting_is_bounded() {
        for text in ["- ".repeat(10_000), "> ".repeat(10_000), "1. ".repeat(6_000)] {
            let lines = shown(&format!("{text}tea"));
            let letters: usize = lines.iter().map(String::len).sum();
            assert!(letters < 500_000 && lines.last().unwrap().contains("tea"), "{letters}");
        }
    }

    #[test]
    fn control_characters_and_html_are_inert() {
        assert_eq!(shown("\u{1b}[31mred <script>alert(1)</script>"), ["␛[31mred <script>alert(1)</script>"]);
        assert_eq!(shown(""), Vec::<String>::new());
    }
}
