//! The co-organizers of an event.

use eventcore::{EventId, UserId};

use super::Response;
use crate::api::{Api, Result};

/// A request about the co-organizers of an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CoOrganizersRequest {
    List,
    /// Adds the user with this username.
    Add(String),
    Remove(UserId),
}

pub(super) async fn run(api: &impl Api, event: EventId, request: CoOrganizersRequest) -> Result<Response> {
    match request {
        CoOrganizersRequest::List => return Ok(Response::CoOrganizers(api.co_organizers(event).await?)),
        CoOrganizersRequest::Add(username) => api.add_co_organizer(event, &username).await?,
        CoOrganizersRequest::Remove(user) => api.remove_co_organizer(event, user).await?,
    }
    Ok(Response::Done)
}
