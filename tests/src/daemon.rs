//! The real daemon as a process of its own, on a free port. It ends with the test.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use eventcore::{Actor, Role};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::database::{Kind, TestDb, id_of};

/// An `eventd` process that serves a test database.
pub struct Daemon {
    /// The database.
    pub db: TestDb,
    child: Child,
    address: String,
    log: Arc<Mutex<String>>,
}

/// The path of a binary of the workspace. The first call builds the binaries.
pub(crate) fn binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let mut build = std::process::Command::new(env!("CARGO"));
            // With the whole workspace, dependencies have the features that they have in the tests, and
            // nothing is built twice.
            build.args(["build", "--quiet", "--workspace", "--bin", "eventd", "--bin", "eventtui"]);
            build.args(["--example", "import"]);
            // The build script of ring reruns when these variables change, and with it half of the tree.
            let of_the_tests =
                |name: &str| name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_");
            for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_the_tests)) {
                build.env_remove(name);
            }
            if !cfg!(debug_assertions) {
                build.arg("--release");
            }
            assert!(build.status().expect("cargo runs").success(), "the binaries build");
            let test = std::env::current_exe().expect("a path");
            test.ancestors().nth(2).expect("target/debug").to_owned()
        })
        .join(name)
}

/// A program without the settings of the environment. It is killed when the test process ends.
fn program(path: PathBuf, arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(path).args(arguments);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    command
}

/// The example `import` of the library as a process.
pub fn importer(arguments: &[&str]) -> Command {
    program(binary("examples/import"), arguments)
}

/// A command of `eventd`.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = program(binary("eventd"), arguments);
    // Not into the sources.
    command.env("MAIL_DIR", std::env::temp_dir().join("mails-of-tests"));
    command
}

/// Asserts that `eventd check` finds all counts consistent.
pub async fn eventd_check(db: &TestDb) {
    let check = command(&["check", "--database", &db.url]).output().await.expect("eventd runs");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

impl Daemon {
    /// Serves a new database, on the clock of the machine.
    pub async fn start(kind: Kind) -> Self {
        Self::on(TestDb::in_real_time(kind).await, &[]).await
    }

    /// Serves an existing database, with these arguments of `eventd serve`. Limits per client and account are
    /// off unless the arguments have `--limits on`.
    pub async fn on(db: TestDb, arguments: &[&str]) -> Self {
        Self::listening(db, "127.0.0.1:0", arguments).await
    }

    /// As many processes as may share a database: one on SQLite, three on PostgreSQL.
    pub async fn several(db: &TestDb, arguments: &[&str]) -> Vec<Self> {
        let mut daemons = Vec::new();
        // As behind one address, by which they give the same links.
        let arguments = [arguments, &["--public-url", "http://events.example"]].concat();
        for _ in 0..if db.kind == Kind::Sqlite { 1 } else { 3 } {
            daemons.push(Self::on(db.clone(), &arguments).await);
        }
        daemons
    }

    /// Serves an existing database at a given address, as a restarted daemon does.
    pub async fn listening(db: TestDb, address: &str, arguments: &[&str]) -> Self {
        let mut child = command(&["serve", "--listen", address, "--database", &db.url])
            .args(arguments)
            .env("MAIL_DIR", db.mail_dir())
            // A flag takes precedence over the environment.
            .env("LIMITS", "off")
            // All clients of a test come from one network: the loopback interface.
            .env("MAX_CONCURRENT_PER_NETWORK", "1024")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("eventd starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let mut errors = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let kept = log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = errors.next_line().await {
                let mut kept = kept.lock().expect("a lock");
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let address = loop {
            let line = lines.next_line().await.expect("output of eventd");
            let line = line.unwrap_or_else(|| panic!("eventd ended: {}", log.lock().expect("a lock")));
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.to_owned();
            }
        };
        Self { db, child, address, log }
    }

    /// The address it listens on.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        // `setpriv` runs the daemon in its own process.
        self.child.id().expect("it runs")
    }

    /// Its resident memory, in MiB.
    pub fn memory(&self) -> u64 {
        self.memory_figure("VmRSS:")
    }

    /// The peak of its resident memory so far, in MiB.
    pub fn peak_memory(&self) -> u64 {
        self.memory_figure("VmHWM:")
    }

    fn memory_figure(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let figure = status.lines().find_map(|line| line.strip_prefix(field)).expect("a figure");
        figure.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") >> 10
    }

    /// The value of one of its metrics.
    pub async fn metric(&self, name: &str) -> u64 {
        let answer = self.anonymous().raw(http::Method::GET, "/metrics", Vec::new(), &[]).await.expect(200);
        let text = String::from_utf8(answer.bytes.to_vec()).expect("text");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().expect("a number")
    }

    /// Its standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("a lock").clone()
    }

    /// A client without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.address, None, None)
    }

    /// A client of this daemon's predecessor, at the new address.
    pub fn again(&self, client: &Client) -> Client {
        client.moved_to(&self.address)
    }

    /// A new user who is signed in.
    pub async fn user(&self, name: &str) -> Client {
        let actor = self.db.user(name).await;
        self.signed_in(&actor).await
    }

    /// New users of these names who are signed in, in the given order.
    pub async fn users<const N: usize>(&self, names: [&str; N]) -> [Client; N] {
        let mut users = Vec::with_capacity(N);
        for name in names {
            users.push(self.user(name).await);
        }
        users.try_into().unwrap_or_else(|_| unreachable!("as many users as names"))
    }

    /// Asserts that `eventd check` finds all counts consistent and that the log has no error.
    pub async fn check(&self) {
        eventd_check(&self.db).await;
        assert!(!self.log().contains("ERROR"), "{}", self.log());
    }

    /// A new admin who is signed in.
    pub async fn admin(&self, name: &str) -> Client {
        let actor = self.db.admin(name).await;
        self.signed_in(&actor).await
    }

    /// A user of the database with an access token.
    pub async fn signed_in(&self, actor: &Actor) -> Client {
        let id = id_of(actor);
        debug_assert!(
            matches!(actor, Actor::User(user) if user.role == Role::User || user.role == Role::Admin)
        );
        let tokens = self.db.core.open_session(&Actor::System, id).await.expect("a session");
        Client::new(&self.address, Some(tokens.access_token), Some(id))
    }

    /// Sends SIGTERM and waits for the exit.
    pub async fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().expect("it runs").to_string();
        let told = std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(told.success());
        self.child.wait().await.expect("it ends")
    }

    /// Kills it, as a crash would. Returns the database.
    pub async fn kill(mut self) -> TestDb {
        self.child.kill().await.expect("it ends");
        self.db
    }
}
