//! One occurrence with everything that its screen shows.

use eventcore::OccurrenceId;

use super::request::{Detail, held};
use crate::api::{Api, OccurrenceFilter, Result};

/// Loads the occurrence, and then the rest at the same time.
pub(super) async fn load(api: &impl Api, occurrence: OccurrenceId) -> Result<Detail> {
    let date = api.occurrence(occurrence).await?;
    let id = date.event_id;
    let mine = async {
        let registration = api.my_registration(occurrence).await?;
        let feedback = match &registration {
            Some(registration) if held(registration) => api.my_feedback(occurrence).await?,
            _ => None,
        };
        Ok((registration, feedback))
    };
    // The screen is shown even if the comments cannot be counted.
    let comments = async { Ok(api.comment_count(id).await.ok()) };
    let of_event = OccurrenceFilter { event: Some(id), ..OccurrenceFilter::default() };
    let ((place, mine), event, dates, feedback, comments) = tokio::try_join!(
        mine,
        api.event(id),
        api.occurrences(&of_event, None),
        api.feedback(id, None),
        comments,
    )?;
    Ok(Detail { date, event, place, dates: dates.items, feedback, comments, mine })
}
