//! One occurrence with everything that its screen shows.

use eventcore::OccurrenceId;
use eventcore::registrations::RegistrationStatus;

use super::notifications;
use super::request::{Notices, OccurrenceDetail};
use crate::api::{Api, OccurrenceFilter, Result};

/// Loads the occurrence, and then the rest at the same time.
pub(super) async fn load(api: &impl Api, occurrence: OccurrenceId) -> Result<OccurrenceDetail> {
    let details = api.occurrence(occurrence).await?;
    let id = details.event_id;
    let mine = async {
        let registration = api.my_registration(occurrence).await?;
        let feedback = match &registration {
            Some(registration) if registration.status.has_seats() => api.my_feedback(occurrence).await?,
            _ => None,
        };
        let reminders = match &registration {
            Some(registration) if registration.status != RegistrationStatus::Cancelled => {
                notifications::reminders(api, occurrence).await.ok()
            }
            _ => None,
        };
        Ok((registration, feedback, reminders))
    };
    let muted = async { Ok(api.is_muted(id).await.ok().flatten().unwrap_or(false)) };
    // The screen is shown even if the comments cannot be counted.
    let comment_count = async { Ok(api.comment_count(id).await.ok()) };
    let of_event = OccurrenceFilter { event: Some(id), ..OccurrenceFilter::default() };
    let (mine, event, occurrences, feedback, comment_count, muted) = tokio::try_join!(
        mine,
        api.event(id),
        api.occurrences(&of_event, None),
        api.feedback(id, None),
        comment_count,
        muted,
    )?;
    let (registration, my_feedback, reminders) = mine;
    Ok(OccurrenceDetail {
        occurrence: details,
        event,
        registration,
        occurrences: occurrences.items,
        feedback,
        comment_count,
        my_feedback,
        notices: Notices { muted, reminders },
    })
}
