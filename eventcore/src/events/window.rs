//! The registration window: from when to when users can register for an occurrence.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde_json::{Value, json};
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Type};

use super::schedule::expansion::PlannedOccurrence;
use crate::error::{Error, Result, Violations};
use crate::time::{LeadTime, Moment, TimeInput, Timestamp, instant_or_day, instant_or_end_of_day};

/// When registration opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowEdge {
    /// At one instant, for all occurrences of a series.
    At(Timestamp),
    /// A time before the start of each occurrence.
    Before(LeadTime),
}

/// The edges of the registration window of an event, or those that an occurrence overrides. `None` means no
/// bound, or that of the event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RegistrationWindow {
    pub(crate) opens: Option<WindowEdge>,
    /// Exclusive.
    pub(crate) closes: Option<WindowEdge>,
}

/// The registration window of one occurrence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct OpenPeriod {
    #[sqlx(rename = "registration_opens_at")]
    pub(crate) opens_at: Option<Timestamp>,
    /// Exclusive; `None` means until the occurrence starts.
    #[sqlx(rename = "registration_closes_at")]
    pub(crate) closes_at: Option<Timestamp>,
}

/// The start of an occurrence, as far as a window depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowStart {
    pub(crate) at: Timestamp,
    pub(crate) all_day: bool,
    pub(crate) tz: Tz,
}

impl WindowEdge {
    fn resolve(self, start: WindowStart) -> Timestamp {
        let WindowStart { at, all_day, tz } = start;
        match self {
            Self::At(instant) => instant,
            // A day begins at midnight, also where the clocks skip it.
            Self::Before(lead) if all_day => {
                lead.before_local(at, at.in_zone(tz).date_naive().and_time(NaiveTime::MIN), tz)
            }
            Self::Before(lead) => lead.before(at, tz),
        }
    }

    /// The values of the fields `…_at` and `…_before`.
    pub(super) fn fields(edge: Option<Self>, tz: Tz) -> (Option<Moment>, Option<LeadTime>) {
        match edge {
            None => (None, None),
            Some(Self::At(instant)) => (Some(Moment::at(instant, tz)), None),
            Some(Self::Before(lead)) => (None, Some(lead)),
        }
    }
}

impl RegistrationWindow {
    /// This window where it has edges, and otherwise that of the event.
    pub(crate) fn or(self, event: Self) -> Self {
        Self { opens: self.opens.or(event.opens), closes: self.closes.or(event.closes) }
    }

    /// The window of an occurrence with this start.
    pub(crate) fn of(self, start: WindowStart) -> OpenPeriod {
        let resolve = |edge: WindowEdge| edge.resolve(start);
        OpenPeriod { opens_at: self.opens.map(resolve), closes_at: self.closes.map(resolve) }
    }

    /// The fields of a request that would give this window.
    pub(super) fn as_json(self, tz: Tz) -> Value {
        let (opens_at, opens_before) = WindowEdge::fields(self.opens, tz);
        let (closes_at, closes_before) = WindowEdge::fields(self.closes, tz);
        json!({
            "registration_opens_at": opens_at,
            "registration_opens_before": opens_before,
            "registration_closes_at": closes_at,
            "registration_closes_before": closes_before,
        })
    }
}

impl OpenPeriod {
    /// Fails before registration opens, and once it has closed.
    pub(crate) fn must_be_open(self, now: Timestamp) -> Result<()> {
        if self.opens_at.is_some_and(|opens| now < opens) {
            Err(Error::RegistrationNotOpen)
        } else if self.closes_at.is_some_and(|closes| closes <= now) {
            Err(Error::RegistrationClosed)
        } else {
            Ok(())
        }
    }

    /// Whether it closes before it would open.
    fn is_empty(self) -> bool {
        matches!((self.opens_at, self.closes_at), (Some(opens), Some(closes)) if closes <= opens)
    }
}

/// The fields of a request for a registration window.
#[derive(Debug, Clone, Copy)]
pub(super) struct WindowInput {
    pub(super) opens_at: Option<TimeInput>,
    pub(super) opens_before: Option<LeadTime>,
    pub(super) closes_at: Option<TimeInput>,
    pub(super) closes_before: Option<LeadTime>,
}

impl WindowInput {
    /// The window that the fields mean; adds everything that is invalid to `violations`.
    ///
    /// A date means the whole day in `tz`: registration opens at its beginning, and closes at its end.
    pub(super) fn read(self, violations: &mut Violations, tz: Option<Tz>) -> RegistrationWindow {
        let opens_at = instant_or_day(violations, tz, "registration_opens_at", self.opens_at);
        let closes_at = instant_or_end_of_day(violations, tz, "registration_closes_at", self.closes_at);
        for (edge, twice) in [
            ("opens", self.opens_at.is_some() && self.opens_before.is_some()),
            ("closes", self.closes_at.is_some() && self.closes_before.is_some()),
        ] {
            if twice {
                let message = format!("contradicts registration_{edge}_at: give only one of them");
                violations.add(format!("/registration_{edge}_before"), "conflict", message);
            }
        }
        let edge = |at: Option<Timestamp>, before: Option<LeadTime>| {
            at.map(WindowEdge::At).or(before.map(WindowEdge::Before))
        };
        RegistrationWindow {
            opens: edge(opens_at, self.opens_before),
            closes: edge(closes_at, self.closes_before),
        }
    }

