//! Tables of attendees and of insights in CSV, by the functions of the library, whose cells are safe in
//! spreadsheets.

use eventcore::OccurrenceId;
use eventcore::insights::{daily_table, occurrence_table};
use eventcore::registrations::attendee_table;

use super::boxed::Boxed;
use super::grouped::CsvRequest;
use super::request::Response;
use crate::api::{Api, ApiError, Result};

pub(super) fn run(api: &impl Api, request: CsvRequest) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        let table = match request {
            CsvRequest::Attendees(occurrence) => attendees(api, occurrence).await?,
            CsvRequest::Occurrences(event) => occurrence_table(&api.insights(event).await?)?,
            CsvRequest::Days(event) => daily_table(&api.insights(event).await?.by_day)?,
        };
        Ok(Response::File(String::from_utf8(table).map_err(|error| ApiError::other(error.to_string()))?))
    })
}

async fn attendees(api: &impl Api, occurrence: OccurrenceId) -> Result<Vec<u8>> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = api.registrations(occurrence, cursor).await?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(attendee_table(&all, true)?);
        }
    }
}
