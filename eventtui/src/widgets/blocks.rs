//! A list of items of several lines each, one of them selected.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::list::Motion;

/// Scrolls within the selected item while it has more lines than the screen has rows. Returns false at its
/// end: the caller then selects another item.
pub(crate) fn read(scrolled: &mut usize, motion: Motion, lines: usize, rows: usize) -> bool {
    let most = lines.saturating_sub(rows);
    let page = rows.saturating_sub(1).max(1);
    let before = *scrolled;
    *scrolled = match motion {
        Motion::Down => before + 1,
        Motion::PageDown => before + page,
        Motion::Up => before.saturating_sub(1),
        Motion::PageUp => before.saturating_sub(page),
        Motion::First | Motion::Last => 0,
    };
    *scrolled = (*scrolled).min(most);
    let moved = *scrolled != before && !matches!(motion, Motion::First | Motion::Last);
    if !moved {
        *scrolled = 0;
    }
    moved
}

/// Draws the items so that the selected one is visible: all of it if it fits, else from line `scrolled` on.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    blocks: Vec<Vec<Line<'static>>>,
    (selected, scrolled): (usize, usize),
    mark: impl Fn(Line<'static>) -> Line<'static>,
) {
    let start: usize = blocks.iter().take(selected).map(Vec::len).sum();
    let end = start + blocks.get(selected).map_or(0, Vec::len);
    let above = end.saturating_sub(usize::from(area.height)).min(start + scrolled);
    let lines = blocks.into_iter().enumerate().flat_map(|(place, block)| {
        block.into_iter().enumerate().map(move |(n, line)| (line, place == selected && n == 0))
    });
    let lines = lines.skip(above).take(usize::from(area.height));
    let lines: Vec<_> = lines.map(|(line, marked)| if marked { mark(line) } else { line }).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_items_scroll_to_their_end() {
        let mut scrolled = 0;
        let mut go = |motion, lines, moved, then| {
            assert_eq!((read(&mut scrolled, motion, lines, 10), scrolled), (moved, then), "{motion:?}");
        };
        go(Motion::PageDown, 25, true, 9);
        go(Motion::Down, 25, true, 10);
        go(Motion::PageDown, 25, true, 15);
        go(Motion::PageUp, 25, true, 6);
        go(Motion::PageUp, 25, true, 0);
        go(Motion::Up, 25, false, 0);
        go(Motion::PageDown, 10, false, 0);
        go(Motion::PageDown, 25, true, 9);
        go(Motion::PageDown, 25, true, 15);
        go(Motion::PageDown, 25, false, 0);
    }
}
