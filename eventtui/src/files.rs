//! The user's configuration and state files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// This program's folder below `$variable`, by default below `~/in_home` (XDG Base Directory Specification);
/// `None` if `HOME` is not set either.
pub(crate) fn of_user(variable: &str, in_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(in_home));
    named.or_else(home).map(|folder| folder.join("eventtui"))
}

/// Writes a file that only its owner can read. The file is replaced atomically, whoever else writes it.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Its name is unique, and its mode 0600.
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}
