//! [`ZoneSource`]: where a process looks for a newer edition than the built-in one.

use std::path::{Path, PathBuf};

use super::error::ZoneError;
use super::folder;
use super::table::{self, ZoneOrigin, zones_in_force};

/// Where compiled zones are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZoneSource {
    /// In the folder of the system, such as `/usr/share/zoneinfo`. Its edition is used if it is newer than
    /// the built-in one. If it is damaged, a warning is logged, and it is not used at all.
    #[default]
    System,
    /// In this folder. Its edition is used unless it is older than the built-in one.
    Folder(PathBuf),
    /// Nowhere: the built-in edition is used.
    BuiltIn,
}

/// The folders in which systems have compiled zones.
const OF_SYSTEMS: [&str; 4] =
    ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// Lets this process use the time-zone data of `source`, unless what it uses is newer. Programs call it when
/// they start. Reads files.
///
/// # Errors
/// A [`ZoneSource::Folder`] cannot be used: its edition is unknown, or a file is damaged.
pub fn use_zones(source: &ZoneSource) -> Result<(), ZoneError> {
    match source {
        ZoneSource::BuiltIn => Ok(()),
        ZoneSource::Folder(folder) => adopt_folder(folder, true).map_err(|error| {
            ZoneError::new(format!("time zones cannot be read from {}: {error}", folder.display()))
        }),
        ZoneSource::System => {
            let folder = OF_SYSTEMS.iter().map(Path::new).find(|folder| folder.is_dir());
            if let Some(folder) = folder
                && let Err(error) = adopt_folder(folder, false)
            {
                let (folder, edition) = (folder.display(), zones_in_force());
                tracing::warn!(%folder, %error, %edition, "the time zones of the system are not used");
            }
            Ok(())
        }
    }
}

fn adopt_folder(folder: &Path, is_chosen: bool) -> Result<(), ZoneError> {
    let edition = folder::edition_of(folder);
    let in_force = zones_in_force();
    let is_wanted = match &edition {
        Ok(edition) if is_chosen => {
            *edition > in_force.edition
                || *edition == in_force.edition && in_force.origin == ZoneOrigin::BuiltIn
        }
        Ok(edition) => *edition > in_force.edition,
        // Many systems do not tell the edition.
        Err(_) if !is_chosen => false,
        Err(_) => true,
    };
    if !is_wanted {
        return Ok(());
    }
    let files = folder::read_zones(folder, edition?)?;
    table::adopt(files, ZoneOrigin::Folder(folder.to_owned()));
    Ok(())
}
