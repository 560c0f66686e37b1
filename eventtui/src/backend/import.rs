//! Importing calendar files.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eventcore::{EventCore, Violation};

use super::boxed::Boxed;
use super::import_request::{CalendarFile, ImportRequest, ImportedFile};
use super::request::Response;
use crate::api::{Api, ApiError, ErrorKind, Result};

pub(super) fn run(api: &impl Api, request: ImportRequest) -> Boxed<impl Future<Output = Result<Response>>> {
    Box::pin(async move {
        let (file, dry_run) = match request {
            ImportRequest::Try { path, location } => {
                let read = tokio::task::spawn_blocking(move || read(&path));
                let (name, content) = read.await.map_err(|error| ApiError::other(error.to_string()))??;
                (CalendarFile { name, content, location }, true)
            }
            ImportRequest::Store(file) => (file, false),
        };
        let report = api.import_calendar(&file.content, file.location.as_deref(), dry_run).await;
        let report = report.map_err(about_the_file)?;
        Ok(Response::Import(Box::new(ImportedFile { file, report })))
    })
}

/// An error about the body of a request is one about the file.
fn about_the_file(mut error: ApiError) -> ApiError {
    for wrong in error.fields.iter_mut().filter(|wrong| wrong.pointer.is_empty()) {
        "/path".clone_into(&mut wrong.pointer);
    }
    error
}

fn refused(message: String) -> ApiError {
    let violation =
        Violation { pointer: "/path".to_owned(), code: "invalid".into(), message: message.clone() };
    ApiError { message, fields: vec![violation], kind: ErrorKind::Other }
}

/// Reads a file whose path was typed or pasted: in quotes, or below `~`.
fn read(path: &str) -> Result<(String, Arc<[u8]>)> {
    let path = path.trim();
    let unquoted = |quote: char| path.strip_prefix(quote)?.strip_suffix(quote);
    let path = unquoted('"').or_else(|| unquoted('\'')).unwrap_or(path);
    let home = path.strip_prefix("~/").zip(std::env::var_os("HOME"));
    let path = home.map_or_else(|| PathBuf::from(path), |(rest, home)| Path::new(&home).join(rest));
    let cannot = |error: std::io::Error| refused(format!("cannot be read: {error}"));
    let metadata = std::fs::metadata(&path).map_err(cannot)?;
    if !metadata.is_file() {
        return Err(refused("is not a file".to_owned()));
    }
    let most = u64::try_from(EventCore::MAX_IMPORT).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut content))
        .map_err(cannot)?;
    if content.len() > EventCore::MAX_IMPORT {
        return Err(refused("is larger than 10 MiB: split it".to_owned()));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((name, content.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(path: &Path) -> String {
        read(path.to_str().unwrap()).unwrap_err().fields[0].message.clone()
    }

    #[test]
    fn files_are_read_by_quoted_paths_and_never_without_bound() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my club.ics");
        std::fs::write(&file, "BEGIN:VCALENDAR").unwrap();
        for path in [format!("  {}  ", file.display()), format!("\"{}\"", file.display())] {
            let (name, content) = read(&path).unwrap();
            assert_eq!((name.as_str(), &content[..]), ("my club.ics", &b"BEGIN:VCALENDAR"[..]));
        }
        assert_eq!(message(folder.path()), "is not a file");
        assert_eq!(message(Path::new("/dev/zero")), "is not a file");
        assert!(message(&folder.path().join("missing")).starts_with("cannot be read: "));
        std::fs::File::create(&file).unwrap().set_len(11 << 20).unwrap();
        assert_eq!(message(&file), "is larger than 10 MiB: split it");
    }
}
