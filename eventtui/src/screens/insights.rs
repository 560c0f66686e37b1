//! Insights for organizers: figures of an event and its occurrences as text charts.

use chrono::NaiveDate;
use eventcore::EventId;
use eventcore::insights::{DailyRegistrations, Figures, Insights, OccurrenceInsights};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::ratings;
use super::screen::{Context, Handled, LoadFrom, Screen};
use crate::backend::{ApiError, CsvRequest, Request, Response, unexpected_response};
use crate::download::file_name;
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::bar::bar;
use crate::widgets::list::{Motion, Position};
use crate::widgets::text::{clean, fit, flow};

/// Columns below which an occurrence needs a second line.
const NARROW: u16 = 68;
/// Rows of the chart of registrations.
const CHART: usize = 5;

/// The insights of one event, in lines. The first line on the screen counts as selected.
#[derive(Debug)]
pub(crate) struct InsightsScreen {
    event: EventId,
    title: String,
    insights: Option<Box<Insights>>,
    status: Status,
    pub(crate) position: Position,
}

impl InsightsScreen {
    pub(crate) fn of(event: EventId, title: &str) -> Self {
        let title = title.to_owned();
        Self { event, title, insights: None, status: Status::default(), position: Position::default() }
    }

    /// The lines below the title.
    fn lines(&self, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
        let Some(insights) = &self.insights else { return Vec::new() };
        let mut lines = over_time(&insights.by_day, view, usize::from(width));
        lines.push(Line::raw(""));
        lines.extend(totals(&insights.total, view, usize::from(width)));
        lines.push(Line::raw(""));
        lines.extend(ratings(insights, view, usize::from(width)));
        lines.push(Line::raw(""));
        lines.push(Line::styled(format!(" Occurrences ({})", insights.occurrences.len()), view.theme.accent));
        lines.extend(
            insights
                .occurrences
                .iter()
                .rev()
                .flat_map(|one| of_occurrence(one, &insights.timezone, view, width)),
        );
        lines
    }
}

impl Screen for InsightsScreen {
    fn place(&self) -> Place {
        Place::Insights
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        let (what, request) = match action {
            Action::SaveTable => ("insights", CsvRequest::Occurrences(self.event)),
            Action::SaveDailyTable => ("registrations by day", CsvRequest::Days(self.event)),
            _ => return Handled::No,
        };
        let name = file_name(&format!("{} {what}", self.title), "csv");
        cx.send(Purpose::Download(name), Request::Csv(request));
        Handled::Yes
    }

    fn move_selection(&mut self, motion: Motion, cx: &mut Context) -> Handled {
        let rows = cx.height().saturating_sub(2);
        // The last page stays full.
        let len = (self.lines(&cx.view, cx.size.0).len() + 1).saturating_sub(rows).max(1);
        self.position.go(motion, len, rows);
        Handled::Yes
    }

    fn load(&mut self, _from: LoadFrom, cx: &mut Context) {
        self.status.begin(cx.now);
        cx.send(Purpose::Insights(self.event), Request::Insights(self.event));
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.and_then(|response| match response {
            Response::Insights(insights) => Ok(insights),
            _ => Err(unexpected_response()),
        });
        self.status.end(cx.now, outcome.as_ref().err());
        if let Ok(insights) = outcome {
            self.insights = Some(insights);
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let view = &cx.view;
        let [head, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(1)]).areas(area);
        let title = fit(&self.title, usize::from(area.width).saturating_sub(13));
        frame.render_widget(Line::styled(format!(" Insights · {title}"), view.theme.accent), head);
        let lines = match (&self.insights, &self.status.failure) {
            (Some(_), _) => self.lines(view, area.width),
            (None, Some(failure)) => {
                let words = Line::styled(format!(" {}", clean(failure)), view.theme.bad);
                flow(words, usize::from(area.width))
            }
            (None, None) => vec![Line::styled(" …", view.theme.muted)],
        };
        let lines: Vec<Line<'_>> = lines.into_iter().skip(self.position.selected).collect();
        frame.render_widget(Paragraph::new(lines), body);
    }
}

/// Two parts on one line, or on two lines if the width does not suffice.
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

/// `72 %`, or `–` without a base.
fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0))
}

