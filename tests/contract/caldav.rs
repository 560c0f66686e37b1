//! The calendars of a user over CalDAV, as caldav, vdirsyncer and khal follow them.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tests::{Daemon, Kind};
use tokio::process::Command;

/// The time limit of the program.
const PATIENCE: Duration = Duration::from_mins(20);

/// Runs the program on a daemon. Returns its report if it failed.
pub(crate) async fn follow(kind: Kind) -> Option<String> {
    let Some(python) = std::env::var_os("CALDAV_PYTHON").map(PathBuf::from) else {
        return Some("start this by tests/contract/run, which installs the clients of CalDAV".to_owned());
    };
    let daemon = Daemon::start(kind).await;
    let (ada, lin) = (daemon.user("ada").await, daemon.user("lin").await);
    let token = json!({"name": "phone", "scope": "calendar"});
    let token = lin.post("/tokens", token).await.expect(201).json();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/contract/caldav/walk.py");
    let mut command = Command::new(python);
    command
        .arg(program)
        .arg(format!("http://{}", daemon.address()))
        .args([token["secret"].as_str().expect("a secret"), ada.token(), lin.token()])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let failure = match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            println!("contract: {kind:?}: {}", String::from_utf8_lossy(&output.stdout).trim());
            None
        }
        Ok(Ok(output)) => {
            let texts = [output.stdout, output.stderr].concat();
            Some(format!("== {kind:?} over CalDAV: {}\n{}", String::from_utf8_lossy(&texts), daemon.log()))
        }
        Ok(Err(error)) => Some(format!("== {kind:?} over CalDAV: the program does not run: {error}")),
        Err(_) => Some(format!("== {kind:?} over CalDAV: the program does not end")),
    };
    daemon.check().await;
    failure
}
