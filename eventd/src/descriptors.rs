//! The limit of open files, which bounds the number of connections.

/// The number of connections, if the limit of open files allows as many.
const CONNECTIONS: usize = 10_000;
/// The open files that are not connections of clients: the database, logs, listeners.
const OTHER_FILES: usize = 256;
/// The least number of connections.
const MINIMUM: usize = 16;

/// Raises the limit of open files as far as it is needed and allowed. Returns how many connections fit: those
/// that are wanted, or by default 10,000.
pub(crate) fn make_room(wanted: Option<usize>) -> usize {
    let connections = wanted.unwrap_or(CONNECTIONS);
    let files = u64::try_from(connections.saturating_add(OTHER_FILES)).unwrap_or(u64::MAX);
    // A sandbox may forbid raising the limit, which then stays as it is.
    let limit = rlimit::increase_nofile_limit(files)
        .or_else(|_| rlimit::getrlimit(rlimit::Resource::NOFILE).map(|(soft, _)| soft));
    let Ok(limit) = limit else { return connections };
    let fit = connections_within(connections, usize::try_from(limit).unwrap_or(usize::MAX));
    if fit < connections && wanted.is_some() {
        tracing::warn!(fit, "max_connections is above the limit of open files: raise that limit");
    }
    fit
}

fn connections_within(connections: usize, files: usize) -> usize {
    connections.min(files.saturating_sub(OTHER_FILES).max(MINIMUM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(connections_within(10_000, 1024), 768);
        assert_eq!(connections_within(10_000, 1_048_576), 10_000);
        assert_eq!(connections_within(100, 1024), 100);
        assert_eq!(connections_within(100, 64), 16);
    }
}
