//! A connection pooler in front of the PostgreSQL server of the tests.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::postgres;

/// pgbouncer in transaction mode, with two connections to each database. It ends with the test.
pub struct Pgbouncer {
    child: Child,
    dir: TempDir,
}

const PORT: u16 = 6432;

impl Pgbouncer {
    /// Starts pgbouncer with these lines in its configuration. `None`, with a message, if it is not
    /// installed; with `CI` in the environment that is a failure instead, so that nothing is merged
    /// untested.
    pub fn start(settings: &str) -> Option<Self> {
        let Some(program) = program() else {
            assert!(std::env::var_os("CI").is_none(), "pgbouncer is not installed: `tests/run` does that");
            eprintln!("pgbouncer is not installed, so the connection pooler was NOT tested");
            return None;
        };
        let dir = tempfile::tempdir().expect("a folder");
        let place = dir.path().display();
        let server = postgres::socket_dir();
        let config = format!(
            "[databases]\n* = host={server} user=tests\n[pgbouncer]\nunix_socket_dir = {place}\n\
             listen_port = {PORT}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n\
             max_client_conn = 200\n{settings}\n"
        );
        let file = dir.path().join("pgbouncer.ini");
        std::fs::write(&file, config).expect("a configuration");
        // pgbouncer refuses to run as root.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if postgres::is_root() {
            let user = postgres::unprivileged_user();
            let owned = Command::new("chown").arg("-R").arg(user).arg(dir.path()).status();
            assert!(owned.expect("chown runs").success());
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        let child = command
            .arg(program)
            .arg("-q")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("pgbouncer starts");
        let mut pgbouncer = Self { child, dir };
        while UnixStream::connect(pgbouncer.dir.path().join(format!(".s.PGSQL.{PORT}"))).is_err() {
            let ended = pgbouncer.child.try_wait().expect("a state");
            assert!(ended.is_none(), "pgbouncer ended: {ended:?}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Some(pgbouncer)
    }

    /// The URL of a database of the server through pgbouncer.
    pub fn url(&self, direct: &str) -> String {
        let database = direct.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        format!("postgres://tests@localhost:{PORT}/{database}?host={}", self.dir.path().display())
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian installs it for the superuser.
    let folders = std::env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.exists())
}
