//! Mails to a real mail server, with the faults that such servers have.

use std::collections::{BTreeMap, BTreeSet};

use rstest::rstest;
use serde_json::json;
use tests::{
    Client, Daemon, Fault, Kind, MailFile, SmtpServer, TestDb, command, eventually, mails_in,
    new_event_in_2031,
};

/// Creates accounts, each of which is sent a mail.
async fn sign_up(guest: &Client, names: &[&str]) {
    for name in names {
        let user = json!({
            "username": name, "email": format!("{name}@example.org"), "password": "correct horse 7",
        });
        guest.post("/users", user).await.expect(201);
    }
}

/// How often each message has arrived.
fn arrivals(server: &SmtpServer) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for mail in server.received() {
        let mail = MailFile::parse(&mail.message);
        *counts.entry(mail.message_id).or_default() += 1;
    }
    counts
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mail_arrives_once_though_the_server_fails(#[case] kind: Kind) {
    let faults = [Fault::Closing, Fault::Later, Fault::DroppedInData, Fault::Slow];
    let server = SmtpServer::start(&faults).await;
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &["--smtp-url", &server.url(), "--workers", "2"]).await;
    let names = ["ada", "bob", "cid", "dan", "eve", "fay"];
    sign_up(&daemons[0].anonymous(), &names).await;
    server.wait_until("all mails", |server| server.received().len() >= names.len()).await;
    let counts = arrivals(&server);
    assert_eq!(counts.len(), names.len(), "{counts:?}");
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    for mail in server.received() {
        assert_eq!(mail.recipients.len(), 1);
        let parsed = MailFile::parse(&mail.message);
        assert!(
            mail.recipients[0].contains(&format!("<{}>", parsed.to)),
            "{:?} {}",
            mail.recipients,
            parsed.to
        );
        parsed.link("verify-email");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_arrival_is_unknown_is_repeated_under_its_message_id() {
    let server = SmtpServer::start(&[Fault::DroppedAfterData]).await;
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let daemon = Daemon::on(db, &["--smtp-url", &server.url()]).await;
    sign_up(&daemon.anonymous(), &["ada"]).await;
    server.wait_until("the repeat", |server| server.received().len() == 2).await;
    assert_eq!(arrivals(&server).len(), 1, "recipients see one mail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_of_a_killed_process_are_sent_by_another() {
    let server = SmtpServer::start(&[]).await;
    let db = TestDb::in_real_time(Kind::Postgres).await;
    let idle = Daemon::on(db.clone(), &["--smtp-url", &server.url(), "--workers", "0"]).await;
    let names = ["ada", "bob", "cid", "dan"];
    sign_up(&idle.anonymous(), &names).await;
    let killed = Daemon::on(db.clone(), &["--smtp-url", &server.url()]).await;
    server.wait_until("the first mail", |server| !server.received().is_empty()).await;
    killed.kill().await;
    let _other = Daemon::on(db, &["--smtp-url", &server.url()]).await;
    server.wait_until("all mails", |server| arrivals(server).len() == names.len()).await;
}

/// Workers are killed in the middle of deliveries, while an audience is told of three things.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_notification_is_mailed_once_though_workers_are_killed_throughout(#[case] kind: Kind) {
    const GUESTS: usize = 10;
    // Each takes a second for an answer, so that a delivery is never over when its worker is killed.
    let server = SmtpServer::start(&[Fault::Slow; 9]).await;
    let db = TestDb::in_real_time(kind).await;
    let url = server.url();
    let working = ["--smtp-url", &url, "--workers", "3"];
    let idle = Daemon::on(db.clone(), &["--smtp-url", &url, "--workers", "0"]).await;
    let ada = idle.user("ada").await;
    let mut guests = Vec::new();
    for n in 0..GUESTS {
        guests.push(idle.user(&format!("guest{n}")).await);
    }
    db.verify_addresses().await;
    let (event, occurrence) = ada.create_event(new_event_in_2031().capacity(GUESTS)).await;
    for guest in &guests {
        guest.register(&occurrence, 1).await.expect(201);
    }
    for round in 1..=3 {
        let killed = Daemon::on(db.clone(), &working).await;
        server.wait_until("a mail", |server| arrivals(server).len() >= round).await;
        killed.kill().await;
        if round == 1 {
            ada.patch(&format!("/events/{event}"), json!({"location": "Attic"})).await.expect(200);
        }
    }
    // Two processes at once.
    let _others = [Daemon::on(db.clone(), &working).await, Daemon::on(db.clone(), &working).await];
    server.wait_until("all mails", |server| arrivals(server).len() >= 2 * GUESTS).await;
    let before = arrivals(&server);
    assert_eq!(before.len(), 2 * GUESTS, "{before:?}");
    ada.poke(&format!("/events/{event}/cancel")).await.expect(200);
    server.wait_until("the cancellations", |server| arrivals(server).len() >= 3 * GUESTS).await;
    let counts = arrivals(&server);
    assert_eq!(counts.len(), 3 * GUESTS, "{counts:?}");
    let calm = counts.iter().filter(|(id, _)| !before.contains_key(*id));
    assert!(calm.into_iter().all(|(_, count)| *count == 1), "no two processes send the same: {counts:?}");
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in server.received() {
        let mail = MailFile::parse(&mail.message);
        told.entry(mail.message_id).or_default().insert(format!("{} {}", mail.to, mail.subject));
    }
    assert!(told.values().all(|repeats| repeats.len() == 1), "{told:?}");
    let mails: BTreeSet<&String> = told.values().flatten().collect();
    assert_eq!(mails.len(), 3 * GUESTS, "each person is told of each of the three: {mails:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_refused_is_shown_to_its_user() {
    let server = SmtpServer::start(&[Fault::Unknown]).await;
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let daemon = Daemon::on(db, &["--smtp-url", &server.url()]).await;
    let guest = daemon.anonymous();
    sign_up(&guest, &["ada"]).await;
    let login = json!({"login": "ada", "password": "correct horse 7"});
    let token = guest.post("/auth/login", login).await.expect(200).json()["access_token"].clone();
    let ada = guest.with_token(token.as_str().unwrap());
    eventually(async || {
        let is_bouncing = ada.get("/users/me").await.expect(200).json()["email_bouncing"] == true;
        if is_bouncing { Ok(()) } else { Err(daemon.log()) }
    })
    .await;
    // The next mail arrives, and the first one was given up.
    ada.poke("/users/me/verify-email").await.expect(204);
    server.wait_until("the second mail", |server| server.received().len() == 1).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_in_the_clear_where_tls_is_asked_for() {
    let server = SmtpServer::start(&[]).await;
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let url = format!("{}?tls=required", server.url());
    let daemon = Daemon::on(db, &["--smtp-url", &url]).await;
    sign_up(&daemon.anonymous(), &["ada"]).await;
    server.wait_until("two attempts", |server| server.connections() >= 2).await;
    assert!(server.commands().iter().all(|command| command.starts_with("EHLO") || command == "QUIT"));
    assert!(server.received().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_previews_mails_and_tests_the_mail_server() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&["mail", "preview", "verify_email"]).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let mail = MailFile::parse(&output.stdout);
    assert_eq!((&*mail.to, &*mail.subject), ("ada@example.org", "Verify your e-mail address"));
    for kind in eventcore::mails::MailKind::ALL {
        let output = command(&["mail", "preview", kind.as_str()]).output().await.unwrap();
        assert!(output.status.success(), "{kind}: {output:?}");
        let mail = MailFile::parse(&output.stdout);
        let has_picture = mail.text.contains("Show this ticket");
        assert_eq!(mail.pictures.len(), usize::from(has_picture), "{kind}");
    }
    let html = command(&["mail", "preview", "verify_email", "--html"]).output().await.unwrap();
    assert!(html.stdout.starts_with(b"<!DOCTYPE html>"));
    let unknown = command(&["mail", "preview", "nothing"]).output().await.unwrap();
    assert!(!unknown.status.success());

    let path = folder.path().to_str().unwrap();
    let output = command(&["mail", "test", "ada@example.org", "--mail-dir", path]).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(mails_in(folder.path(), 1).await[0].subject, "Test of mails from http://127.0.0.1:8080");
    let server = SmtpServer::start(&[Fault::Unknown]).await;
    let url = server.url();
    let refused = command(&["mail", "test", "ada@example.org", "--smtp-url", &url]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("550"), "{refused:?}");
    let sent = command(&["mail", "test", "ada@example.org", "--smtp-url", &url]).output().await.unwrap();
    assert!(sent.status.success() && server.received().len() == 1, "{sent:?}");
}
