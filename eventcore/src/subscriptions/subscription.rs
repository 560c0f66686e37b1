//! The subscription: its public types, and its row.

use sqlx::FromRow;

use crate::calendars::{ImportNote, ImportOptions};
use crate::db::text_enum;
use crate::error::{Error, Result, Violations};
use crate::events::{EventStatus, Visibility};
use crate::id::SubscriptionId;
use crate::input::{Fields, deserialize_by_fields};
use crate::time::Timestamp;
use crate::webhooks::{WebhookPolicy, normal_url};

text_enum! {
    /// Why a calendar is not followed any more.
    pub enum SubscriptionEnd {
        /// Its owner has disabled the subscription.
        Owner = "owner",
        /// It could not be read for three days.
        Failing = "failing",
        /// Its server has answered with the status 410: it is gone.
        Gone = "gone",
        /// The subscription is being deleted, after its events.
        Ending = "ending",
    }
}

text_enum! {
    /// What becomes of the events of a subscription that is deleted.
    pub enum UnsubscribeChoice {
        /// They stay, and the organizer can change them.
        Keep = "keep",
        /// Those that lie ahead are cancelled, or deleted if nobody has registered.
        Cancel = "cancel",
    }
}

/// What became of the components of a calendar when it was last read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubscriptionReport {
    /// The number of components that were new.
    pub created: u32,
    /// The number of components that have changed what was stored.
    pub updated: u32,
    /// The number of components that were stored already.
    pub unchanged: u32,
    /// The number of components that are not stored, such as what is over.
    pub skipped: u32,
    /// Why components are not stored that are not over: the first twenty reasons.
    pub reasons: Vec<ImportNote>,
}

/// A calendar that an organizer follows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarSubscription {
    /// The id.
    pub id: SubscriptionId,
    /// Where the calendar is.
    pub url: String,
    /// The location of new events without one; null for the default, `To be announced`.
    pub location: Option<String>,
    /// The capacity of new events; null for the default, 100.
    pub capacity: Option<i64>,
    /// The IANA time zone of times and dates without one; null for that of the calendar, or of the user.
    pub timezone: Option<String>,
    /// Who can see new events; null for what the calendar says.
    pub visibility: Option<Visibility>,
    /// Whether new events are drafts.
    pub drafts: bool,
    /// Whether the calendar is read every hour.
    pub enabled: bool,
    /// Why it is not; null if it is.
    pub disabled_because: Option<SubscriptionEnd>,
    /// Since when it is not; null if it is.
    pub disabled_at: Option<Timestamp>,
    /// The number of events that come from it.
    pub events: i64,
    /// When it was last asked for; null if it was not.
    pub checked_at: Option<Timestamp>,
    /// When its server last answered with it, or that it has not changed; null if it never did.
    pub succeeded_at: Option<Timestamp>,
    /// Since when each attempt fails; null if the last one did not.
    pub failing_since: Option<Timestamp>,
    /// Why the last attempt failed; null if it did not.
    pub failure: Option<String>,
    /// What became of what it had when it was last read; null if it was not.
    pub report: Option<SubscriptionReport>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
    /// Increases with every change of its owner.
    pub version: i64,
}

/// A subscription to create, or the new fields of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarSubscriptionInput {
    /// An https or webcal URL of an iCalendar file, without credentials and fragment. It must lead to a
    /// public address, or to a network that the operator allows.
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub url: String,
    /// The location of new events without one: 1–300 characters. Default: `To be announced`.
    #[cfg_attr(feature = "openapi", schema(required = false, min_length = 1, max_length = 300))]
    pub location: Option<String>,
    /// The capacity of new events: 1–1,000,000. Default: 100.
    #[cfg_attr(feature = "openapi", schema(required = false, minimum = 1, maximum = 1_000_000))]
    pub capacity: Option<i64>,
    /// The IANA time zone of times and dates without one. Default: that of the calendar, else that of the
    /// user.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub timezone: Option<String>,
    /// Who can see new events. Default: nobody but registered users if CLASS is PRIVATE or CONFIDENTIAL,
    /// otherwise everyone.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub visibility: Option<Visibility>,
    /// Whether new events are drafts, to be published one by one. Default: false.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub drafts: bool,
    /// Whether the calendar is read every hour. Default: true.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub enabled: Option<bool>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(CalendarSubscriptionInput);

