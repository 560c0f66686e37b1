//! Things of several lines each, below one another, of which one is selected.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::keys::Action;

/// Moves within the selected one, where it has more lines than the screen has rows; answers whether it did, or another one is to be gone to.
pub(crate) fn read(scrolled: &mut usize, action: Action, lines: usize, rows: usize) -> bool {
    let most = lines.saturating_sub(rows);
    let page = rows.saturating_sub(1).max(1);
    let before = *scrolled;
    *scrolled = match action {
        Action::Down => before + 1,
        Action::PageDown => before + page,
        Action::Up => before.saturating_sub(1),
        Action::PageUp => before.saturating_sub(page),
        _ => 0,
    };
    *scrolled = (*scrolled).min(most);
    let moved = *scrolled != before && !matches!(action, Action::First | Action::Last);
    if !moved {
        *scrolled = 0;
    }
    moved
}

/// Draws them so that the selected one is on the screen: all of it where there is room, else as much as there is room for, from a line of it on.
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
    fn what_is_longer_than_the_screen_is_read_to_its_end() {
        let mut scrolled = 0;
        let mut go = |action, lines, moved, then| {
            assert_eq!((read(&mut scrolled, action, lines, 10), scrolled), (moved, then), "{action:?}");
        };
        go(Action::PageDown, 25, true, 9);
        go(Action::Down, 25, true, 10);
        go(Action::PageDown, 25, true, 15);
        go(Action::PageUp, 25, true, 6);
        go(Action::PageUp, 25, true, 0);
        go(Action::Up, 25, false, 0);
        go(Action::PageDown, 10, false, 0);
        go(Action::PageDown, 25, true, 9);
        go(Action::PageDown, 25, true, 15);
        go(Action::PageDown, 25, false, 0);
    }
}
