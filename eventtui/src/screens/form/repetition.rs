//! Recurrence in the form: a rule of RFC 5545 or a phrase in English, single dates that are added or
//! excluded, and the occurrences that follow.

use chrono::Datelike;
use eventcore::events::{EventRecurrence, Preview, PreviewInput};
use eventcore::recurrence::{DateValue, Recurrence, Series, SeriesStart};
use eventcore::time::{Moment, TimeInput};
use serde_json::{Map, Value, json};

use super::fault::{FieldFault, Understood};
use super::{FieldName, FormKind, FormScreen};
use crate::natural_dates::{self, DateContext, When};
use crate::view_context::ViewContext;

/// Number of occurrences that are previewed.
const PREVIEWED: i64 = 5;

impl FormScreen {
    /// The rule with the dates that its phrase excludes; no rule if the field is empty.
    fn rule(&self, view: &ViewContext) -> Result<Recurrence, FieldFault> {
        let text = self.text(FieldName::Repeats);
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("no") || text.eq_ignore_ascii_case("never") {
            return Ok(Recurrence::default());
        }
        let read = if text.to_uppercase().contains("FREQ=") {
            text.to_uppercase().trim_start_matches("RRULE:").parse().map(Recurrence::of)
        } else {
            let day = self.when(view).map_or(self.dates(view).now.date(), When::date);
            Recurrence::from_english(text, day)
        };
        read.map_err(|error| FieldFault::Unclear(error.message().to_owned()))
    }

    /// The dates of Also on and Except. `None` while one is not understood.
    fn dates_of(&self, name: FieldName, view: &ViewContext) -> Option<Vec<DateValue>> {
        read_dates(&self.text(name), self.dates(view)).ok()
    }

    fn series_start(&self, view: &ViewContext) -> Option<SeriesStart> {
        let zone = self.zone()?;
        Some(match self.when(view)? {
            When::At(at) => SeriesStart::at(at, zone),
            When::AllDay(day) => SeriesStart::on(day, zone),
        })
    }

    /// The recurrence as it will be. Dates of an event that were not typed anew move with its start.
    fn recurrence(&self, view: &ViewContext) -> Option<Recurrence> {
        let start = self.series_start(view)?;
        let rule = self.rule(view).ok()?;
        let moved = match &self.kind {
            FormKind::Event(event) | FormKind::Copy(event) => {
                let tz = event.timezone.parse().ok()?;
                let before = match event.starts_at {
                    Moment::At(at) => SeriesStart::at(at.naive_local(), tz),
                    Moment::Day(day) => SeriesStart::on(day, tz),
                };
                let stored = event.recurrence.as_ref().map(EventRecurrence::rule).unwrap_or_default();
                stored.shifted(before, start).ok()?
            }
            FormKind::New | FormKind::Occurrence(_) | FormKind::Following(_) => Recurrence::default(),
        };
        let dates = |name: FieldName, moved: Vec<DateValue>| {
            if self.is_typed(name) { self.dates_of(name, view) } else { Some(moved) }
        };
        let rdate = dates(FieldName::Also, moved.rdate)?;
        let mut exdate = dates(FieldName::Except, moved.exdate)?;
        exdate.extend(rule.exdate);
        // UNTIL moves as well.
        let is_moved = !self.is_typed(FieldName::Repeats);
        Some(Recurrence { rrule: if is_moved { moved.rrule } else { rule.rrule }, rdate, exdate })
    }

    fn series(&self, view: &ViewContext) -> Option<Series> {
        Series::new(self.series_start(view)?, self.recurrence(view)?).ok()
    }

    /// Whether the rule has an occurrence at the start; also while that is not known.
    pub(super) fn starts_by_rule(&self, view: &ViewContext) -> bool {
        self.series(view).and_then(|series| series.starts_by_rule().ok()).unwrap_or(true)
    }

    /// The first occurrences. None while a field is not understood.
    fn preview(&self, view: &ViewContext) -> Result<Option<Preview>, FieldFault> {
        let (Some(start), Some(zone), Some(recurrence)) =
            (self.when(view), self.zone(), self.recurrence(view))
        else {
            return Ok(None);
        };
        let starts_at = match start {
            When::At(at) => TimeInput::Local(at),
            When::AllDay(day) => TimeInput::Day(day),
        };
        let input = PreviewInput {
            starts_at: Some(starts_at),
            timezone: Some(zone.name().to_owned()),
            all_day: matches!(start, When::AllDay(_)),
            recurrence: Some(recurrence),
            limit: Some(PREVIEWED),
            ..PreviewInput::default()
        };
        match input.preview() {
            Ok(preview) => Ok(Some(preview)),
            Err(eventcore::Error::Invalid(violations)) => {
                let mut of_rule = violations.as_slice().iter();
                match of_rule.find(|violation| violation.pointer.starts_with("/recurrence")) {
                    Some(violation) => Err(FieldFault::Unclear(violation.message.clone())),
                    None => Ok(None),
                }
            }
            Err(_) => Ok(None),
        }
    }

    pub(super) fn rule_understood(&self, view: &ViewContext) -> Option<Understood> {
        let rule = match self.rule(view) {
            Ok(rule) => rule,
            Err(fault) => return Some(Err(fault)),
        };
        let preview = match self.preview(view) {
            Ok(preview) => preview,
            Err(fault) => return Some(Err(fault)),
        };
        let Some(preview) = preview else {
            return rule.rrule.is_none().then(|| Ok("once".to_owned()));
        };
        if preview.complete && preview.items.len() == 1 && rule.rrule.is_none() {
            return Some(Ok("once".to_owned()));
        }
        let more = if preview.complete { "" } else { " …" };
        let starts: Vec<&Moment> = preview.items.iter().map(|occurrence| &occurrence.starts_at).collect();
        let starts = starts_text(&starts, self.dates(view).now.year());
        let mut parts = vec![format!("{} → {starts}{more}", preview.text)];
        if !self.starts_by_rule(view)
            && let Some(start) = self.when(view)
        {
            let day = start.date().format("%a %-d %b");
            parts.push(format!("the start, {day}, is not by the rule and takes place as well"));
        }
        for idle in self.series(view).and_then(|series| series.idle_exdates().ok()).unwrap_or_default() {
            parts.push(format!("no occurrence to exclude on {}", say_date(idle)));
        }
        Some(Ok(parts.join(" · ")))
    }

