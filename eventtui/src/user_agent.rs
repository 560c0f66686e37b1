//! The name under which this program signs in.

/// `eventtui (host)`, so that users can tell their sessions apart; without the host where it is unknown.
pub(crate) fn user_agent() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(char::is_ascii_graphic).take(64).collect();
    if host.is_empty() { "eventtui".to_owned() } else { format!("eventtui ({host})") }
}
