//! What an event's dates say, for its organizers: charts of text.

use chrono::NaiveDate;
use eventcore::EventId;
use eventcore::insights::{DailyRegistrations, Figures, Insights as Seen, OccurrenceInsights};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::ratings;
use crate::look::Look;
use crate::status::Status;
use crate::widgets::bar::bar;
use crate::widgets::list::Position;
use crate::widgets::text::{clean, fit, flow};

/// Columns below which what is said of a date needs a second line.
const NARROW: u16 = 68;
/// Rows of the chart of registrations.
const CHART: usize = 5;

/// The insights of one event.
#[derive(Debug)]
pub(crate) struct Insights {
    pub(crate) event: EventId,
    title: String,
    pub(crate) seen: Option<Box<Seen>>,
    pub(crate) status: Status,
    pub(crate) position: Position,
}

impl Insights {
    pub(crate) fn of(event: EventId, title: &str) -> Self {
        let title = title.to_owned();
        Self { event, title, seen: None, status: Status::default(), position: Position::default() }
    }

    /// The lines, without the title.
    pub(crate) fn lines(&self, look: &Look, width: u16) -> Vec<Line<'static>> {
        let Some(seen) = &self.seen else { return Vec::new() };
        let mut lines = over_time(&seen.by_day, look, usize::from(width));
        lines.push(Line::raw(""));
        lines.extend(totals(&seen.total, look, usize::from(width)));
        lines.push(Line::raw(""));
        lines.extend(ratings(seen, look, usize::from(width)));
        lines.push(Line::raw(""));
        lines.push(Line::styled(format!(" Dates ({})", seen.occurrences.len()), look.theme.accent));
        lines.extend(
            seen.occurrences.iter().rev().flat_map(|date| of_date(date, &seen.timezone, look, width)),
        );
        lines
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let [head, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(1)]).areas(area);
        let title = fit(&self.title, usize::from(area.width).saturating_sub(13));
        frame.render_widget(Line::styled(format!(" Insights · {title}"), look.theme.accent), head);
        let lines = match (&self.seen, &self.status.failure) {
            (Some(_), _) => self.lines(look, area.width),
            (None, Some(failure)) => {
                let words = Line::styled(format!(" {}", clean(failure)), look.theme.bad);
                flow(words, usize::from(area.width))
            }
            (None, None) => vec![Line::styled(" …", look.theme.muted)],
        };
        let lines: Vec<Line<'_>> = lines.into_iter().skip(self.position.selected).collect();
        frame.render_widget(Paragraph::new(lines), body);
    }
}

/// Two things side by side, or below one another where there is no room for both.
fn beside(first: Vec<Span<'static>>, second: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let (mut first, second) = (Line::from(first), Line::from(second));
    if first.width() + 2 + second.width() <= width {
        first.spans.push(Span::raw("  "));
        first.spans.extend(second.spans);
        return vec![first];
    }
    let mut below = vec![Span::raw("   ")];
    below.extend(second.spans);
    [first, Line::from(below)].into_iter().flat_map(|line| flow(line, width)).collect()
}

/// `72 %`; nothing where there is nothing to be part of.
fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0))
}

/// How many people registered, from the first day on which someone did to the last: a column for so many days that all have room.
fn over_time(by_day: &[DailyRegistrations], look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = look.theme;
    let (Some(first), Some(last)) = (by_day.first(), by_day.last()) else {
        return vec![Line::styled(" Nobody has registered yet", theme.muted)];
    };
    let columns = columns(by_day, width.saturating_sub(2).max(1));
    let most = columns.iter().copied().max().unwrap_or(1).max(1);
    let people: i64 = by_day.iter().map(|day| day.people).sum();
    let title = Span::styled(" Registrations over time".to_owned(), theme.accent);
    let figures = format!("{people} people, at most {most} at a time");
    let mut lines = beside(vec![title], vec![Span::styled(figures, theme.muted)], width);
    for row in (0..CHART).rev() {
        let text: String = columns.iter().map(|people| step(*people, most, row)).collect();
        lines.push(Line::styled(format!(" {text}"), theme.good));
    }
    let (first, last) = (written(first.date), written(last.date));
    let between = columns.len().saturating_sub(first.len() + last.len());
    let axis = match between {
        _ if first == last => first,
        0 => format!("{first} – {last}"),
        room => format!("{first}{}{last}", " ".repeat(room)),
    };
    lines.push(Line::styled(format!(" {axis}"), theme.muted));
    lines
}

