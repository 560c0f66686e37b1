//! Files that only their owner can read and write, whatever the umask: they hold personal data and keys.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates an empty file, which must not exist. SQLite takes it for a new database, and gives the permissions
/// of a database to its `-wal` and `-shm`.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, MODE);
    let file = options.open(path)?;
    // The umask may have removed permissions of the owner too.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(MODE))?;
    Ok(file)
}

#[cfg(unix)]
const MODE: u32 = 0o600;

/// Takes the permissions of everybody but the owner from a file that everybody on the machine may read, as
/// earlier versions created them. A file that is shared with a group only, or that its owner may not write,
/// is left as the operator made it.
pub(super) fn restrict(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata?.permissions(),
        };
        if permissions.mode() & 0o007 != 0 && permissions.mode() & 0o200 != 0 {
            tracing::warn!(file = %path.display(), "others could read this file: now only its owner can");
            permissions.set_mode(permissions.mode() & !0o077);
            std::fs::set_permissions(path, permissions)?;
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_private_unless_shared_with_a_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        create(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        for (before, after) in
            [(0o644, 0o600), (0o666, 0o600), (0o444, 0o444), (0o660, 0o660), (0o640, 0o640)]
        {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(before)).unwrap();
            restrict(&path).unwrap();
            assert_eq!(mode(&path), after, "{before:o}");
        }
        restrict(&folder.path().join("none")).unwrap();
    }
}
