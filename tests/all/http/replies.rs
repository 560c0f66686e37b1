//! Replies to mails about an event, as a reader and an organizer have them.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Daemon, Kind, TestDb, mails_in, new_event_in_2031};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizer_who_says_so_gets_the_replies_to_mails_about_their_events(#[case] kind: Kind) {
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &[]).await;
    let [ada, bob] = daemon.users(["ada", "bob"]).await;
    let admin = daemon.admin("root").await;
    daemon.db.verify_addresses().await;
    let name = "Ada =?utf-8?q?=0d=0aBcc:_x@y.org?= \"Ä\" <x@y.org>,";
    let account = ada.patch("/users/me", json!({"display_name": name})).await.expect(200).json();
    assert_eq!(account["takes_replies"], json!(false));
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.register(&occurrence, 1).await.expect(201);
    let mail = mails_in(&daemon.db.mail_dir(), 1).await.remove(0);
    assert_eq!(mail.values("Reply-To"), [] as [&str; 0]);
    assert!(!mail.text.contains("ada@example.org") && !mail.text.contains("Questions"), "{}", mail.text);

    for wrong in [json!("yes"), json!(1), json!([])] {
        let refused = ada.patch("/users/me", json!({"takes_replies": wrong})).await;
        let problem = refused.expect_problem(400, "invalid-input").json();
        assert_eq!(problem["errors"][0]["pointer"], "/takes_replies", "{problem}");
    }
    let consent = json!({"takes_replies": true});
    admin.patch(&format!("/users/{}", ada.id()), consent.clone()).await.expect_problem(403, "forbidden");
    let account = ada.patch("/users/me", consent).await.expect(200).json();
    assert_eq!(account["takes_replies"], json!(true));
    let (_, occurrence) = ada.create_event(new_event_in_2031()).await;
    bob.register(&occurrence, 1).await.expect(201);
    let mail = mails_in(&daemon.db.mail_dir(), 2).await.remove(1);
    assert_eq!(mail.values("Reply-To").len(), 1);
    let (shown, address) = mail.reply_to.as_ref().expect("an address for replies");
    assert_eq!((shown.replace('\u{2060}', ""), &**address), (name.to_owned(), "ada@example.org"));
    assert_eq!(mail.values("Bcc"), [] as [&str; 0]);
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("reply to this mail to reach"), "{part}");
    }
    let profile = bob.get("/users/ada").await.expect(200).json();
    assert_eq!((&profile["email"], &profile["takes_replies"]), (&Value::Null, &Value::Null));
    // Null is the default.
    let account = ada.patch("/users/me", json!({"takes_replies": null})).await.expect(200).json();
    assert_eq!(account["takes_replies"], json!(false));
    daemon.check().await;
}
