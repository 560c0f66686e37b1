//! Tests the running daemon against its own OpenAPI document, on both databases: with thousands of requests
//! that schemathesis generates, as a user and as an admin, and with generated clients. Clients of CalDAV
//! follow its calendars, other libraries read its files, and its pages are checked in a browser. Time zones
//! are compared with those of Python. Start it by `tests/contract/run`, which installs what it needs, and
//! makes the clients.

mod caldav;
mod clients;
mod pages;
mod program;
mod readers;
mod zones;

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output, Stdio};
use std::time::Instant;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind};
use tokio::process::Command;

/// The seed of the generated requests, which also depend on the responses.
const SEED: &str = "7";
/// Random requests for each operation, in addition to those at the limits of the schema.
const EXAMPLES: &str = "6";
/// Checks that do not apply. The first expects every request that fits the schema to be accepted, but a
/// schema cannot express that a start is in the future. The second is about required headers, of which there
/// are none.
const LEFT_OUT: &str = "positive_data_acceptance,missing_required_header";
/// Operations whose responses have no end.
const ENDLESS: [&str; 1] = ["stream_follow"];
/// Operations that can end the session of the requests. They run last, on their own.
const FATAL: [&str; 3] = ["sessions_end", "tokens_delete", "users_delete"];

#[tokio::main]
async fn main() -> ExitCode {
    let Some(program) = std::env::var_os("SCHEMATHESIS").map(PathBuf::from) else {
        eprintln!("start this by tests/contract/run, which installs schemathesis");
        return ExitCode::FAILURE;
    };
    // Builds the daemon before the time limits begin.
    drop(tests::command(&["--version"]));
    let begun = Instant::now();
    let all = [(Kind::Sqlite, false), (Kind::Sqlite, true), (Kind::Postgres, false), (Kind::Postgres, true)];
    let runs = all.map(|(kind, admin)| tokio::spawn(hold(program.clone(), kind, admin)));
    let lives = [Kind::Sqlite, Kind::Postgres].map(|kind| tokio::spawn(clients::walk(kind)));
    let calendars = [Kind::Sqlite, Kind::Postgres].map(|kind| tokio::spawn(caldav::follow(kind)));
    let zones = [tokio::spawn(zones::compare())];
    let runs = join_all(runs.into_iter().chain(lives).chain(calendars).chain(zones));
    let (runs, pages, readers) = tokio::join!(runs, pages::look(), readers::read());
    let wrong: Vec<String> = runs
        .into_iter()
        .filter_map(|run| run.unwrap_or_else(|panic| Some(format!("a run broke off: {panic}"))))
        .chain(pages)
        .chain(readers)
        .collect();
    for report in &wrong {
        println!("{report}");
    }
    println!(
        "contract: {} of 11 runs found something wrong, in {} s",
        wrong.len(),
        begun.elapsed().as_secs()
    );
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tests every operation on a new daemon. Returns the report of the failures.
async fn hold(program: PathBuf, kind: Kind, admin: bool) -> Option<String> {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let caller = if admin { daemon.admin("root").await } else { ada.clone() };
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("schemathesis.toml"), known(&daemon, &ada).await)
        .expect("a configuration");

    let name = format!("{kind:?} as {}", if admin { "an admin" } else { "a user" });
    let all = tell(&program, dir.path(), &daemon, &caller, "exclude").await;
    let still_signed_in = caller.get("/users/me").await.status == 200;
    let last = tell(&program, dir.path(), &daemon, &caller, "include").await;
    daemon.db.check().await;
    let log = daemon.log();
    let fine =
        still_signed_in && all.status.success() && last.status.success() && !log.contains("internal error");
    let count = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find(|line| line.contains(" generated")).unwrap_or("none").trim().to_owned();
        line
    };
    println!("contract: {name}: {}; {}", count(&all), count(&last));
    (!fine).then(|| {
        let text = |output: &Output| {
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
        };
        format!(
            "== {name}: still signed in at the end: {still_signed_in}\n{}{}{log}",
            text(&all),
            text(&last)
        )
    })
}

/// Runs schemathesis on all operations but the fatal ones, or on those alone.
async fn tell(program: &Path, dir: &Path, daemon: &Daemon, caller: &Client, fatal: &str) -> Output {
    let mut command = Command::new(program);
    command
        .arg("--config-file")
        .arg(dir.join("schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{}/openapi.json", daemon.address()))
        .args(["--header", &format!("Authorization: Bearer {}", caller.token())])
        .args(["--seed", SEED, "--max-examples", EXAMPLES, "--exclude-checks", LEFT_OUT])
        .args(["--warnings", "off", "--continue-on-failure", "--no-shrink"])
        .args(std::env::args().skip(1))
        .args(ENDLESS.iter().flat_map(|id| ["--exclude-operation-id", id]))
        .args(FATAL.iter().flat_map(|id| [format!("--{fatal}-operation-id"), (*id).to_owned()]))
        .current_dir(dir)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/contract"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    tokio::time::timeout(program::PATIENCE, command.output())
        .await
        .expect("schemathesis ends")
        .expect("schemathesis runs")
}

/// Fills the database and writes the configuration of schemathesis: half of its requests use existing ids.
async fn known(daemon: &Daemon, ada: &Client) -> String {
    let bob = daemon.user("bob").await;
    let mut ids = vec![("user", vec![ada.id().to_string(), bob.id().to_string()])];
    let (mut events, mut occurrences, mut registrations) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..12 {
        let event = json!({
            "title": format!("Evening {number}"), "location": "Köln", "starts_at": "2031-03-04T18:30",
            "timezone": "Europe/Berlin", "capacity": 2,
            "status": if number % 4 == 3 { "draft" } else { "published" },
            "recurrence": if number % 2 == 0 { json!({"rrule": "FREQ=WEEKLY;COUNT=4"}) } else { Value::Null },
        });
        let event = ada.post("/events", event).await.expect(201).id();
        for occurrence in ada.all(&format!("/events/{event}/occurrences")).await {
            let occurrence = occurrence["id"].as_str().expect("an id").to_owned();
            let registration = bob.put(&format!("/occurrences/{occurrence}/registration"), json!({})).await;
            if registration.status == 201 {
                registrations.push(registration.id());
            }
            occurrences.push(occurrence);
        }
        events.push(event);
    }
    ids.extend([("event", events), ("occurrence", occurrences), ("registration", registrations)]);
    let webhook = json!({"url": "https://hooks.example.org/", "kinds": ["comment.posted"]});
    let webhook = ada.post("/webhooks", webhook).await.expect(201).id();
    let delivery = ada.poke(&format!("/webhooks/{webhook}/test")).await.expect(201).id();
    ids.extend([("webhook", vec![webhook]), ("delivery", vec![delivery])]);
    ids.push(("slug", vec!["not-found".to_owned(), "event-full".to_owned()]));
    let mut config = String::new();
    for (name, values) in &ids {
        config += &format!("[dictionaries.{name}]\nvalues = {}\n", json!(values));
    }
    config += "[parameters]\n";
    for (name, _) in &ids {
        config += &format!("\"path.{name}\" = {{ dictionary = \"{name}\", probability = 0.5 }}\n");
    }
    // A version mismatch is refused before the body is read.
    config
        + "[checks.negative_data_rejection]\nexpected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, \
             415, 429, \"5xx\"]\n"
}
