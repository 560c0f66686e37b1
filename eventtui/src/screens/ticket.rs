//! The ticket for check-in: the code in letters and as a QR code.

use fast_qr::qr::QRBuilder;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::screen::{Context, Handled, Screen};
use crate::keys::{Action, Place};

/// Light modules around the code. ISO/IEC 18004 6.3.8 requires four; scanners accept two.
const QUIET: usize = 2;

/// The ticket of the user's registration.
#[derive(Debug)]
pub(crate) struct TicketScreen {
    pub(crate) code: String,
}

impl Screen for TicketScreen {
    fn place(&self) -> Place {
        Place::Ticket
    }

    fn perform(&mut self, _action: Action, _cx: &mut Context) -> Handled {
        Handled::No
    }

    /// Draws two modules a row. Black on white in every theme: scanners need it.
    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let mut lines = vec![Line::styled(format!(" {}", self.code), theme.accent), Line::raw("")];
        let picture = picture(&self.code);
        let fits = picture.len() + 2 <= usize::from(area.height)
            && picture.first().is_some_and(|row| row.chars().count() < usize::from(area.width));
        if fits {
            let ink = Style::new().fg(Color::Black).bg(Color::White);
            let rows = picture.into_iter().map(|row| Line::from(vec![" ".into(), Span::styled(row, ink)]));
            lines.extend(rows);
        } else {
            let words = " The screen is too small for the QR code: use the code above.";
            lines.push(Line::styled(words, theme.muted));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// The rows of the QR code. None if the text is too long for one.
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
