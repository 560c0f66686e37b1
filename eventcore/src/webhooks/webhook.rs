//! The webhook: its public types, and its row.

use sqlx::FromRow;

use super::kind::WebhookKind;
use super::policy::WebhookPolicy;
use super::url::normal_url;
use crate::db::text_enum;
use crate::error::Violations;
use crate::id::WebhookId;
use crate::input::{Fields, Lines, check_text, deserialize_by_fields};
use crate::time::Timestamp;

text_enum! {
    /// Why a webhook is disabled.
    pub enum DisabledBecause {
        /// Its owner has disabled it.
        Owner = "owner",
        /// Nothing was delivered within 24 hours, although it was tried.
        Failing = "failing",
        /// The receiver has answered with the status 410: it is gone.
        Gone = "gone",
    }
}

/// A webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// The URL that is told.
    pub url: String,
    /// What it is for, in the words of its owner.
    pub description: String,
    /// The kinds of changes that it is told of.
    pub kinds: Vec<WebhookKind>,
    /// Whether it is told of all events, rather than of those that its owner organizes. Only of admins.
    pub all_events: bool,
    /// Whether it is told of changes.
    pub enabled: bool,
    /// Why it is disabled; null if it is not.
    pub disabled_because: Option<DisabledBecause>,
    /// Since when it is disabled; null if it is not.
    pub disabled_at: Option<Timestamp>,
    /// When something was last delivered, to the minute; null if nothing was.
    pub last_success_at: Option<Timestamp>,
    /// Until when the former secret signs too; null if it does not.
    pub former_secret_expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
    /// Increases with every change of its owner.
    pub version: i64,
}

/// A new webhook with its secret, which cannot be read again later.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// The secret that signs. It starts with `whsec_`.
    pub secret: String,
}

/// A webhook to create, or the new fields of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookInput {
    /// An https URL without credentials and fragment, with the port 443 or one from 1024 on. It must lead to
    /// a public address, or to a network that the operator allows.
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub url: String,
    /// What it is for: up to 200 characters. Default: empty.
    #[cfg_attr(feature = "openapi", schema(required = false, max_length = 200))]
    pub description: String,
    /// The kinds of changes that it is told of, at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub kinds: Vec<WebhookKind>,
    /// Whether it is told of all events, which only admins may ask. Default: false.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub all_events: bool,
    /// Whether it is told of changes. Default: true.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub enabled: Option<bool>,
    /// Violations found while parsing; empty if built in Rust.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub parse_errors: Violations,
}

deserialize_by_fields!(WebhookInput);

/// The most kinds in a request, repeated ones included.
const MAX_KINDS: usize = 100;

impl WebhookInput {
    fn take(fields: &mut Fields) -> Self {
        let words = fields.strings("kinds").unwrap_or_default();
        let mut kinds = Vec::with_capacity(words.len().min(MAX_KINDS));
        for (i, word) in words.into_iter().enumerate() {
            match word.parse() {
                _ if i == MAX_KINDS => fields.add_violation("kinds", "too_many", "has at most 100 items"),
                _ if i > MAX_KINDS => {}
                Ok(kind) => kinds.push(kind),
                Err(message) => fields.add_violation(&format!("kinds/{i}"), "invalid", message),
            }
        }
        Self {
            url: fields.string("url").unwrap_or_default(),
            description: fields.string("description").unwrap_or_default(),
            kinds,
            all_events: fields.boolean("all_events").unwrap_or(false),
            enabled: fields.boolean("enabled"),
            parse_errors: Violations::default(),
        }
    }

    /// What is wrong, and this input in its normal form.
    pub(super) fn check(mut self, policy: &WebhookPolicy) -> (Self, Violations) {
        let mut violations = std::mem::take(&mut self.parse_errors);
        self.description = self.description.trim().to_owned();
        check_text(&mut violations, "description", &self.description, 0, 200, Lines::One);
        self.kinds.sort_unstable();
        self.kinds.dedup();
        let has_kind_error = violations.as_slice().iter().any(|one| one.pointer.starts_with("/kinds"));
        if self.kinds.is_empty() && !has_kind_error {
            violations.add("/kinds", "required", "must name at least one kind of change");
        }
        if self.url.is_empty() && !violations.contains("/url") {
            violations.add("/url", "required", "is required");
        } else if !violations.contains("/url") {
            match normal_url(&self.url, policy) {
                Ok(url) => self.url = url,
                Err(message) => violations.add("/url", "invalid", message),
            }
        }
        (self, violations)
    }
}

/// A row of `webhooks`, without the secrets.
#[derive(Debug, Clone, FromRow)]
pub(super) struct WebhookRow {
    pub(super) id: WebhookId,
    pub(super) url: String,
    pub(super) description: String,
    pub(super) all_events: bool,
    /// Words separated by commas.
    kinds: Option<String>,
    pub(super) disabled_at: Option<Timestamp>,
    pub(super) disabled_because: Option<DisabledBecause>,
    last_success_at: Option<Timestamp>,
    former_secret_until: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    pub(super) version: i64,
}

/// The columns of a [`WebhookRow`], of the table `webhooks w`.
pub(super) const COLUMNS: &str = "w.id, w.url, w.description, w.all_events, \
     (SELECT string_agg(k.kind, ',') FROM webhook_kinds k WHERE k.webhook_id = w.id) AS kinds, \
     w.disabled_at, w.disabled_because, w.last_success_at, w.former_secret_until, w.created_at, \
     w.updated_at, w.version";

impl WebhookRow {
    pub(super) fn kinds(&self) -> Vec<WebhookKind> {
        // A newer version of the program may know more kinds.
        let words = self.kinds.iter().flat_map(|words| words.split(','));
        let mut kinds: Vec<WebhookKind> = words.filter_map(|word| word.parse().ok()).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The public form.
    pub(super) fn webhook(self, now: Timestamp) -> Webhook {
        Webhook {
            kinds: self.kinds(),
            id: self.id,
            url: self.url,
            description: self.description,
            all_events: self.all_events,
            enabled: self.disabled_at.is_none(),
            disabled_because: self.disabled_because,
            disabled_at: self.disabled_at,
            last_success_at: self.last_success_at,
            former_secret_expires_at: self.former_secret_until.filter(|until| *until > now),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}
