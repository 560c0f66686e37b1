//! Webhooks in the terminal, on a database and on a server.

use eventcore::webhooks::WebhookKind;
use rstest::rstest;
use tests::{Daemon, Kind, Terminal, TestDb};

const PASSWORD: &str = "correct horse 7";

async fn manage_webhooks(db: &TestDb, source: &[&str]) {
    let ada = db.user_with_password("ada", PASSWORD).await;
    let mut terminal = Terminal::start(source);
    terminal.shows("not signed in").await;
    terminal.types("A").await.shows("Sign in").await;
    terminal.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;

    terminal.types("5W").await.shows("None. n creates one").await;
    terminal.types("n").await.shows("New webhook").await;
    terminal.types("https://127.0.0.1/hook\r").await.shows("! must lead to a public address").await;
    terminal.types("\x15https://hooks.example.org/a\t\x15comment").await.shows("→ 3 kinds").await;
    terminal
        .types("\r")
        .await
        .shows("Secret of the webhook of hooks.example.org")
        .await
        .shows("whsec_")
        .await;
    terminal.types("\x1b").await.hides("whsec_").await.shows("▌https://hooks.example.org/a").await;
    let stored = db.core.webhooks(&ada).await.unwrap();
    let kinds = [WebhookKind::CommentPosted, WebhookKind::CommentChanged, WebhookKind::CommentDeleted];
    assert_eq!((stored.len(), &stored[0].kinds[..], stored[0].enabled), (1, &kinds[..], true));

    terminal.types("e").await.shows("Change the webhook").await;
    terminal.types("\t\t\x15all\r").await.shows("✗ only admins can do this").await;
    terminal.types("\x15mine\tBadges\r").await.shows("✓ Webhook saved").await.shows("Badges").await;
    terminal.types("p").await.shows("✓ Webhook paused").await.shows("‖ paused").await;
    assert!(!db.core.webhooks(&ada).await.unwrap()[0].enabled);
    terminal.types("t").await.shows("✓ A test is sent").await;
    terminal.types("\r").await.shows("Deliveries to hooks.example.org").await.shows("webhook.test").await;
    terminal.types("\x1b").await.shows("▌https://hooks.example.org/a").await;
    terminal.types("s").await.shows("Replace the secret?").await;
    terminal.types("y").await.shows("The former secret signs too until").await;
    terminal.types("\x1b").await.hides("whsec_").await;
    // The list is opened anew: one from before the replacement would delete another version.
    terminal.types("\x1b").await.hides("Webhooks  URLs").await;
    terminal.types("W").await.shows("▌https://hooks.example.org/a").await;
    terminal.types("x").await.shows("Delete the webhook of hooks.example.org").await;
    terminal.types("y").await.shows("✓ Webhook deleted").await.shows("None. n creates one").await;
    assert!(db.core.webhooks(&ada).await.unwrap().is_empty());
    terminal.types("q").await;
    assert_eq!(terminal.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_managed_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    manage_webhooks(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_managed_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    manage_webhooks(&daemon.db, &["--server", &address]).await;
}
