//! What the user is told of an occurrence: nothing, or when they are reminded.

use eventcore::events::OccurrenceStatus;
use eventcore::phase::Phase;
use ratatui::text::Line;

use super::reminders::ReminderScreen;
use super::screen::Context;
use crate::backend::OccurrenceDetail;
use crate::natural_dates::write_lead_times;
use crate::view_context::ViewContext;

/// That its event is muted, or when the user is reminded. None for what has begun or is cancelled.
pub(super) fn line(detail: &OccurrenceDetail, view: &ViewContext) -> Option<Line<'static>> {
    let theme = view.theme;
    if detail.notices.muted {
        return Some(Line::styled(" ‖ Muted: you are told nothing of it (m unmutes)", theme.warn));
    }
    let reminders = detail.notices.reminders.as_ref()?;
    let occurrence = &detail.occurrence;
    if occurrence.status == OccurrenceStatus::Cancelled || view.phase(occurrence) != Phase::Upcoming {
        return None;
    }
    let (leads, of) = match &reminders.own {
        Some(own) => (own, " this one"),
        None => (&reminders.usual, ""),
    };
    let words = match (leads.is_empty(), of) {
        (true, "") => "No reminders".to_owned(),
        (true, of) => format!("No reminders of{of}"),
        (false, of) => format!("Reminded {} before{of}", write_lead_times(leads)),
    };
    Some(Line::styled(format!(" {words} · b changes it"), theme.muted))
}

/// Opens the reminders of the user's registration.
pub(super) fn edit(detail: Option<&OccurrenceDetail>, cx: &mut Context) {
    let Some(detail) = detail else { return cx.notify('!', "Nothing is loaded yet") };
    match &detail.notices.reminders {
        Some(reminders) => {
            let of = (detail.occurrence.id, detail.occurrence.title.as_str());
            cx.open(ReminderScreen::of_registration(of, reminders.own.as_deref(), &reminders.usual));
        }
        None => cx.notify('!', "You are not registered for it, so there is nothing to remind you of"),
    }
}
