//! Ratings and reviews, as parts of other screens.

use eventcore::feedback::{Feedback, FeedbackSummary};
use ratatui::text::{Line, Span};

use crate::backend::OccurrenceDetail;
use crate::view_context::ViewContext;
use crate::widgets::bar::bar;
use crate::widgets::text::{clean, wrapped};

/// `★ 4.6`.
pub(crate) fn stars(feedback: &FeedbackSummary) -> String {
    feedback.average.map_or_else(|| "–".to_owned(), |average| format!("★ {average:.1}"))
}

/// `★ 4.6 (12 ratings)`.
pub(crate) fn average(feedback: &FeedbackSummary) -> String {
    let ratings = if feedback.count == 1 { "rating" } else { "ratings" };
    format!("{} ({} {ratings})", stars(feedback), feedback.count)
}

/// `★★★★☆`.
fn given(rating: i64) -> String {
    let full = usize::try_from(rating.clamp(0, 5)).unwrap_or(0);
    format!("{}{}", "★".repeat(full), "☆".repeat(5 - full))
}

/// How often each rating was given, 5 stars first.
pub(crate) fn distribution(feedback: &FeedbackSummary, view: &ViewContext) -> Vec<Line<'static>> {
    let line = |rating: i64, count: i64| {
        let full = "★".repeat(usize::try_from(rating).unwrap_or(0));
        Line::from(vec![
            Span::styled(format!(" {rating} {full:<9}"), view.theme.muted),
            Span::styled(bar(count, feedback.count), view.theme.good),
            Span::raw(format!(" {count:>5}")),
        ])
    };
    feedback.distribution.iter().rev().map(|given| line(given.rating, given.count)).collect()
}

/// One line for the head of the event screen: the average, the number of comments, and the user's own rating.
pub(crate) fn summary_line(detail: &OccurrenceDetail, view: &ViewContext) -> Option<Line<'static>> {
    let theme = view.theme;
    let summary = &detail.feedback.summary;
    let all = (summary.count > 0).then(|| average(summary));
    let mine = match &detail.my_feedback {
        Some(mine) => Some(format!("you gave {}", given(mine.rating))),
        None if detail.has_seat() && view.is_over(&detail.occurrence) => Some("* rates it".to_owned()),
        None => None,
    };
    let comments = match detail.comment_count {
        None | Some(0) => None,
        Some(1) => Some("1 comment".to_owned()),
        Some(many) => Some(format!("{many} comments")),
    };
    let words: Vec<String> = all.into_iter().chain(comments).chain(mine).collect();
    (!words.is_empty()).then(|| Line::styled(format!(" {}", words.join(" · ")), theme.accent))
}

/// The section at the end of the event screen: the distribution and the newest reviews, in `width` columns.
pub(crate) fn lines(detail: &OccurrenceDetail, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let theme = view.theme;
    let feedback = &detail.feedback;
    if feedback.summary.count == 0 {
        return Vec::new();
    }
    let head = format!(" Ratings  {}", average(&feedback.summary));
    let mut lines = vec![Line::raw(""), Line::styled(head, theme.accent)];
    lines.extend(distribution(&feedback.summary, view));
    let reviews = feedback.page.items.iter().filter(|one| !one.body.is_empty() || one.answer.is_some());
    let mine = detail.my_feedback.as_ref().map(|mine| mine.id);
    for one in reviews {
        lines.push(Line::raw(""));
        lines.extend(review(one, mine == Some(one.id), view, width));
    }
    let unread =
        usize::try_from(feedback.summary.count).unwrap_or(0).saturating_sub(feedback.page.items.len());
    if unread > 0 {
        lines.extend([Line::raw(""), Line::styled(format!(" {unread} older: F shows them"), theme.muted)]);
    }
    lines
}

/// A review with the organizers' answer.
pub(super) fn review(feedback: &Feedback, mine: bool, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
    let theme = view.theme;
    let on = feedback.created_at.in_zone(view.my_zone).naive_local().format("%-d %b %Y");
    let who = if mine { "you".to_owned() } else { clean(&feedback.user.display_name) };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {} {who}", given(feedback.rating)), theme.accent),
        Span::styled(format!(" · {on}"), theme.muted),
    ])];
    let mut write = |text: &str, first: &str, rest: &str, style| {
        let room = usize::from(width).saturating_sub(rest.chars().count() + 1).max(10);
        let text = text.lines().flat_map(|line| wrapped(&clean(line), room));
        let written =
            text.enumerate().map(|(n, line)| format!("{}{line}", if n == 0 { first } else { rest }));
        lines.extend(written.map(|line| Line::styled(line, style)));
    };
    write(&feedback.body, "   ", "   ", ratatui::style::Style::new());
    if let Some(answer) = &feedback.answer {
        write(&format!("Organizers' answer: {answer}"), "   ↳ ", "     ", theme.good);
    }
    lines
}
