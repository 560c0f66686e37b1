//! Importing calendar files.

use eventcore::calendars::ImportReport;

use super::error::ApiError;

/// Calendar files of other programs.
pub(crate) trait CalendarsApi {
    /// Imports an iCalendar file. A dry run stores nothing. `location` is where events without one take
    /// place.
    async fn import_calendar(
        &self,
        file: &[u8],
        location: Option<&str>,
        dry_run: bool,
    ) -> Result<ImportReport, ApiError>;
}
