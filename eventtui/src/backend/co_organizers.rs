//! The co-organizers of an event.

use eventcore::EventId;

use super::boxed::Boxed;
use super::grouped::CoOrganizersRequest;
use super::request::Response;
use crate::api::{Api, Result};

pub(super) fn run(
    api: &impl Api,
    event: EventId,
    request: CoOrganizersRequest,
) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        match request {
            CoOrganizersRequest::List => return Ok(Response::CoOrganizers(api.co_organizers(event).await?)),
            CoOrganizersRequest::Add(username) => api.add_co_organizer(event, &username).await?,
            CoOrganizersRequest::Remove(user) => api.remove_co_organizer(event, user).await?,
        }
        Ok(Response::Done)
    })
}
