//! [`CalendarFile`]: an iCalendar file with its name and version.

use crate::time::Timestamp;

/// An iCalendar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFile {
    /// `text/calendar` in UTF-8.
    pub text: String,
    /// Suggested name.
    pub file_name: String,
    /// Version of the event, which rises with every change of it.
    pub version: i64,
    /// Time of the last change of anything in the file.
    pub updated_at: Timestamp,
}
