//! What the owner of a webhook is told of it.

use std::time::Duration;

use eventcore::mails::{Mail, MailKind};
use eventcore::notifications::{Notification, NotificationKind};
use eventcore::webhooks::{WebhookInput, WebhookKind};
use eventcore::{Actor, EventCore, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, Mailbox, TestDb, WebhookReceiver, new_event};

async fn told(core: &EventCore, who: &Actor) -> Vec<Notification> {
    let all = core.notifications(who, false, &PageRequest::first(100)).await.unwrap().page.items;
    all.into_iter().filter(|told| told.kind == NotificationKind::WebhookDisabled).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_told_once_of_a_webhook_that_was_disabled(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, gil, bob] = db.people(["ada", "gil", "bob"]).await;
    let (core, receiver, mails) = (&db.core, WebhookReceiver::of(&db.core), Mailbox::of(&db.core));
    let new = WebhookInput {
        url: "https://hooks.example.org/with-a-secret".to_owned(),
        kinds: vec![WebhookKind::RegistrationConfirmed],
        ..WebhookInput::default()
    };
    let webhook = core.create_webhook(&ada, &new).await.unwrap().webhook.id;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    for who in [&gil, &bob] {
        db.register(who, occurrence, 1).await;
    }
    // Both deliveries fail for a day.
    receiver.answer_with(500);
    while core.webhook(&ada, webhook).await.unwrap().enabled {
        core.run_due_jobs().await.unwrap();
        db.clock.advance(Duration::from_hours(1));
    }
    db.clock.advance(Duration::from_hours(24));
    core.run_due_jobs().await.unwrap();
    let disabled = told(core, &ada).await;
    let [notice] = disabled.as_slice() else { panic!("{disabled:?}") };
    assert_eq!(notice.webhook_id, Some(webhook));
    assert_eq!(
        notice.text,
        "Your webhook is disabled: hooks.example.org took nothing for 24 hours. Enable it again once it \
         works."
    );
    let mut sent = mails.take(core).await;
    sent.retain(|mail| mail.mail.kind() == MailKind::WebhookDisabled);
    let [mail] = sent.as_slice() else { panic!("{sent:?}") };
    let Mail::WebhookDisabled { receiver: host, gone, .. } = &mail.mail else { panic!("{mail:?}") };
    assert_eq!(
        (host.as_str(), *gone, mail.address.as_str()),
        ("hooks.example.org", false, "ada@example.org")
    );
    assert!(told(core, &gil).await.is_empty() && told(core, &bob).await.is_empty());

    // What owners do themselves they are not told. A receiver that is gone disables at once.
    core.change_webhook(&ada, webhook, &json!({"enabled": true}), None).await.unwrap();
    core.change_webhook(&ada, webhook, &json!({"enabled": false}), None).await.unwrap();
    core.change_webhook(&ada, webhook, &json!({"enabled": true}), None).await.unwrap();
    assert_eq!(told(core, &ada).await.len(), 1);
    core.test_webhook(&ada, webhook).await.unwrap();
    receiver.answer_with(410);
    core.run_due_jobs().await.unwrap();
    let gone = told(core, &ada).await;
    assert_eq!(gone.len(), 2);
    assert!(gone[0].text.contains("hooks.example.org has answered that it is gone"), "{}", gone[0].text);
    assert_eq!(mails.kinds(core).await, [(MailKind::WebhookDisabled, "ada@example.org".to_owned())]);
}