impl CalendarSubscriptionInput {
    fn take(fields: &mut Fields) -> Self {
        Self {
            url: fields.string("url").unwrap_or_default(),
            location: fields.string("location"),
            capacity: fields.integer("capacity"),
            timezone: fields.string("timezone"),
            visibility: fields.parsed("visibility"),
            drafts: fields.boolean("drafts").unwrap_or(false),
            enabled: fields.boolean("enabled"),
            parse_errors: Violations::default(),
        }
    }

    fn defaults(&self) -> NewEventDefaults {
        NewEventDefaults {
            location: self.location.clone(),
            capacity: self.capacity,
            timezone: self.timezone.clone(),
            visibility: self.visibility,
            drafts: self.drafts,
        }
    }

    /// What is wrong, and this input in its normal form.
    pub(super) fn check(mut self, policy: &WebhookPolicy) -> (Self, Violations) {
        let mut violations = std::mem::take(&mut self.parse_errors);
        violations.add_within("", &self.defaults().options().violations());
        self.location = self.location.map(|location| location.trim().to_owned());
        if self.url.is_empty() && !violations.contains("/url") {
            violations.add("/url", "required", "is required");
        } else if !violations.contains("/url") {
            match normal_url(&over_https(&self.url), policy) {
                Ok(url) => self.url = url,
                Err(message) => violations.add("/url", "invalid", message),
            }
        }
        (self, violations)
    }
}

/// What new events of a subscription get that its calendar does not say.
#[derive(Debug, Clone, FromRow)]
pub(super) struct NewEventDefaults {
    location: Option<String>,
    capacity: Option<i64>,
    timezone: Option<String>,
    visibility: Option<Visibility>,
    drafts: bool,
}

impl NewEventDefaults {
    /// The options of an import.
    pub(super) fn options(self) -> ImportOptions {
        ImportOptions {
            dry_run: false,
            past: false,
            location: self.location,
            capacity: self.capacity,
            timezone: self.timezone,
            visibility: self.visibility,
            status: self.drafts.then_some(EventStatus::Draft),
        }
    }
}

/// A URL with `https:` instead of `webcal:`, which stands for the same.
fn over_https(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, rest)) if ["webcal", "webcals"].iter().any(|it| scheme.eq_ignore_ascii_case(it)) => {
            format!("https:{rest}")
        }
        _ => url.to_owned(),
    }
}

/// A row of `calendar_subscriptions`, as its owner sees it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct SubscriptionRow {
    pub(super) id: SubscriptionId,
    pub(super) url: String,
    pub(super) location: Option<String>,
    pub(super) capacity: Option<i64>,
    pub(super) timezone: Option<String>,
    pub(super) visibility: Option<Visibility>,
    pub(super) drafts: bool,
    pub(super) disabled_at: Option<Timestamp>,
    pub(super) disabled_because: Option<SubscriptionEnd>,
    events: i64,
    checked_at: Option<Timestamp>,
    succeeded_at: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    failure: Option<String>,
    report: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    pub(super) version: i64,
}

/// The columns of a [`SubscriptionRow`], of the table `calendar_subscriptions s`.
pub(super) const COLUMNS: &str = "s.id, s.url, s.location, s.capacity, s.timezone, s.visibility, s.drafts, \
     s.disabled_at, s.disabled_because, s.checked_at, s.succeeded_at, s.failing_since, s.failure, s.report, \
     s.created_at, s.updated_at, s.version, \
     (SELECT count(*) FROM events e WHERE e.subscription_id = s.id) AS events";

impl SubscriptionRow {
    /// The public form.
    pub(super) fn subscription(self) -> Result<CalendarSubscription> {
        let report = self.report.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        Ok(CalendarSubscription {
            id: self.id,
            url: self.url,
            location: self.location,
            capacity: self.capacity,
            timezone: self.timezone,
            visibility: self.visibility,
            drafts: self.drafts,
            enabled: self.disabled_at.is_none(),
            disabled_because: self.disabled_because,
            disabled_at: self.disabled_at,
            events: self.events,
            checked_at: self.checked_at,
            succeeded_at: self.succeeded_at,
            failing_since: self.failing_since,
            failure: self.failure,
            report,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webcal_stands_for_https() {
        for (url, over) in [
            ("webcal://example.org/a.ics", "https://example.org/a.ics"),
            ("WEBCALS://example.org/a.ics", "https://example.org/a.ics"),
            ("https://example.org/webcal:x", "https://example.org/webcal:x"),
            ("webcal", "webcal"),
        ] {
            assert_eq!(over_https(url), over);
        }
    }
}
