//! Requests about calendar files, and what they answer.

use std::fmt;
use std::sync::Arc;

use eventcore::calendars::ImportReport;

/// A request about a calendar file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ImportRequest {
    /// Reads a file, and tells what an import would do.
    Try {
        path: String,
        /// Where events without a location take place.
        location: Option<String>,
    },
    /// Imports a file as it was read.
    Store(CalendarFile),
}

/// A calendar file that was read.
#[derive(Clone, PartialEq)]
pub(crate) struct CalendarFile {
    /// The name, without its folder.
    pub(crate) name: String,
    pub(crate) content: Arc<[u8]>,
    pub(crate) location: Option<String>,
}

impl fmt::Debug for CalendarFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.name, self.content.len())
    }
}

/// A file, and what an import would do with it, or has done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImportedFile {
    pub(crate) file: CalendarFile,
    pub(crate) report: ImportReport,
}
