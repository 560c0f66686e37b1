//! What a notification says.

use super::kind::NotificationKind;
use super::notification::Notification;
use super::notify::ToldDetails;
use crate::time::Moment;

/// The text of a notification.
pub(super) fn of(told: &Notification, details: &ToldDetails) -> String {
    let title = told.title.as_deref().map_or_else(|| "a deleted event".to_owned(), |t| format!("“{t}”"));
    let zone = told.timezone.as_deref().unwrap_or("UTC");
    let start = told.starts_at.map_or_else(String::new, |at| format!(" on {}", date(at, zone)));
    let actor = told.actor.as_ref().map_or("Someone", |actor| actor.display_name.as_str());
    match told.kind {
        NotificationKind::RegistrationConfirmed => {
            format!("Your registration for {title}{start} is confirmed.")
        }
        NotificationKind::RegistrationWaitlisted => format!("You are on the waitlist of {title}{start}."),
        NotificationKind::RegistrationPromoted => {
            format!("You have moved up from the waitlist: your registration for {title}{start} is confirmed.")
        }
        NotificationKind::RegistrationCancelled if details.own => {
            format!("You have cancelled your registration for {title}{start}.")
        }
        NotificationKind::RegistrationCancelled => {
            format!("An organizer has cancelled your registration for {title}{start}.")
        }
        NotificationKind::EventChanged => changed(told, &title, &start, zone, details.restored),
        NotificationKind::EventCancelled => format!("{}{start} is cancelled.", capitalized(&title)),
        NotificationKind::Reminder => {
            let start = told.starts_at.map_or_else(String::new, |at| date(at, zone));
            format!("{} begins on {start}.", capitalized(&title))
        }
        NotificationKind::NewComment => format!("{actor} commented on {title}."),
        NotificationKind::CommentReply => format!("{actor} replied to your comment on {title}."),
        NotificationKind::FeedbackReceived => format!("{actor} gave feedback on {title}{start}."),
        NotificationKind::PasswordChanged => {
            "The password of your account has changed. If it was not you, reset it at once.".to_owned()
        }
        NotificationKind::NewSignIn => {
            let client = details.client.as_deref().map_or_else(String::new, |client| format!(" ({client})"));
            format!(
                "Someone signed in to your account from a new client{client}. If it was not you, end the \
                 session and change your password."
            )
        }
        NotificationKind::WebhookDisabled => {
            let receiver = details.receiver.as_deref().unwrap_or("a receiver");
            let why = if details.gone { "has answered that it is gone" } else { "took nothing for 24 hours" };
            format!("Your webhook is disabled: {receiver} {why}. Enable it again once it works.")
        }
        NotificationKind::CalendarSubscription => of_calendar(details),
    }
}

fn of_calendar(details: &ToldDetails) -> String {
    let host = details.receiver.as_deref().unwrap_or("a server");
    match (details.missing, details.gone) {
        (0, true) => format!(
            "The calendar that you follow at {host} is gone, and is not read any more. Its events stay as \
             they are."
        ),
        (0, false) => format!(
            "The calendar that you follow at {host} could not be read for three days, and is not read any \
             more. Its events stay as they are."
        ),
        (1, _) => format!(
            "An event has disappeared from the calendar that you follow at {host}. It is cancelled, and \
             those who had registered are told."
        ),
        (count, _) => format!(
            "{count} events have disappeared from the calendar that you follow at {host}. They are \
             cancelled, and those who had registered are told."
        ),
    }
}

fn changed(told: &Notification, title: &str, start: &str, zone: &str, restored: bool) -> String {
    let mut sentences = Vec::new();
    if restored {
        sentences.push(format!("{}{start} takes place after all.", capitalized(title)));
    }
    match told.old_starts_at {
        Some(old) if Some(old) != told.starts_at => {
            let new = told.starts_at.map_or_else(String::new, |at| date(at, zone));
            sentences.push(format!("{} has moved from {} to {new}.", capitalized(title), date(old, zone)));
        }
        Some(_) => sentences.push(format!("The end of {title}{start} has changed.")),
        None => {}
    }
    if let Some(old) = &told.old_location {
        sentences.push(format!("The place of {title}{start} has changed; it was {old}."));
    }
    sentences.join(" ")
}

fn date(at: Moment, zone: &str) -> String {
    match at {
        Moment::At(at) => format!("{} ({zone})", at.format("%A, %-d %B %Y, %H:%M")),
        Moment::Day(day) => day.format("%A, %-d %B %Y").to_string(),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
