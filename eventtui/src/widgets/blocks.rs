//! Things of several lines each, below one another, of which one is selected.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Draws them so that the selected one is on the screen: its beginning, and all of it where there is room.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    blocks: Vec<Vec<Line<'static>>>,
    selected: usize,
    mark: impl Fn(Line<'static>) -> Line<'static>,
) {
    let start: usize = blocks.iter().take(selected).map(Vec::len).sum();
    let end = start + blocks.get(selected).map_or(0, Vec::len);
    let above = end.saturating_sub(usize::from(area.height)).min(start);
    let lines = blocks.into_iter().enumerate().flat_map(|(place, block)| {
        block.into_iter().enumerate().map(move |(n, line)| (line, place == selected && n == 0))
    });
    let lines = lines.skip(above).take(usize::from(area.height));
    let lines: Vec<_> = lines.map(|(line, marked)| if marked { mark(line) } else { line }).collect();
    frame.render_widget(Paragraph::new(lines), area);
}