    pub(super) fn dates_understood(&self, name: FieldName, view: &ViewContext) -> Option<Understood> {
        let text = self.text(name);
        if text.trim().is_empty() {
            return None;
        }
        Some(read_dates(&text, self.dates(view)).map(|dates| {
            let said: Vec<String> = dates.into_iter().map(say_date).collect();
            said.join(" · ")
        }))
    }

    /// Puts what was typed about the recurrence into the body. Of an event only what differs: dates that are
    /// not sent stay, and move with its start.
    pub(super) fn insert_recurrence(&self, body: &mut Map<String, Value>, view: &ViewContext) -> Option<()> {
        let names = [FieldName::Repeats, FieldName::Also, FieldName::Except];
        let (is_new, is_copy) = (self.creates(), matches!(self.kind, FormKind::Copy(_)));
        if !self.fields.iter().any(|(name, _)| *name == FieldName::Repeats)
            || (!is_new && !names.iter().any(|name| self.is_typed(*name)))
        {
            return Some(());
        }
        let whole = self.recurrence(view)?;
        let value = if whole == Recurrence::default() {
            Value::Null
        } else {
            let excludes = self.is_typed(FieldName::Except) || !self.rule(view).ok()?.exdate.is_empty();
            let parts = [
                ("rrule", json!(whole.rrule), is_copy || self.is_typed(FieldName::Repeats)),
                ("rdate", json!(whole.rdate), is_copy || self.is_typed(FieldName::Also)),
                ("exdate", json!(whole.exdate), is_copy || excludes),
            ];
            let sent = parts.into_iter().filter(|(_, _, sent)| *sent);
            sent.map(|(name, value, _)| (name.to_owned(), value)).collect()
        };
        body.insert("recurrence".to_owned(), value);
        Some(())
    }
}

/// Dates between commas: `25 dec, 1 jan 18:30`.
fn read_dates(text: &str, context: DateContext) -> Result<Vec<DateValue>, FieldFault> {
    let pieces = text.split([',', ';', '\n']).map(str::trim).filter(|piece| !piece.is_empty());
    let read = pieces.map(|piece| {
        Ok(match natural_dates::read(piece, context)?.start {
            When::At(at) => DateValue::Local(at),
            When::AllDay(day) => DateValue::Date(day),
        })
    });
    read.collect()
}

fn say_date(date: DateValue) -> String {
    match date {
        DateValue::Date(day) => day.format("%a %-d %b %Y").to_string(),
        DateValue::Local(at) => at.format("%a %-d %b %Y %H:%M").to_string(),
        DateValue::Utc(instant) => instant.to_string(),
    }
}

/// The starts with what differs between them: `27 Nov · 4 Dec`, `27 Nov 09:00 · 10:00`, `24 Dec 2026 · 24 Dec
/// 2027`. A year is named where it is another than that before, `year` before the first.
fn starts_text(starts: &[&Moment], year: i32) -> String {
    let days = starts.iter().map(|start| match start {
        Moment::Day(day) => (*day, None),
        Moment::At(at) => (at.date_naive(), Some(at.format("%H:%M").to_string())),
    });
    let days: Vec<_> = days.collect();
    let times_differ = days.windows(2).any(|two| two[0].1 != two[1].1);
    let years_differ = days.iter().any(|(day, _)| day.year() != year);
    let mut before = None;
    let mut said = Vec::new();
    for (day, time) in days {
        let format = if years_differ { "%-d %b %Y" } else { "%-d %b" };
        let format =
            if years_differ && before.is_some_and(|before: chrono::NaiveDate| before.year() == day.year()) {
                "%-d %b"
            } else {
                format
            };
        let time = time.filter(|_| times_differ);
        said.push(match time {
            Some(time) if before == Some(day) => time,
            Some(time) => format!("{} {time}", day.format(format)),
            None => day.format(format).to_string(),
        });
        before = Some(day);
    }
    said.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_show_what_differs() {
        let starts = |texts: &[&str]| {
            let moments: Vec<Moment> = texts.iter().map(|text| text.parse().unwrap()).collect();
            starts_text(&moments.iter().collect::<Vec<_>>(), 2026)
        };
        assert_eq!(starts(&["2026-11-27T18:30:00+01:00", "2026-12-04T18:30:00+01:00"]), "27 Nov · 4 Dec");
        assert_eq!(
            starts(&["2026-11-27T09:00:00+01:00", "2026-11-27T10:00:00+01:00", "2026-11-28T09:00:00+01:00"]),
            "27 Nov 09:00 · 10:00 · 28 Nov 09:00"
        );
        assert_eq!(starts(&["2026-12-24", "2027-12-24"]), "24 Dec 2026 · 24 Dec 2027");
        assert_eq!(
            starts(&["2026-12-24", "2026-12-31", "2027-01-07", "2027-01-14"]),
            "24 Dec 2026 · 31 Dec · 7 Jan 2027 · 14 Jan"
        );
        assert_eq!(starts(&["2027-01-07", "2027-01-14"]), "7 Jan 2027 · 14 Jan");
    }
}
