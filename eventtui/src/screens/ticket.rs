//! My ticket, for the door: the code as a picture and in letters.

use fast_qr::qr::QRBuilder;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::look::Look;

/// Light modules around the code; ISO/IEC 18004 6.3.8 asks for four, and readers are content with two.
const QUIET: usize = 2;

/// Draws the code, two modules a row, black on white whatever the theme is: readers know nothing else.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, code: &str, look: &Look) {
    let mut lines = vec![Line::styled(format!(" {code}"), look.theme.accent), Line::raw("")];
    let picture = picture(code);
    let fits = picture.len() + 2 <= usize::from(area.height)
        && picture.first().is_some_and(|row| row.chars().count() < usize::from(area.width));
    if fits {
        let ink = Style::new().fg(Color::Black).bg(Color::White);
        lines.extend(
            picture
                .into_iter()
                .map(|row| Line::from(vec![" ".into(), ratatui::text::Span::styled(row, ink)])),
        );
    } else {
        lines.push(Line::styled(" The screen is too small for the picture: say the code.", look.theme.muted));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// The rows of the code; none where it holds too much.
fn picture(code: &str) -> Vec<String> {
    let Ok(qr) = QRBuilder::new(code).build() else { return Vec::new() };
    let side = qr.size + 2 * QUIET;
    let dark = |row: usize, column: usize| {
        let inside = |at: usize| (QUIET..QUIET + qr.size).contains(&at);
        inside(row) && inside(column) && qr[row - QUIET][column - QUIET].value()
    };
    let half = |row: usize, column: usize| match (dark(row, column), dark(row + 1, column)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    (0..side).step_by(2).map(|row| (0..side).map(|column| half(row, column)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_its_three_corners() {
        let rows = picture("K7QM-3XFD");
        let corner = "█▀▀▀▀▀█";
        assert_eq!(rows[1].matches(corner).count(), 2, "{}", rows.join("\n"));
        assert!(rows[rows.len() - 5..].iter().any(|row| row.contains(corner) || row.contains("▀▀▀▀▀▀▀")));
        assert!(rows.iter().all(|row| row.chars().count() == rows[0].chars().count()));
    }
}
