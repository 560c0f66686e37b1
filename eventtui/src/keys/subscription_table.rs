//! The key bindings of calendars that are followed.

use crossterm::event::KeyCode;

use super::action::Action;
use super::binding::Binding;
use super::key::{c, k};
use super::table::bind;
use crate::places::Place;

const WHAT: &str = "calendars that I follow: their events become mine";
const HERE: &[Place] = &[Place::Subscriptions];

/// A further part of the table.
pub(super) const SUBSCRIPTIONS: &[Binding] = &[
    bind(&[c('S')], Action::Subscriptions, &[Place::Organize], "", WHAT),
    bind(&[], Action::Subscriptions, &[Place::Everywhere], "", WHAT),
    bind(&[c('n')], Action::NewSubscription, HERE, "new", "follow a calendar"),
    bind(
        &[c('e'), k(KeyCode::Enter)],
        Action::EditSubscription,
        HERE,
        "edit",
        "change the URL, and what new events get",
    ),
    bind(&[c('r')], Action::RefreshSubscription, HERE, "read now", "read the calendar now"),
    bind(&[c('p')], Action::ToggleSubscription, HERE, "pause", "pause the calendar, or enable it again"),
    bind(&[c('x')], Action::EndSubscription, HERE, "end", "follow it no longer; its events stay"),
    bind(
        &[c('X')],
        Action::EndSubscribedEvents,
        HERE,
        "",
        "follow it no longer, and cancel its events that lie ahead",
    ),
];