    /// Adds a violation if registration closes before it opens, for the occurrence or all of the occurrences.
    pub(super) fn check(
        self,
        violations: &mut Violations,
        window: RegistrationWindow,
        starts: impl IntoIterator<Item = WindowStart>,
    ) {
        let mut periods = starts.into_iter().map(|start| window.of(start)).peekable();
        if periods.peek().is_none() || !periods.all(OpenPeriod::is_empty) {
            return;
        }
        let pointer = match self {
            Self { closes_at: Some(_), .. } => "/registration_closes_at",
            Self { closes_before: Some(_), .. } => "/registration_closes_before",
            Self { opens_before: Some(_), .. } => "/registration_opens_before",
            _ => "/registration_opens_at",
        };
        violations.add(pointer, "ends_before_start", "registration must close after it opens");
    }
}

/// The starts of planned occurrences.
pub(super) fn planned_starts(
    planned: &[PlannedOccurrence],
    all_day: bool,
    tz: Tz,
) -> impl Iterator<Item = WindowStart> {
    planned.iter().map(move |planned| WindowStart { at: planned.original_start, all_day, tz })
}

/// Removes from the stored fields `target` those that a merge patch replaces by the other field of the same
/// edge.
pub(super) fn drop_replaced(target: &mut Value, patch: &Value) {
    for edge in ["opens", "closes"] {
        let (at, before) = (format!("registration_{edge}_at"), format!("registration_{edge}_before"));
        for (given, replaced) in [(&at, &before), (&before, &at)] {
            if patch.get(given).is_some_and(|value| !value.is_null()) {
                target[replaced] = Value::Null;
            }
        }
    }
}

impl fmt::Display for WindowEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => instant.fmt(f),
            Self::Before(lead) => lead.fmt(f),
        }
    }
}

impl FromStr for WindowEdge {
    type Err = BoxDynError;

    fn from_str(text: &str) -> std::result::Result<Self, BoxDynError> {
        if text.starts_with('P') { Ok(Self::Before(text.parse()?)) } else { Ok(Self::At(text.parse()?)) }
    }
}

impl<DB: Database> Type<DB> for WindowEdge
where
    str: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <str as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <str as Type<DB>>::compatible(ty)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for WindowEdge
where
    &'r str: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
        <&str as Decode<'r, DB>>::decode(value)?.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timestamp() -> impl Strategy<Value = Timestamp> {
        (0..4_000_000_000_i64).prop_map(|seconds| Timestamp::from_micros(seconds * 1_000_000))
    }

    fn edge() -> impl Strategy<Value = WindowEdge> {
        prop_oneof![
            timestamp().prop_map(WindowEdge::At),
            (0..400_u32, 0..200_000_u32).prop_map(|(days, seconds)| {
                WindowEdge::Before(format!("P{days}DT{seconds}S").parse().unwrap())
            }),
        ]
    }

    fn window() -> impl Strategy<Value = RegistrationWindow> {
        let edge = || proptest::option::of(edge());
        (edge(), edge()).prop_map(|(opens, closes)| RegistrationWindow { opens, closes })
    }

    fn start() -> impl Strategy<Value = WindowStart> {
        let zone = proptest::sample::select(&chrono_tz::TZ_VARIANTS[..]);
        (timestamp(), any::<bool>(), zone).prop_map(|(at, all_day, tz)| {
            let day = at.in_zone(tz).date_naive();
            let at = if all_day { crate::time::start_of_day(day, tz) } else { at };
            WindowStart { at, all_day, tz }
        })
    }

    proptest! {
        #[test]
        fn an_edge_parses_its_own_text(edge in edge()) {
            prop_assert_eq!(edge.to_string().parse::<WindowEdge>().unwrap(), edge);
        }

        /// An override holds by itself, whatever the event says; without it the event's window holds.
        #[test]
        fn an_override_wins(own in window(), event in window(), start in start()) {
            let (merged, alone, inherited) = (own.or(event).of(start), own.of(start), event.of(start));
            prop_assert_eq!(merged.opens_at, own.opens.map_or(inherited.opens_at, |_| alone.opens_at));
            prop_assert_eq!(merged.closes_at, own.closes.map_or(inherited.closes_at, |_| alone.closes_at));
        }

        /// Instants stay when an occurrence moves; relative edges are never after the start.
        #[test]
        fn relative_edges_follow_the_start(window in window(), one in start(), other in start()) {
            let (before, after) = (window.of(one), window.of(other));
            if let Some(WindowEdge::At(instant)) = window.opens {
                prop_assert_eq!((before.opens_at, after.opens_at), (Some(instant), Some(instant)));
            }
            if let Some(WindowEdge::Before(_)) = window.closes {
                prop_assert!(before.closes_at <= Some(one.at) && after.closes_at <= Some(other.at));
            }
        }

        /// Registration is open from the opening to the closing, without the latter, and at no other time.
        #[test]
        fn registration_is_open_between_the_edges(window in window(), start in start(), now in timestamp()) {
            let period = window.of(start);
            let opened = period.opens_at.is_none_or(|opens| opens <= now);
            let closed = period.closes_at.is_some_and(|closes| closes <= now);
            prop_assert_eq!(period.must_be_open(now).is_ok(), opened && !closed);
            if period.is_empty() {
                prop_assert!(period.must_be_open(now).is_err());
            }
        }

        /// What a window says as JSON is read as the same window.
        #[test]
        fn the_fields_of_a_window_are_read_as_the_same_window(window in window(), start in start()) {
            let fields = window.as_json(start.tz);
            let text = |name: &str| fields[name].as_str();
            let input = WindowInput {
                opens_at: text("registration_opens_at").map(|text| text.parse().unwrap()),
                opens_before: text("registration_opens_before").map(|text| text.parse().unwrap()),
                closes_at: text("registration_closes_at").map(|text| text.parse().unwrap()),
                closes_before: text("registration_closes_before").map(|text| text.parse().unwrap()),
            };
            let mut violations = Violations::default();
            prop_assert_eq!(input.read(&mut violations, Some(start.tz)), window);
            prop_assert!(violations.is_empty());
        }
    }
}