/// Registered people over time, from the first to the last day with a registration. If the days outnumber the
/// columns, a column covers several days.
fn over_time(by_day: &[DailyRegistrations], view: &ViewContext, width: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let (Some(first), Some(last)) = (by_day.first(), by_day.last()) else {
        return vec![Line::styled(" Nobody has registered yet", theme.muted)];
    };
    let columns = columns(by_day, width.saturating_sub(2).max(1));
    let most = columns.iter().copied().max().unwrap_or(1).max(1);
    let people: i64 = by_day.iter().map(|day| day.people).sum();
    let busiest = by_day.iter().map(|day| day.people).max().unwrap_or(0);
    let title = Span::styled(" Registrations over time".to_owned(), theme.accent);
    let figures = format!("{people} people, busiest day {busiest}");
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

/// People by column, days without registrations included.
fn columns(by_day: &[DailyRegistrations], width: usize) -> Vec<i64> {
    let Some(first) = by_day.first() else { return Vec::new() };
    let place = |day: &DailyRegistrations| usize::try_from((day.date - first.date).num_days()).unwrap_or(0);
    let days = by_day.last().map_or(0, place) + 1;
    let wide = days.div_ceil(width);
    // A chart of few days is stretched to be readable.
    let stretch = (width / days).clamp(1, 4);
    let mut columns = vec![0; days.div_ceil(wide)];
    for day in by_day {
        if let Some(column) = columns.get_mut(place(day) / wide) {
            *column += day.people;
        }
    }
    columns.into_iter().flat_map(|people| std::iter::repeat_n(people, stretch)).collect()
}

/// The character of a column in a row of the chart, counted from the bottom.
fn step(people: i64, most: i64, row: usize) -> char {
    const STEPS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let rows = i64::try_from(CHART * 8).unwrap_or(8);
    // Any registration is visible.
    let height = if people > 0 { (people * rows / most).max(1) } else { 0 };
    let here = height - i64::try_from(row * 8).unwrap_or(0);
    usize::try_from(here).ok().map_or(' ', |here| STEPS.get(here).copied().unwrap_or('█'))
}

fn totals(total: &Figures, view: &ViewContext, width: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let line = |name: &str, part: i64, whole: i64, rate: Option<f64>, words: String| {
        let figure = vec![
            Span::styled(format!(" {name:<11}"), theme.muted),
            Span::styled(bar(part, whole), theme.good),
            Span::raw(format!(" {:>5}", percent(rate))),
        ];
        beside(figure, vec![Span::styled(words, theme.muted)], width)
    };
    let seats = format!("{} of {} seats taken", total.seats_taken, total.capacity);
    let list = format!("{} of {} promoted, {} waiting", total.promoted, total.waitlisted, total.waiting);
    let gone = format!("{} of {} registrations cancelled", total.cancelled, total.registrations);
    let attendance = match (total.attended, total.no_shows) {
        (0, 0) => "not yet held".to_owned(),
        (attended, 1) => format!("{attended} attended, 1 no-show"),
        (attended, no_shows) => format!("{attended} attended, {no_shows} no-shows"),
    };
    let all = [
        line("Fill", total.seats_taken, total.capacity, total.fill_rate, seats),
        line("Waitlist", total.promoted, total.waitlisted, total.conversion_rate, list),
        line("Cancelled", total.cancelled, total.registrations, total.cancellation_rate, gone),
        line(
            "Attendance",
            total.attended,
            total.attended + total.no_shows,
            total.attendance_rate,
            attendance,
        ),
    ];
    all.into_iter().flatten().collect()
}

fn ratings(insights: &Insights, view: &ViewContext, width: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let mut head = vec![Span::styled(" Ratings", theme.accent)];
    if insights.feedback.count == 0 {
        return beside(head, vec![Span::styled("no ratings yet", theme.muted)], width);
    }
    head.push(Span::raw(format!("  {}", ratings::average(&insights.feedback))));
    let mut lines = if let Some(trend) = insights.trend {
        let (sign, style) = match trend.recent - trend.earlier {
            more if more >= 0.05 => ("↗", theme.good),
            less if less <= -0.05 => ("↘", theme.warn),
            _ => ("→", theme.muted),
        };
        let words = format!("{sign} {:.1} before, {:.1} recently", trend.earlier, trend.recent);
        beside(head, vec![Span::styled(words, style)], width)
    } else {
        vec![Line::from(head)]
    };
    lines.extend(ratings::distribution(&insights.feedback, view));
    lines
}

fn of_occurrence(
    occurrence: &OccurrenceInsights,
    timezone: &str,
    view: &ViewContext,
    width: u16,
) -> Vec<Line<'static>> {
    let theme = view.theme;
    let figures = &occurrence.figures;
    let when = match view.local(&occurrence.starts_at, timezone) {
        (_, Some(starts)) => starts.format("%a %-d %b %Y %H:%M").to_string(),
        (day, None) => day.format("%a %-d %b %Y").to_string(),
    };
    let seats = if occurrence.status == eventcore::events::OccurrenceStatus::Cancelled {
        "cancelled".to_owned()
    } else {
        format!("{}/{} {}", figures.seats_taken, figures.capacity, percent(figures.fill_rate))
    };
    let attendance = if figures.attendance_rate.is_some() {
        format!("{} of {} attended", figures.attended, figures.attended + figures.no_shows)
    } else {
        String::new()
    };
    let stars = ratings::stars(&occurrence.feedback);
    if width < NARROW {
        let figures = [seats, attendance].into_iter().filter(|words| !words.is_empty());
        let figures = Span::styled(figures.collect::<Vec<_>>().join(" · "), theme.muted);
        let mut lines = vec![Line::raw(format!(" {}{stars}", fit(&when, 22)))];
        lines.extend(flow(Line::from(vec![Span::raw("   "), figures]), usize::from(width)));
        return lines;
    }
    let mut spans = vec![
        Span::raw(format!(" {}", fit(&when, 22))),
        Span::styled(format!(" {}", fit(&seats, 18)), theme.good),
        Span::raw(format!(" {}", fit(&stars, 6))),
        Span::styled(format!(" {}", fit(&attendance, 18)), theme.muted),
    ];
    if width >= 100 {
        let more = format!(
            " {} registered, {} waitlisted, {} cancelled",
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
    fn many_days_share_columns() {
        let days = [day("2027-03-01", 2), day("2027-03-03", 5), day("2027-03-08", 1)];
        assert_eq!(columns(&days, 8), [2, 0, 5, 0, 0, 0, 0, 1]);
        assert_eq!(columns(&days, 3), [7, 0, 1]);
        assert_eq!(columns(&days[..1], 3), [2, 2, 2], "one day is seen too");
        assert_eq!(columns(&[], 3), Vec::<i64>::new());
    }

    #[test]
    fn columns_are_proportional() {
        let column = |people, most| -> String { (0..CHART).map(|row| step(people, most, row)).collect() };
        assert_eq!((column(10, 10).as_str(), column(5, 10).as_str()), ("█████", "██▄  "));
        assert_eq!((column(0, 10).as_str(), column(1, 1_000).as_str()), ("     ", "▁    "));
    }

    #[test]
    fn rates_are_percentages() {
        assert_eq!((percent(Some(0.725)).as_str(), percent(None).as_str()), ("72 %", "–"));
    }
}
