//! The key bindings of webhooks.

use crossterm::event::KeyCode;

use super::action::Action;
use super::binding::Binding;
use super::key::{c, k};
use super::table::bind;
use crate::places::Place;

const WHAT: &str = "webhooks: URLs that are told of changes in my events";

/// A further part of the table.
pub(super) const WEBHOOKS: &[Binding] = &[
    bind(&[c('W')], Action::Webhooks, &[Place::Organize], "", WHAT),
    bind(&[], Action::Webhooks, &[Place::Everywhere], "", WHAT),
    bind(
        &[k(KeyCode::Enter), c('l')],
        Action::Open,
        &[Place::Webhooks],
        "deliveries",
        "what was delivered, and what became of it",
    ),
    bind(&[c('n')], Action::NewWebhook, &[Place::Webhooks], "new", "create a webhook"),
    bind(&[c('e')], Action::EditWebhook, &[Place::Webhooks], "edit", "change URL, kinds and description"),
    bind(
        &[c('t')],
        Action::TestWebhook,
        &[Place::Webhooks, Place::Deliveries],
        "test",
        "send a test to the webhook",
    ),
    bind(
        &[c('p')],
        Action::ToggleWebhook,
        &[Place::Webhooks],
        "pause",
        "pause the webhook, or enable it again",
    ),
    bind(
        &[c('s')],
        Action::RotateSecret,
        &[Place::Webhooks],
        "",
        "replace the secret of the webhook; the former one signs for 24 more hours",
    ),
    bind(&[c('x')], Action::DeleteWebhook, &[Place::Webhooks], "delete", "delete the webhook"),
    bind(&[c('r')], Action::Redeliver, &[Place::Deliveries], "again", "send the delivery again"),
];
