//! `/import`.

use std::time::Duration;

use eventcore::calendars::ImportReport;
use hyper::body::Bytes;

use super::Client;
use super::connection::Call;
use crate::api::{CalendarsApi, Result};

/// Time limit of an import. A file may have 20,000 events.
const TIMEOUT: Duration = Duration::from_mins(2);

impl CalendarsApi for Client {
    async fn import_calendar(
        &self,
        file: &[u8],
        location: Option<&str>,
        dry_run: bool,
    ) -> Result<ImportReport> {
        let location = location.map_or_else(String::new, |location| {
            format!("&location={}", form_urlencoded::byte_serialize(location.as_bytes()).collect::<String>())
        });
        let path = format!("/import?dry_run={dry_run}{location}");
        let call = Call::post(&path).file("text/calendar", Bytes::copy_from_slice(file)).within(TIMEOUT);
        Ok(self.http.call(call).await?)
    }
}
