//! Calendar files, on a database.

use eventcore::calendars::{ImportOptions, ImportReport};

use super::Library;
use crate::api::{CalendarsApi, Result};

impl CalendarsApi for Library {
    async fn import_calendar(
        &self,
        file: &[u8],
        location: Option<&str>,
        dry_run: bool,
    ) -> Result<ImportReport> {
        let options =
            ImportOptions { dry_run, location: location.map(str::to_owned), ..ImportOptions::default() };
        Ok(self.core.import_calendar(&self.actor(), file.to_vec(), &options).await?)
    }
}
