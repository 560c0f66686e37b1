//! Commands whose output nobody reads: they end quietly, as `eventd openapi | head -1` expects.

use std::process::Stdio;

use tests::{Client, Daemon, Kind, TestDb, command, new_event, tui};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// The writing end of a pipe that has no reader.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Asserts that a command ends with success and without a message if nobody reads its output.
async fn ends_quietly(mut command: Command) {
    let child = command.stdin(Stdio::null()).stdout(closed_pipe()).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(0) && said.is_empty(), "{command:?}: {}: {said}", output.status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_ends_quietly_when_its_output_is_not_read() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let ada = db.user("ada").await;
    let event = new_event().starts_at("2037-03-04T18:30:00Z").input();
    let event = db.core.create_event(&ada, &event).await.unwrap();
    let occurrence = event.next_occurrence.unwrap().id.to_string();
    for arguments in [
        &["openapi"][..],
        &["config"],
        &["check"],
        &["migrate"],
        &["migrate", "--check"],
        &["user", "list"],
        &["user", "disable", "ada"],
        &["user", "enable", "ada"],
        &["export", "--user", "ada"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["user", "list", "--help"],
    ] {
        ends_quietly(command(&[arguments, &["--database", &db.url]].concat())).await;
    }
    for arguments in [&["agenda"][..], &["show", &occurrence], &["completions", "zsh"], &["man"], &["--help"]]
    {
        ends_quietly(tui(&[arguments, &["--database", &db.url]].concat())).await;
    }
}

/// An error that nobody reads is still an error, and no panic, which would exit with 101.
#[tokio::test]
async fn an_error_that_nobody_reads_sets_the_exit_code() {
    let missing = ["--database", "sqlite:///no/such/folder/x.db"];
    for mut failing in
        [command(&[&["check"][..], &missing].concat()), tui(&[&["agenda"][..], &missing].concat())]
    {
        let status = failing.stdin(Stdio::null()).stdout(closed_pipe()).stderr(closed_pipe()).status();
        assert_eq!(status.await.unwrap().code(), Some(1), "{failing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_log_nobody_reads_keeps_serving() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let mut child = command(&["serve", "--listen", "127.0.0.1:0", "--log", "debug", "--database", &db.url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(closed_pipe())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().expect("it listens");
        if let Some(address) = line.strip_prefix("listening on http://") {
            break address.to_owned();
        }
    };
    let client = Client::at(&address);
    for _ in 0..3 {
        client.get("/categories").await.expect(200);
    }
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostname_or_a_bare_port_can_be_listened_on() {
    for (listen, bound) in [("localhost:0", "127.0.0.1:"), (":0", "0.0.0.0:")] {
        let daemon = Daemon::listening(TestDb::in_real_time(Kind::Sqlite).await, listen, &[]).await;
        assert!(daemon.address().starts_with(bound), "{listen}: {}", daemon.address());
        daemon.anonymous().get("/categories").await.expect(200);
    }
}
