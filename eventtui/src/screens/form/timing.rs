//! Start and length of the form: times as people say them, in the zone of the event.

use chrono::TimeDelta;
use eventcore::time::{IsoDuration, TimeInput, resolve};
use serde_json::{Value, json};

use super::fault::{FieldFault, Understood};
use super::{FieldName, FormScreen};
use crate::natural_dates::{self, DateContext, DateFault, Spoken, When, read_duration};
use crate::view_context::ViewContext;

impl FormScreen {
    /// What spoken times refer to: now, in the zone of the event.
    pub(super) fn dates(&self, view: &ViewContext) -> DateContext {
        view.dates_in(self.zone().unwrap_or(view.my_zone))
    }

    fn spoken(&self, view: &ViewContext) -> Result<Spoken, DateFault> {
        natural_dates::read(&self.text(FieldName::When), self.dates(view))
    }

    /// The start.
    pub(super) fn when(&self, view: &ViewContext) -> Option<When> {
        self.spoken(view).ok().map(|spoken| spoken.start)
    }

    pub(super) fn start(&self, view: &ViewContext) -> Option<TimeInput> {
        Some(match self.when(view)? {
            When::At(at) => TimeInput::Local(at),
            When::AllDay(day) => TimeInput::Day(day),
        })
    }

    /// The length in seconds: that of a range in When, else the typed one. An all-day event lasts at least a
    /// day.
    pub(super) fn length(&self, view: &ViewContext) -> Option<i64> {
        let spoken = self.spoken(view).ok();
        let seconds = match spoken.and_then(|spoken| spoken.length) {
            Some(seconds) => seconds,
            None => read_duration(&self.text(FieldName::Length)).ok()?,
        };
        let all_day = matches!(spoken, Some(Spoken { start: When::AllDay(_), .. }));
        Some(if all_day { seconds.max(86_400) } else { seconds })
    }

    /// The length as the API takes it.
    pub(super) fn duration(&self, view: &ViewContext) -> Option<Value> {
        Some(json!(IsoDuration::from_seconds(self.length(view)?).to_string()))
    }

    /// Whether When says how long it lasts.
    pub(super) fn says_length(&self, view: &ViewContext) -> bool {
        self.spoken(view).is_ok_and(|spoken| spoken.length.is_some())
    }

    pub(super) fn when_understood(&self, view: &ViewContext) -> Understood {
        let spoken = self.spoken(view)?;
        let Some(zone) = self.zone() else { return Err("unknown time zone".into()) };
        // What is stored already may lie in the past.
        let is_typed = self.creates() || self.is_typed(FieldName::When);
        let now = self.dates(view).now;
        let text = match spoken.start {
            When::At(at) => {
                if let Err(gap) = resolve(at, zone) {
                    return Err(FieldFault::Impossible(gap.to_string()));
                }
                if is_typed && at < now {
                    return Err(FieldFault::Impossible(format!("in the past: {spoken}")));
                }
                format!("{spoken} {zone}")
            }
            When::AllDay(day) if is_typed && day < now.date() => {
                return Err(FieldFault::Impossible(format!("in the past: {spoken}")));
            }
            When::AllDay(_) => spoken.to_string(),
        };
        Ok(if self.starts_by_rule(view) { text } else { format!("{text} · not by the rule") })
    }

    pub(super) fn length_understood(&self, view: &ViewContext) -> Understood {
        if self.says_length(view) {
            return Ok("as in When".to_owned());
        }
        let seconds = read_duration(&self.text(FieldName::Length))?;
        Ok(self.until(seconds, view).unwrap_or_default())
    }

    /// The end, in the zone of the event.
    fn until(&self, seconds: i64, view: &ViewContext) -> Option<String> {
        let length = TimeDelta::try_seconds(seconds)?;
        match self.when(view)? {
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
}
