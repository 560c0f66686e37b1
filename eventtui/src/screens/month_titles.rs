//! The titles of a month's occurrences, for the cells of its days on wide screens.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use eventcore::events::{Occurrence, OccurrenceStatus};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::view_context::{MyStatus, ViewContext, days_in};
use crate::widgets::text::fit;

/// Columns from which the cells have titles.
pub(super) const WIDE: u16 = 120;
/// Maximum number of occurrences that are loaded for a month. Days after the last of them have numbers only.
pub(super) const MAX_IN_MONTH: usize = 1_000;
/// How long titles are shown until they are loaded again, in milliseconds, unless a number of a day changes.
const FRESH: u64 = 60_000;

/// The occurrences of a month by day.
#[derive(Debug, Default)]
pub(super) struct MonthTitles {
    /// The first day of the month, once its occurrences are loaded or requested.
    first: Option<NaiveDate>,
    requested_at: u64,
    by_day: BTreeMap<NaiveDate, Vec<Occurrence>>,
}

impl MonthTitles {
    /// Whether those of the month that begins on `first` are to be requested. Notes the request.
    pub(super) fn want(&mut self, first: NaiveDate, changed: bool, now: u64) -> bool {
        let is_fresh = self.first == Some(first) && !changed && now < self.requested_at + FRESH;
        if is_fresh {
            return false;
        }
        if self.first != Some(first) {
            self.by_day.clear();
        }
        (self.first, self.requested_at) = (Some(first), now);
        true
    }

    /// Takes the occurrences of the month that begins on `first`, in the order of their start.
    pub(super) fn take(&mut self, first: NaiveDate, occurrences: Vec<Occurrence>, tz: Tz) {
        if self.first != Some(first) {
            return;
        }
        self.by_day.clear();
        for occurrence in occurrences {
            let (from, to) = days_in(&occurrence, tz);
            let days = first.iter_days().take_while(|day| day.month() == first.month());
            for day in days.filter(|day| (from..=to).contains(day)) {
                self.by_day.entry(day).or_default().push(occurrence.clone());
            }
        }
    }

    /// The lines of a cell with `rows` rows and `width` columns, one of which stays blank: as many titles as
    /// fit, and how many more there are.
    pub(super) fn cell(
        &self,
        day: NaiveDate,
        count: usize,
        (width, rows): (usize, usize),
        view: &ViewContext,
    ) -> Vec<Span<'static>> {
        let known = self.by_day.get(&day).map_or(&[][..], Vec::as_slice);
        let all = count.max(known.len());
        let shown =
            if known.len() == all && all <= rows { all } else { known.len().min(rows.saturating_sub(1)) };
        let text = |text: &str, style: Style| Span::styled(format!(" {}", fit(text, width - 1)), style);
        let mut lines: Vec<_> = known
            .iter()
            .take(shown)
            .map(|occurrence| {
                let (sign, style) = sign(occurrence, view);
                text(&format!("{sign}{}", occurrence.title), style)
            })
            .collect();
        if all > shown && rows > 0 {
            let more = match (shown, all) {
                (0, 1) => "1 event".to_owned(),
                (0, all) => format!("{all} events"),
                (shown, all) => format!("+{} more", all - shown),
            };
            lines.push(text(&more, view.theme.muted));
        }
        lines.resize_with(rows, || Span::raw(" ".repeat(width)));
        lines
    }
}

/// The sign before a title: cancelled, or mine.
fn sign(occurrence: &Occurrence, view: &ViewContext) -> (&'static str, Style) {
    if occurrence.status == OccurrenceStatus::Cancelled {
        return ("✗ ", view.theme.muted);
    }
    match view.my_statuses.get(&occurrence.id).filter(|mine| MyStatus::is_live(mine)) {
        Some(_) => ("● ", view.theme.good),
        None => ("", Style::new()),
    }
}
