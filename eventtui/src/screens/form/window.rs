//! The fields for the opening and the closing of registration: a day and a time, or a time before each start.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use eventcore::time::{LeadTime, TimeInput};
use serde_json::{Map, Value, json};

use super::fault::{FieldFault, Understood};
use super::lead_time;
use super::{FieldName, FormScreen};
use crate::natural_dates::{self, DateContext, When};
use crate::view_context::ViewContext;

impl FormScreen {
    /// How an end of the registration window is understood.
    pub(super) fn window_understood(&self, name: FieldName, view: &ViewContext) -> Understood {
        let text = WindowText::parse(&self.text(name), self.dates(view))?;
        let edge = if name == FieldName::Opens { Edge::Opens } else { Edge::Closes };
        Ok(text.meaning(edge, self.when(view)))
    }

    /// Adds an end of the registration window to a request.
    pub(super) fn insert_window(
        &self,
        body: &mut Map<String, Value>,
        edge: Edge,
        text: &str,
        view: &ViewContext,
    ) -> Option<()> {
        WindowText::parse(text, self.dates(view)).ok()?.insert_into(body, edge);
        Some(())
    }
}

/// When registration opens or closes, as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WindowText {
    /// Nothing: no bound.
    Empty,
    At(NaiveDateTime),
    /// The whole day.
    Day(NaiveDate),
    Before(LeadTime),
}

impl WindowText {
    fn parse(text: &str, context: DateContext) -> Result<Self, FieldFault> {
        let lower = text.trim().to_lowercase();
        if lower.is_empty() {
            return Ok(Self::Empty);
        }
        if let Some(lead) = lower.strip_suffix("before") {
            let lead = lead_time::read(lead).ok_or("a time before each start, such as: 2 hours before")?;
            return Ok(Self::Before(lead));
        }
        Ok(match natural_dates::read(text, context)?.start {
            When::At(at) => Self::At(at),
            When::AllDay(day) => Self::Day(day),
        })
    }

    /// The text beside the field. `start` is that of the first occurrence, by the clocks of its zone.
    fn meaning(self, edge: Edge, start: Option<When>) -> String {
        match (self, edge) {
            (Self::Empty, Edge::Opens) => "opens immediately".to_owned(),
            (Self::Empty, Edge::Closes) => "open until the start".to_owned(),
            (Self::At(at), _) => When::At(at).to_string(),
            (Self::Day(day), Edge::Opens) => When::At(day.and_time(NaiveTime::MIN)).to_string(),
            (Self::Day(day), Edge::Closes) => day.format("end of %a %-d %B %Y").to_string(),
            (Self::Before(lead), _) => {
                let start = start.map(|start| match start {
                    When::At(at) => at,
                    When::AllDay(day) => day.and_time(NaiveTime::MIN),
                });
                let length = TimeDelta::days(lead.days()) + TimeDelta::seconds(lead.seconds());
                let first = start.and_then(|start| start.checked_sub_signed(length));
                first.map_or_else(
                    || "before each start".to_owned(),
                    |first| format!("first {}", When::At(first)),
                )
            }
        }
    }

    /// Adds the fields of the API: the one that is meant, or null for both.
    fn insert_into(self, body: &mut Map<String, Value>, edge: Edge) {
        let (at, before) = edge.fields();
        match self {
            Self::Empty => {
                body.insert(at.to_owned(), Value::Null);
                body.insert(before.to_owned(), Value::Null);
            }
            Self::At(local) => _ = body.insert(at.to_owned(), json!(TimeInput::Local(local).to_string())),
            Self::Day(day) => _ = body.insert(at.to_owned(), json!(TimeInput::Day(day).to_string())),
            Self::Before(lead) => _ = body.insert(before.to_owned(), json!(lead)),
        }
    }
}

/// Which of the two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Opens,
    Closes,
}

impl Edge {
    const fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Opens => ("registration_opens_at", "registration_opens_before"),
            Self::Closes => ("registration_closes_at", "registration_closes_before"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natural_dates::DayOrder;

    fn context() -> DateContext {
        let now = NaiveDateTime::parse_from_str("2026-11-23 12:00", "%Y-%m-%d %H:%M").unwrap();
        DateContext { now, order: DayOrder::DayFirst }
    }

    #[test]
    fn times_before_each_start_are_read() {
        for (typed, sent) in [
            ("2 hours before", "PT2H"),
            ("2h before", "PT2H"),
            ("1 day before", "P1D"),
            ("24 hours before", "PT24H"),
            ("2 Weeks before", "P14D"),
            ("1 day 90 min before", "P1DT1H30M"),
            ("P1DT2H before", "P1DT2H"),
        ] {
            let mut body = Map::new();
            WindowText::parse(typed, context()).expect(typed).insert_into(&mut body, Edge::Closes);
            assert_eq!(Value::Object(body), json!({"registration_closes_before": sent}), "{typed}");
        }
        for typed in ["before", "two hours before", "2 before", "4000 days before"] {
            assert!(WindowText::parse(typed, context()).is_err(), "{typed}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for sent in ["PT2H", "P1D", "PT24H", "P14D", "P1DT1H30M", "PT0S", "PT1M"] {
            let lead: LeadTime = sent.parse().unwrap();
            let written = lead_time::window_text(None, Some(lead));
            assert_eq!(WindowText::parse(&written, context()), Ok(WindowText::Before(lead)), "{written}");
        }
    }

    #[test]
    fn a_day_is_the_whole_day() {
        let day = WindowText::parse("2027-03-01", context()).unwrap();
        assert_eq!(day.meaning(Edge::Opens, None), "Mon 1 March 2027, 00:00");
        assert_eq!(day.meaning(Edge::Closes, None), "end of Mon 1 March 2027");
        let mut body = Map::new();
        day.insert_into(&mut body, Edge::Closes);
        assert_eq!(Value::Object(body), json!({"registration_closes_at": "2027-03-01"}));
        let before = WindowText::parse("1 day before", context()).unwrap();
        let start = natural_dates::read("2027-03-01 18:30", context()).ok().map(|spoken| spoken.start);
        assert_eq!(before.meaning(Edge::Closes, start), "first Sun 28 February 2027, 18:30");
    }
}
