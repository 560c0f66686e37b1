//! Reads the sources of a workspace from disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The text of each `.rs` file and each `Cargo.toml`, by its path relative to the root, with `/`.
pub(crate) type Sources = BTreeMap<String, String>;

/// The closest directory with a `[workspace]` at or above `CARGO_MANIFEST_DIR`, or the current directory.
pub(crate) fn find_root() -> Result<PathBuf, String> {
    let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(directory) => PathBuf::from(directory),
        None => std::env::current_dir().map_err(|error| format!("no current directory: {error}"))?,
    };
    start
        .ancestors()
        .find(|directory| {
            fs::read_to_string(directory.join("Cargo.toml"))
                .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("[workspace]")))
        })
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("no workspace at or above {}: give its root", start.display()))
}

/// Reads every source below `root`. Symbolic links to directories are not followed.
pub(crate) fn read(root: &Path) -> Result<Sources, String> {
    let mut sources = Sources::new();
    let mut pending = vec![(root.to_path_buf(), String::new())];
    while let Some((directory, prefix)) = pending.pop() {
        let failed = |error: std::io::Error| format!("cannot read {}: {error}", directory.display());
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    pending.push((entry.path(), format!("{path}/")));
                }
            } else if name == "Cargo.toml" || Path::new(&name).extension().is_some_and(|end| end == "rs") {
                let bytes = fs::read(entry.path()).map_err(|error| format!("cannot read {path}: {error}"))?;
                sources.insert(path, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    Ok(sources)
}
