//! The calendars of a user over CalDAV, as caldav, vdirsyncer and khal follow them.

use std::path::PathBuf;

use serde_json::json;
use tests::{Daemon, Kind};
use tokio::process::Command;

use crate::program;

/// Runs the program on a daemon. Returns its report if it failed.
pub(crate) async fn follow(kind: Kind) -> Option<String> {
    let Some(python) = std::env::var_os("CALDAV_PYTHON").map(PathBuf::from) else {
        return Some("start this by tests/contract/run, which installs the clients of CalDAV".to_owned());
    };
    let daemon = Daemon::start(kind).await;
    let (ada, lin) = (daemon.user("ada").await, daemon.user("lin").await);
    let token = json!({"name": "phone", "scope": "calendar"});
    let token = lin.post("/tokens", token).await.expect(201).json();
    let mut command = Command::new(python);
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/contract/caldav/walk.py"))
        .arg(format!("http://{}", daemon.address()))
        .args([token["secret"].as_str().expect("a secret"), ada.token(), lin.token()])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let failure = match program::run(command, String::new()).await {
        Ok(printed) => {
            println!("contract: {kind:?}: {}", printed.trim());
            None
        }
        Err(why) => Some(format!("== {kind:?} over CalDAV: {why}\n{}", daemon.log())),
    };
    daemon.check().await;
    failure
}
