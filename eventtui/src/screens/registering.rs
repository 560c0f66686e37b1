//! What a user who is not registered for an occurrence can do about it.

use eventcore::events::{Occurrence, OccurrenceStatus};
use eventcore::phase::Phase;
use eventcore::time::Moment;
use ratatui::text::Line;

use crate::view_context::ViewContext;

/// Whether the key registers or joins the waitlist; else why it does neither, and when it will.
pub(super) fn line(occurrence: &Occurrence, view: &ViewContext) -> Line<'static> {
    let theme = view.theme;
    if occurrence.registration_open {
        let queue = occurrence.waitlist_length > 0 || occurrence.seats_left == 0;
        return match (queue, occurrence.waitlist_enabled, occurrence.waitlist_length) {
            (false, ..) => Line::styled(" r registers you", theme.muted),
            (true, true, 0) => Line::styled(" Full: r joins the waitlist", theme.warn),
            (true, true, waiting) => {
                Line::styled(format!(" r joins the waitlist ({waiting} waiting)"), theme.warn)
            }
            (true, false, _) => Line::styled(" Full", theme.bad),
        };
    }
    let moment = |moment: Option<Moment>| moment.filter(|_| occurrence.status == OccurrenceStatus::Scheduled);
    let (opens, closed) =
        (moment(occurrence.registration_opens_at), moment(occurrence.registration_closes_at));
    let text = match (opens, closed) {
        _ if view.is_over(occurrence) => " It is over".to_owned(),
        _ if view.phase(occurrence) == Phase::Current => " It has started: registration is closed".to_owned(),
        (Some(opens), _) if !view.has_come(&opens, &occurrence.timezone) => {
            format!(" Registration opens {}", at(&opens, occurrence, view))
        }
        (_, Some(closed)) if view.has_come(&closed, &occurrence.timezone) => {
            format!(" Registration closed {}", at(&closed, occurrence, view))
        }
        _ => " Registration is closed".to_owned(),
    };
    Line::styled(text, theme.muted)
}

/// `Thu 26 Nov, 09:00`, with the year if it is not that of today.
fn at(moment: &Moment, occurrence: &Occurrence, view: &ViewContext) -> String {
    let (day, time) = view.local(moment, &occurrence.timezone);
    let this_year = day.format("%Y").to_string() == view.now.format("%Y").to_string();
    let day = day.format(if this_year { "%a %-d %b" } else { "%a %-d %b %Y" });
    time.map_or_else(|| day.to_string(), |time| format!("{day}, {}", time.format("%H:%M")))
}
