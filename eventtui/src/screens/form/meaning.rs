//! What the fields mean: the text beside them, and the request that saves them.

use chrono::{NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use eventcore::events::{EventRecurrence, Preview, PreviewInput};
use eventcore::recurrence::{Recurrence, Rule, SeriesStart};
use eventcore::time::{Moment, TimeInput};
use serde_json::{Map, Value, json};

use super::{FieldName, FormKind, FormScreen};
use crate::backend::Request;
use crate::natural_dates::{self, When};
use crate::widgets::text_field::TextField;

/// How a field was understood, or what is wrong with it.
pub(super) type Understood = Result<String, String>;

impl FormScreen {
    fn zone(&self) -> Option<Tz> {
        match &self.kind {
            FormKind::Occurrence(occurrence) => occurrence.timezone.parse().ok(),
            FormKind::New | FormKind::Event(_) | FormKind::Following(_) => {
                self.text(FieldName::Zone).trim().parse().ok()
            }
        }
    }

    /// The start, relative to now.
    fn when(&self, now: NaiveDateTime) -> Option<When> {
        natural_dates::parse(&self.text(FieldName::When), now)
    }

    fn start(&self, now: NaiveDateTime) -> Option<TimeInput> {
        Some(match self.when(now)? {
            When::At(at) => TimeInput::Local(at),
            When::AllDay(day) => TimeInput::Day(day),
        })
    }

    /// The rule: none, one of RFC 5545, or a phrase in English.
    fn rule(&self, now: NaiveDateTime) -> Result<Option<Rule>, String> {
        let text = self.text(FieldName::Repeats);
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("no") || text.eq_ignore_ascii_case("never") {
            return Ok(None);
        }
        let rule: Result<Rule, _> = if text.to_uppercase().contains("FREQ=") {
            text.to_uppercase().trim_start_matches("RRULE:").parse()
        } else {
            let day = self.when(now).map_or(now.date(), When::date);
            Rule::from_english(text, day)
        };
        rule.map(Some).map_err(|error| error.message().to_owned())
    }

    /// The recurrence to preview: the rule, with RDATE and EXDATE of the event, which move with the start.
    fn recurrence(&self, start: SeriesStart, now: NaiveDateTime) -> Option<Recurrence> {
        let rrule = Some(self.rule(now).ok()??);
        let FormKind::Event(event) = &self.kind else {
            return Some(Recurrence { rrule, ..Recurrence::default() });
        };
        let stored = event.recurrence.as_ref().map(EventRecurrence::rule).unwrap_or_default();
        let tz = event.timezone.parse().ok()?;
        let stored_start = match event.starts_at {
            Moment::At(at) => SeriesStart::at(at.naive_local(), tz),
            Moment::Day(day) => SeriesStart::on(day, tz),
        };
        Some(Recurrence { rrule, ..stored.shifted(stored_start, start).ok()? })
    }

    /// The first occurrences. None while a field is not understood.
    fn preview(&self, now: NaiveDateTime, limit: i64) -> Option<Preview> {
        let tz = self.zone()?;
        let (start, series_start) = match self.when(now)? {
            When::At(at) => (TimeInput::Local(at), SeriesStart::at(at, tz)),
            When::AllDay(day) => (TimeInput::Day(day), SeriesStart::on(day, tz)),
        };
        let input = PreviewInput {
            starts_at: Some(start),
            timezone: Some(tz.name().to_owned()),
            all_day: matches!(start, TimeInput::Day(_)),
            recurrence: self.recurrence(series_start, now),
            limit: Some(limit),
            ..PreviewInput::default()
        };
        input.preview().ok()
    }

    /// How a field was understood. None if there is nothing to add to its text.
    pub(super) fn understood(&self, name: FieldName, now: NaiveDateTime) -> Option<Understood> {
        let text = self.text(name);
        Some(match name {
            FieldName::Title | FieldName::Location if text.trim().is_empty() => Err("required".to_owned()),
            FieldName::When => match (self.when(now), self.zone()) {
                (Some(When::At(at)), Some(zone)) => {
                    Ok(format!("{} {zone}", at.format("%a %-d %B %Y, %H:%M")))
                }
                (Some(When::AllDay(day)), _) => Ok(format!("{}, all day", day.format("%a %-d %B %Y"))),
                (Some(_), None) => Err("unknown time zone".to_owned()),
                (None, _) => Err("day and time, such as: fri 18:30".to_owned()),
            },
            FieldName::Length => match natural_dates::parse_duration(&text) {
                Some(seconds) => Ok(self.until(seconds, now).unwrap_or_default()),
                None => Err("a duration, such as: 2h, 90m, 2 days".to_owned()),
            },
            FieldName::Repeats => match self.rule(now) {
                Err(why) => Err(why),
                Ok(None) => Ok("once".to_owned()),
                Ok(Some(_)) => Ok(self.occurrences_text(now)?),
            },
            FieldName::Zone if self.zone().is_none() => Err("an IANA name, such as Europe/Berlin".to_owned()),
            FieldName::Seats => match text.trim().parse::<i64>() {
                Ok(1..=1_000_000) => return None,
                _ => Err("a number from 1 to 1,000,000".to_owned()),
            },
            FieldName::Party => match text.trim().parse::<i64>() {
                Ok(1) => Ok("one person per registration".to_owned()),
                Ok(many @ 2..=1_000_000) => Ok(format!("up to {many} people per registration")),
                _ => Err("largest party size: a number from 1".to_owned()),
            },
            FieldName::Waitlist => match yes_or_no(&text) {
                Some(true) => Ok("waitlist when full".to_owned()),
                Some(false) => Ok("no waitlist".to_owned()),
                None => Err("yes or no".to_owned()),
            },
            FieldName::Opens if text.trim().is_empty() => Ok("opens immediately".to_owned()),
            FieldName::Closes if text.trim().is_empty() => Ok("open until the start".to_owned()),
            FieldName::Opens | FieldName::Closes => match natural_dates::parse(&text, now) {
                Some(When::At(at)) => Ok(at.format("%a %-d %B %Y, %H:%M").to_string()),
                Some(When::AllDay(day)) => Ok(day.format("%a %-d %B %Y, 00:00").to_string()),
                None => Err("day and time, such as: fri 18:30; or empty".to_owned()),
            },
            FieldName::Visibility if !["public", "unlisted", "private"].contains(&text.trim()) => {
                Err("public, unlisted (by link), or private".to_owned())
            }
            _ => return None,
        })
    }

    /// The end, in the zone of the event.
    fn until(&self, seconds: i64, now: NaiveDateTime) -> Option<String> {
        let length = TimeDelta::try_seconds(seconds)?;
        match self.when(now)? {
            When::At(at) => {
                let end = at.checked_add_signed(length)?;
                let format = if end.date() == at.date() { "until %H:%M" } else { "until %a %-d %B, %H:%M" };
                Some(end.format(format).to_string())
            }
            When::AllDay(day) => {
                // The last day counts.
                let last = day.checked_add_signed(TimeDelta::days((seconds / 86_400 - 1).max(0)))?;
                (last > day).then(|| last.format("until %a %-d %B").to_string())
            }
        }
    }

    fn occurrences_text(&self, now: NaiveDateTime) -> Option<String> {
        let preview = self.preview(now, 5)?;
        let day = |moment: &Moment| match moment {
            Moment::Day(day) => day.format("%-d %b").to_string(),
            Moment::At(at) => at.format("%-d %b").to_string(),
        };
        let days: Vec<String> = preview.items.iter().map(|occurrence| day(&occurrence.starts_at)).collect();
        let more = if preview.complete { "" } else { " …" };
        Some(format!("{} → {}{more}", preview.text, days.join(" · ")))
    }

    /// The request that saves the form. None while a field is not understood; that field is selected.
    pub(crate) fn request(&mut self, now: NaiveDateTime, as_draft: bool) -> Option<Request> {
        self.as_draft = as_draft;
        let unclear =
            |(name, _): &(FieldName, TextField)| matches!(self.understood(*name, now), Some(Err(_)));
        if let Some(place) = self.fields.iter().position(unclear) {
            self.at = place;
            return None;
        }
        let body = Value::Object(self.body(now)?);
        self.error = None;
        Some(match &self.kind {
            FormKind::New => Request::CreateEvent(body),
            FormKind::Event(event) => {
                Request::ChangeEvent { event: event.id, version: event.version, patch: body }
            }
            FormKind::Occurrence(occurrence) => Request::ChangeOccurrence {
                occurrence: occurrence.id,
                version: occurrence.version,
                patch: body,
            },
            FormKind::Following(occurrence) => Request::SplitEvent { occurrence: occurrence.id, patch: body },
        })
    }

    /// The fields to send: of a new event all that are not empty, else those that differ.
    fn body(&self, now: NaiveDateTime) -> Option<Map<String, Value>> {
        let mut body = Map::new();
        let new = matches!(self.kind, FormKind::New);
        for ((name, field), first) in self.fields.iter().zip(&self.first) {
            let text = field.text();
            if !new && text == *first {
                continue;
            }
            let trimmed = text.trim();
            match name {
                FieldName::Title => _ = body.insert("title".to_owned(), json!(trimmed)),
                FieldName::When => {
                    let start = self.start(now)?;
                    body.insert("starts_at".to_owned(), json!(start.to_string()));
                    if !matches!(self.kind, FormKind::Occurrence(_)) {
                        body.insert("all_day".to_owned(), json!(matches!(start, TimeInput::Day(_))));
                    }
                }
                FieldName::Length => {
                    let seconds = natural_dates::parse_duration(trimmed)?;
                    // An all-day event lasts at least one day.
                    let all_day = matches!(self.when(now), Some(When::AllDay(_)));
                    let seconds = if all_day { seconds.max(86_400) } else { seconds };
                    let length = eventcore::time::IsoDuration::from_seconds(seconds);
                    body.insert("duration".to_owned(), json!(length.to_string()));
                }
                // The rule alone: RDATE and EXDATE stay with the event, and move with its start.
                FieldName::Repeats => {
                    let rule = self.rule(now).ok()?.map(|rule| json!({"rrule": rule}));
                    _ = body.insert("recurrence".to_owned(), json!(rule));
                }
                FieldName::Zone => _ = body.insert("timezone".to_owned(), json!(trimmed)),
                FieldName::Location => _ = body.insert("location".to_owned(), json!(trimmed)),
                FieldName::Seats => {
                    _ = body.insert("capacity".to_owned(), json!(trimmed.parse::<i64>().ok()?))
                }
                FieldName::Party => {
                    _ = body.insert("max_party_size".to_owned(), json!(trimmed.parse::<i64>().ok()?))
                }
                FieldName::Waitlist => {
                    _ = body.insert("waitlist_enabled".to_owned(), json!(yes_or_no(trimmed)?))
                }
                // The library has defaults for a new event.
                FieldName::Opens | FieldName::Closes if new && trimmed.is_empty() => {}
                FieldName::Opens => {
                    _ = body.insert("registration_opens_at".to_owned(), moment(trimmed, now)?)
                }
                FieldName::Closes => {
                    _ = body.insert("registration_closes_at".to_owned(), moment(trimmed, now)?)
                }
                FieldName::Category if trimmed.is_empty() => {
                    _ = body.insert("category".to_owned(), Value::Null)
                }
                FieldName::Category => _ = body.insert("category".to_owned(), json!(trimmed.to_lowercase())),
                FieldName::Tags => {
                    let words = trimmed.split([',', ' ']).map(|tag| tag.trim_start_matches('#'));
                    let tags: Vec<&str> = words.filter(|tag| !tag.is_empty()).collect();
                    body.insert("tags".to_owned(), json!(tags));
                }
                FieldName::Link if trimmed.is_empty() => _ = body.insert("url".to_owned(), Value::Null),
                FieldName::Link => _ = body.insert("url".to_owned(), json!(trimmed)),
                FieldName::Visibility => _ = body.insert("visibility".to_owned(), json!(trimmed)),
                FieldName::Description => _ = body.insert("description".to_owned(), json!(text)),
            }
        }
        if new && self.as_draft {
            body.insert("status".to_owned(), json!("draft"));
        }
        Some(body)
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "yes" | "y" | "on" | "x" | "true" => Some(true),
        "no" | "n" | "off" | "" | "false" => Some(false),
        _ => None,
    }
}

/// A local time in the format of the API, or null for an empty text.
fn moment(text: &str, now: NaiveDateTime) -> Option<Value> {
    if text.is_empty() {
        return Some(Value::Null);
    }
    let at = match natural_dates::parse(text, now)? {
        When::At(at) => at,
        When::AllDay(day) => day.and_time(chrono::NaiveTime::MIN),
    };
    Some(json!(TimeInput::Local(at).to_string()))
}
