//! Lives of users with generated clients: sign-up, sign-in, an event and its registrations, and problems.

use std::path::PathBuf;

use tests::{Daemon, Kind};
use tokio::process::Command;

use crate::program;

/// Where `tests/contract/clients/make` made the clients.
struct Clients {
    folder: PathBuf,
    python: PathBuf,
}

impl Clients {
    fn python(&self, program: &str, packages: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.folder.join(program)).env("PYTHONPATH", self.folder.join(packages));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// The programs, by the generators of their clients.
    fn programs(&self) -> [(&'static str, Command); 4] {
        let mut typescript = Command::new("node");
        typescript.arg(self.folder.join("typescript/built/typescript/walk.js"));
        [
            ("openapi-generator, python", self.python("python/walk.py", "generated/python")),
            ("openapi-python-client", self.python("python_httpx/walk.py", "generated")),
            ("openapi-generator, typescript-fetch", typescript),
            ("openapi-generator, rust", Command::new(self.folder.join("rust-target/debug/walk"))),
        ]
    }
}

/// Runs the programs on one daemon. Returns the report of those that failed.
pub(crate) async fn walk(kind: Kind) -> Option<String> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(folder), Some(python)) = (path("CLIENTS"), path("PYTHON")) else {
        return Some("start this by tests/contract/run, which makes the clients".to_owned());
    };
    let daemon = Daemon::start(kind).await;
    let clients = Clients { folder, python };
    let mut failed = Vec::new();
    for (name, mut command) in clients.programs() {
        command.arg(format!("http://{}", daemon.address()));
        match program::run(command, String::new()).await {
            Ok(_) => println!("contract: {kind:?} with {name}: done"),
            Err(why) => failed.push(format!("== {kind:?} with {name}: {why}")),
        }
    }
    daemon.check().await;
    (!failed.is_empty()).then(|| failed.join("\n"))
}
