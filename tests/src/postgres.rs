//! A PostgreSQL server for the tests. Each test process starts one, and it stops when that process ends.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Starts a server in a new directory and prints the directory when the server is ready. Once standard input
/// closes, which happens when the test process ends, even by SIGKILL, it stops the server and removes the
/// directory. PostgreSQL refuses to run as root, so root runs it as another user.
const SUPERVISOR: &str = r#"
set -eu
as=
if [ "$(id -u)" = 0 ]; then as="setpriv --reuid=$PG_USER --regid=$PG_USER --clear-groups --"; fi
dir=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then kill -QUIT "$server" 2>/dev/null || true; wait "$server" || true; fi
    rm -rf "$dir"
}
trap stop EXIT
if [ -n "$as" ]; then chown "$PG_USER" "$dir"; fi
cd "$dir"
fail() { cat "$dir/log" >&2; exit 1; }
# The output of initdb is of interest only if it fails.
$as initdb --pgdata="$dir/data" --username=tests --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync \
    >"$dir/log" 2>&1 || fail
# The server writes to a file: open pipes would keep the caller of the tests waiting.
$as postgres -D "$dir/data" -h '' -k "$dir" -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
    -c max_connections=400 -c shared_buffers=64MB -c autovacuum=off \
    -c log_min_messages=fatal -c log_line_prefix='%d %p ' >>"$dir/log" 2>&1 &
server=$!
until $as pg_isready -q -h "$dir" -U tests -d postgres; do
    kill -0 "$server" || fail
    sleep 0.05
done
echo "$dir"
exec >/dev/null 2>&1
cat
"#;

/// The directory of the server's socket and log. The first call starts the server.
pub(crate) fn socket_dir() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> String {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    // Debian does not put the programs of the server on the PATH.
    for version in (13..=20).rev() {
        let bin = format!("/usr/lib/postgresql/{version}/bin");
        if Path::new(&bin).join("postgres").exists() {
            path.push(format!(":{bin}"));
            break;
        }
    }
    let mut supervisor = Command::new("setsid")
        .args(["sh", "-c", SUPERVISOR])
        .env("PATH", path)
        .env("PG_USER", unprivileged_user())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let stdout = supervisor.stdout.take().expect("a pipe");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("output of the supervisor");
    let dir = line.trim().to_owned();
    assert!(!dir.is_empty(), "PostgreSQL did not start (see above): is it installed? `tests/run` does that");
    // The pipe on its standard input stays open for as long as this process runs.
    std::mem::forget(supervisor);
    dir
}

/// Whether the tests run as root, as which neither PostgreSQL nor pgbouncer runs.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The user as whom root runs them.
pub(crate) fn unprivileged_user() -> &'static str {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    if users.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" }
}
