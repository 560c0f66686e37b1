//! What a notification says in the inbox: in the time zone that is shown, and in few words.

use chrono::Datelike;
use eventcore::Timestamp;
use eventcore::notifications::{Notification, NotificationKind};
use eventcore::time::Moment;

use crate::view_context::ViewContext;
use crate::widgets::text::clean;

/// A sign for what happened: good, bad, or to be looked at. Others have none.
pub(super) const fn sign(kind: NotificationKind) -> char {
    match kind {
        NotificationKind::RegistrationConfirmed | NotificationKind::RegistrationPromoted => '✓',
        NotificationKind::RegistrationWaitlisted => '◌',
        NotificationKind::RegistrationCancelled | NotificationKind::EventCancelled => '✗',
        NotificationKind::EventChanged
        | NotificationKind::PasswordChanged
        | NotificationKind::NewSignIn
        | NotificationKind::WebhookDisabled
        | NotificationKind::CalendarSubscription => '!',
        NotificationKind::Reminder
        | NotificationKind::NewComment
        | NotificationKind::CommentReply
        | NotificationKind::FeedbackReceived => ' ',
    }
}

/// What it is about.
pub(crate) fn title(told: &Notification) -> String {
    match (&told.title, told.kind.is_about_account()) {
        (Some(title), _) => clean(title),
        (None, true) if told.webhook_id.is_some() => "Your webhooks".to_owned(),
        (None, true) if told.kind == NotificationKind::CalendarSubscription => {
            "Calendars that you follow".to_owned()
        }
        (None, true) => "Your account".to_owned(),
        (None, false) => "A deleted event".to_owned(),
    }
}

/// What happened, and to which occurrence: `Your registration is confirmed · Thu 4 March 2027, 18:30`.
pub(crate) fn sentence(told: &Notification, view: &ViewContext) -> String {
    let actor = told.actor.as_ref().map_or_else(|| "Someone".to_owned(), |actor| clean(&actor.display_name));
    let start = told.starts_at.map(|start| when(&start, told, view));
    let what = match told.kind {
        NotificationKind::RegistrationConfirmed => "Your registration is confirmed".to_owned(),
        NotificationKind::RegistrationWaitlisted => "You are on the waitlist".to_owned(),
        NotificationKind::RegistrationPromoted => {
            "You moved up from the waitlist: your registration is confirmed".to_owned()
        }
        NotificationKind::RegistrationCancelled => "An organizer cancelled your registration".to_owned(),
        NotificationKind::EventChanged => return changed(told, start, view),
        NotificationKind::EventCancelled => "It is cancelled".to_owned(),
        NotificationKind::Reminder => {
            return start.map_or_else(|| "It begins soon".to_owned(), |start| format!("It begins {start}"));
        }
        NotificationKind::NewComment => return format!("{actor} commented on it"),
        NotificationKind::CommentReply => return format!("{actor} replied to your comment"),
        NotificationKind::FeedbackReceived => format!("{actor} gave feedback"),
        NotificationKind::PasswordChanged
        | NotificationKind::NewSignIn
        | NotificationKind::WebhookDisabled
        | NotificationKind::CalendarSubscription => return clean(&told.text),
    };
    match start {
        Some(start) => format!("{what} · {start}"),
        None => what,
    }
}

fn changed(told: &Notification, start: Option<String>, view: &ViewContext) -> String {
    let start = start.unwrap_or_default();
    let place = told.old_location.as_deref().map(|old| format!("another place, no longer {}", clean(old)));
    match (told.old_starts_at, place) {
        (Some(old), place) if Some(old) != told.starts_at => {
            let place = place.map(|place| format!(" · {place}")).unwrap_or_default();
            format!("It moved to {start}, from {}{place}", when(&old, told, view))
        }
        (Some(_), None) => format!("Its end has changed · {start}"),
        (Some(_), Some(place)) => format!("Its end has changed, and {place} · {start}"),
        (None, Some(place)) => format!("It has {place} · {start}"),
        (None, None) => format!("It takes place after all · {start}"),
    }
}

/// `Thu 4 March 2027, 18:30`, with the time zone if it is not mine.
fn when(moment: &Moment, told: &Notification, view: &ViewContext) -> String {
    let own = told.timezone.as_deref().unwrap_or("UTC");
    let (day, time) = view.local(moment, own);
    let day = day.format("%a %-d %B %Y");
    let Some(time) = time else { return format!("{day}, all day") };
    let zone = view.zone_of(own);
    let zone = if zone == view.my_zone { String::new() } else { format!(" ({zone})") };
    format!("{day}, {}{zone}", time.format("%H:%M"))
}

/// How long ago something was: `just now`, `5 min ago`, `2 h ago`, `yesterday`, `3 days ago`, `4 Mar`.
pub(super) fn age(at: Timestamp, view: &ViewContext) -> String {
    let then = at.in_zone(view.my_zone).naive_local();
    let days = (view.now.date() - then.date()).num_days();
    // By instants, because a local time may come twice.
    let minutes = view.seconds_since(at) / 60;
    match (minutes, days) {
        (..1, _) => "just now".to_owned(),
        (1..60, _) => format!("{minutes} min ago"),
        (60..720, _) | (_, ..1) => format!("{} h ago", minutes / 60),
        (_, 1) => "yesterday".to_owned(),
        (_, 2..7) => format!("{days} days ago"),
        _ if then.year() == view.now.year() => then.format("%-d %b").to_string(),
        _ => then.format("%-d %b %Y").to_string(),
    }
}