fn written(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// People by column. Days without registrations count too.
fn columns(by_day: &[DailyRegistrations], width: usize) -> Vec<i64> {
    let Some(first) = by_day.first() else { return Vec::new() };
    let place = |day: &DailyRegistrations| usize::try_from((day.date - first.date).num_days()).unwrap_or(0);
    let days = by_day.last().map_or(0, place) + 1;
    let wide = days.div_ceil(width);
    // Short ones are stretched, so that they can be seen.
    let stretch = (width / days).clamp(1, 4);
    let mut columns = vec![0; days.div_ceil(wide)];
    for day in by_day {
        if let Some(column) = columns.get_mut(place(day) / wide) {
            *column += day.people;
        }
    }
    columns.into_iter().flat_map(|people| std::iter::repeat_n(people, stretch)).collect()
}

/// What of a column stands in a row of the chart, counted from below.
fn step(people: i64, most: i64, row: usize) -> char {
    const STEPS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let rows = i64::try_from(CHART * 8).unwrap_or(8);
    // What is not nothing is seen.
    let height = if people > 0 { (people * rows / most).max(1) } else { 0 };
    let here = height - i64::try_from(row * 8).unwrap_or(0);
    usize::try_from(here).ok().map_or(' ', |here| STEPS.get(here).copied().unwrap_or('█'))
}

fn totals(total: &Figures, look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = look.theme;
    let line = |name: &str, part: i64, whole: i64, rate: Option<f64>, words: String| {
        let figure = vec![
            Span::styled(format!(" {name:<11}"), theme.muted),
            Span::styled(bar(part, whole), theme.good),
            Span::raw(format!(" {:>5}", percent(rate))),
        ];
        beside(figure, vec![Span::styled(words, theme.muted)], width)
    };
    let seats = format!("{} of {} seats taken", total.seats_taken, total.capacity);
    let list =
        format!("{} of {} who waited got a place, {} wait", total.promoted, total.waitlisted, total.waiting);
    let gone = format!("{} of {} registrations given up", total.cancelled, total.registrations);
    let came = format!("{} came, {} did not", total.attended, total.no_shows);
    let all = [
        line("Fill", total.seats_taken, total.capacity, total.fill_rate, seats),
        line("Waitlist", total.promoted, total.waitlisted, total.conversion_rate, list),
        line("Cancelled", total.cancelled, total.registrations, total.cancellation_rate, gone),
        line("Attendance", total.attended, total.attended + total.no_shows, total.attendance_rate, came),
    ];
    all.into_iter().flatten().collect()
}

fn ratings(seen: &Seen, look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = look.theme;
    let mut head = vec![Span::styled(" Ratings", theme.accent)];
    if seen.feedback.count == 0 {
        return beside(head, vec![Span::styled("nobody has said anything yet", theme.muted)], width);
    }
    head.push(Span::raw(format!("  {} by {}", ratings::stars(&seen.feedback), seen.feedback.count)));
    let mut lines = if let Some(trend) = seen.trend {
        let (sign, style) = match trend.recent - trend.earlier {
            more if more >= 0.05 => ("↗", theme.good),
            less if less <= -0.05 => ("↘", theme.warn),
            _ => ("→", theme.muted),
        };
        let words = format!("{sign} {:.1} before, {:.1} of late", trend.earlier, trend.recent);
        beside(head, vec![Span::styled(words, style)], width)
    } else {
        vec![Line::from(head)]
    };
    lines.extend(ratings::distribution(&seen.feedback, look));
    lines
}

fn of_date(date: &OccurrenceInsights, timezone: &str, look: &Look, width: u16) -> Vec<Line<'static>> {
    let theme = look.theme;
    let figures = &date.figures;
    let when = match look.local(&date.starts_at, timezone) {
        (_, Some(starts)) => starts.format("%a %-d %b %Y %H:%M").to_string(),
        (day, None) => day.format("%a %-d %b %Y").to_string(),
    };
    let seats = if date.status == eventcore::events::OccurrenceStatus::Cancelled {
        "cancelled".to_owned()
    } else {
        format!("{}/{} {}", figures.seats_taken, figures.capacity, percent(figures.fill_rate))
    };
    let came = if figures.attendance_rate.is_some() {
        format!("{} came, {} not", figures.attended, figures.no_shows)
    } else {
        String::new()
    };
    let stars = ratings::stars(&date.feedback);
    if width < NARROW {
        let figures = [seats, came].into_iter().filter(|words| !words.is_empty());
        let figures = Span::styled(figures.collect::<Vec<_>>().join(" · "), theme.muted);
        let mut lines = vec![Line::raw(format!(" {}{stars}", fit(&when, 22)))];
        lines.extend(flow(Line::from(vec![Span::raw("   "), figures]), usize::from(width)));
        return lines;
    }
    let mut spans = vec![
        Span::raw(format!(" {}", fit(&when, 22))),
        Span::styled(format!(" {}", fit(&seats, 18)), theme.good),
        Span::raw(format!(" {}", fit(&stars, 6))),
        Span::styled(format!(" {}", fit(&came, 18)), theme.muted),
    ];
    if width >= 100 {
        let more = format!(
            " {} registered, {} waited, {} gave up",
            figures.registrations, figures.waitlisted, figures.cancelled
        );
        spans.push(Span::styled(more, theme.muted));
    }
    vec![Line::from(spans)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, people: i64) -> DailyRegistrations {
        DailyRegistrations { date: date.parse().unwrap(), registrations: people, people }
    }

    #[test]
    fn days_share_columns_where_there_are_many() {
        let days = [day("2027-03-01", 2), day("2027-03-03", 5), day("2027-03-08", 1)];
        assert_eq!(columns(&days, 8), [2, 0, 5, 0, 0, 0, 0, 1]);
        assert_eq!(columns(&days, 3), [7, 0, 1]);
        assert_eq!(columns(&days[..1], 3), [2, 2, 2], "one day is seen too");
        assert_eq!(columns(&[], 3), Vec::<i64>::new());
    }

    #[test]
    fn columns_are_as_high_as_their_part() {
        let column = |people, most| -> String { (0..CHART).map(|row| step(people, most, row)).collect() };
        assert_eq!((column(10, 10).as_str(), column(5, 10).as_str()), ("█████", "██▄  "));
        assert_eq!((column(0, 10).as_str(), column(1, 1_000).as_str()), ("     ", "▁    "));
    }

    #[test]
    fn rates_are_said_in_percent() {
        assert_eq!((percent(Some(0.725)).as_str(), percent(None).as_str()), ("72 %", "–"));
    }
}
