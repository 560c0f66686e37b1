//! The real daemon, on a free port, ended with the test.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use eventcore::{Actor, Role};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::database::{Kind, TestDb, id_of};

/// An `eventd` that serves a database of its own.
pub struct Daemon {
    /// The database.
    pub db: TestDb,
    child: Child,
    address: String,
    log: Arc<Mutex<String>>,
}

/// A binary of the workspace, built from the sources at hand.
pub(crate) fn binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let mut build = std::process::Command::new(env!("CARGO"));
            // The whole workspace, so that the features of dependencies are those of the tests and nothing is built twice.
            build.args(["build", "--quiet", "--workspace", "--bin", "eventd", "--bin", "eventtui"]);
            // What cargo tells the tests of their own package, build scripts (ring's) take for a change of theirs, and half the tree is built again.
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

/// A command of the binary, free of the environment's settings, that ends with the test, however that ends.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(binary("eventd")).args(arguments);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).kill_on_drop(true);
    command
}

impl Daemon {
    /// Serves a new database.
    pub async fn start(kind: Kind) -> Self {
        Self::on(TestDb::in_real_time(kind).await, &[]).await
    }

    /// Serves a database that exists.
    pub async fn on(db: TestDb, arguments: &[&str]) -> Self {
        Self::listening(db, "127.0.0.1:0", arguments).await
    }

    /// As many processes as may share a database: one of SQLite's, three of PostgreSQL's.
    pub async fn several(db: &TestDb, arguments: &[&str]) -> Vec<Self> {
        let mut daemons = Vec::new();
        for _ in 0..if db.kind == Kind::Sqlite { 1 } else { 3 } {
            daemons.push(Self::on(db.clone(), arguments).await);
        }
        daemons
    }

    /// Serves a database that exists at this address, as a daemon does that is started again.
    pub async fn listening(db: TestDb, address: &str, arguments: &[&str]) -> Self {
        let mut child = command(&["serve", "--listen", address, "--database", &db.url])
            .args(arguments)
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
            let line = lines.next_line().await.expect("eventd speaks");
            let line = line.unwrap_or_else(|| panic!("eventd ended: {}", log.lock().expect("a lock")));
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.to_owned();
            }
        };
        Self { db, child, address, log }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        self.log.lock().expect("a lock").clone()
    }

    /// Someone who is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.address, None, None)
    }

    /// Someone who knew the daemon before it was started again.
    pub fn again(&self, client: &Client) -> Client {
        client.moved_to(&self.address)
    }

    /// A user who is signed in.
    pub async fn user(&self, name: &str) -> Client {
        let actor = self.db.user(name).await;
        self.signed_in(&actor).await
    }

    /// Users of these names who are signed in, in their order.
    pub async fn users<const N: usize>(&self, names: [&str; N]) -> [Client; N] {
        let mut users = Vec::with_capacity(N);
        for name in names {
            users.push(self.user(name).await);
        }
        users.try_into().unwrap_or_else(|_| unreachable!("as many users as names"))
    }

    /// Runs `eventd check`, which finds all counts right, and looks into the log, which has no error.
    pub async fn check(&self) {
        let check = command(&["check", "--database", &self.db.url]).output().await.expect("eventd runs");
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
        assert!(!self.log().contains("ERROR"), "{}", self.log());
    }

    /// An admin who is signed in.
    pub async fn admin(&self, name: &str) -> Client {
        let actor = self.db.admin(name).await;
        self.signed_in(&actor).await
    }

    async fn signed_in(&self, actor: &Actor) -> Client {
        let id = id_of(actor);
        debug_assert!(
            matches!(actor, Actor::User(user) if user.role == Role::User || user.role == Role::Admin)
        );
        let tokens = self.db.core.open_session(&Actor::System, id).await.expect("a session");
        Client::new(&self.address, Some(tokens.access_token), Some(id))
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().expect("it runs").to_string();
        let told = std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(told.success());
        self.child.wait().await.expect("it ends")
    }

    /// Ends it at once, as a crash would; answers the database.
    pub async fn kill(mut self) -> TestDb {
        self.child.kill().await.expect("it ends");
        self.db
    }
}
