//! Mails about accounts: verified addresses, forgotten passwords, and notices of what others may have done.

use std::time::Duration;

use eventcore::accounts::{
    Credentials, ForgottenPassword, LinkPurpose, LinkToken, NewPassword, NewUser, PasswordReset, User,
};
use eventcore::mails::{DeliveryError, MailKind};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, PageRequest, Role};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, Mailbox, TestDb, id_of, new_event, refusal_code};

const PASSWORD: &str = "correct horse 7";
const OTHER: &str = "another horse 8";

async fn sign_up(core: &EventCore, name: &str) -> User {
    let input = NewUser {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        password: Some(PASSWORD.to_owned()),
        ..NewUser::default()
    };
    core.create_user(&Actor::Anonymous, &input).await.unwrap()
}

fn token(token: &str) -> LinkToken {
    LinkToken { token: token.to_owned(), ..LinkToken::default() }
}

fn forgotten(email: &str) -> ForgottenPassword {
    ForgottenPassword { email: email.to_owned(), ..ForgottenPassword::default() }
}

fn reset(token: &str, new_password: &str) -> PasswordReset {
    let (token, new_password) = (token.to_owned(), new_password.to_owned());
    PasswordReset { token, new_password, ..PasswordReset::default() }
}

fn login(name: &str, password: &str) -> Credentials {
    Credentials { login: name.to_owned(), password: password.to_owned(), ..Credentials::default() }
}

/// The code of the first violation.
fn violation<T: std::fmt::Debug>(outcome: eventcore::Result<T>) -> String {
    match outcome.unwrap_err() {
        eventcore::Error::Invalid(violations) => violations.as_slice()[0].code.to_string(),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_account_verifies_its_address_by_a_link(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, mails) = (&db.core, Mailbox::of(&db.core));
    let ada = sign_up(core, "ada").await;
    let actor = Actor::user(ada.id, Role::User);
    assert!(!ada.email_verified);
    let (address, link) = mails.link(core).await;
    assert_eq!(address, "ada@example.org");
    core.check_account_link(LinkPurpose::VerifyEmail, &link).await.unwrap();
    // A link has one purpose.
    assert_eq!(violation(core.reset_password_by_link(&reset(&link, OTHER)).await), "invalid_link");
    for wrong in ["", "x", &link[1..], &link[..link.len() - 1], &format!("B{}", &link[1..])] {
        assert_eq!(violation(core.verify_email(&token(wrong)).await), "invalid_link", "{wrong}");
    }
    assert!(core.verify_email(&token(&link)).await.unwrap().email_verified);
    // Whoever presses the button twice is told the same.
    assert!(core.verify_email(&token(&link)).await.unwrap().email_verified);
    core.resend_verification(&actor).await.unwrap();
    assert_eq!(mails.take(core).await, [], "nothing is left to verify");

    let bob = sign_up(core, "bob").await;
    let bob = Actor::user(bob.id, Role::User);
    let (_, old) = mails.link(core).await;
    for _ in 0..4 {
        core.resend_verification(&bob).await.unwrap();
    }
    let sent = mails.take(core).await;
    assert_eq!(sent.len(), 4);
    assert_eq!(refusal_code(core.resend_verification(&bob).await), "rate_limited");
    db.clock.advance(Duration::from_hours(24));
    assert_eq!(violation(core.verify_email(&token(&old)).await), "expired_link");
    core.resend_verification(&bob).await.unwrap();
    let (_, new) = mails.link(core).await;
    assert!(core.verify_email(&token(&new)).await.unwrap().email_verified);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_is_confirmed_at_the_new_one_and_told_to_the_old_one(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, mails) = (&db.core, Mailbox::of(&db.core));
    let ada = sign_up(core, "ada").await;
    let actor = Actor::user(ada.id, Role::User);
    let (_, link) = mails.link(core).await;
    let change = |email: &str| json!({"email": email, "current_password": PASSWORD});

    // Nothing is lost with an address that was never verified.
    let changed = core.change_user(&actor, ada.id, &change("new@example.org"), None).await.unwrap();
    assert_eq!((changed.email.as_deref(), changed.pending_email), (Some("new@example.org"), None));
    assert_eq!(violation(core.verify_email(&token(&link)).await), "used_link");
    let mut sent = mails.take(core).await;
    // Ids of the same instant are in no order.
    sent.sort_by_key(|mail| mail.mail.kind());
    let told: Vec<_> = sent.iter().map(|mail| (mail.mail.kind(), &*mail.address)).collect();
    assert_eq!(
        told,
        [(MailKind::VerifyEmail, "new@example.org"), (MailKind::AddressChange, "ada@example.org")]
    );
    core.verify_email(&token(sent[0].token.as_deref().unwrap())).await.unwrap();

    let changed = core.change_user(&actor, ada.id, &change("ada@exmaple.org"), None).await.unwrap();
    assert_eq!(
        (changed.email.as_deref(), changed.pending_email.as_deref(), changed.email_verified),
        (Some("new@example.org"), Some("ada@exmaple.org"), true),
        "a typing error locks nobody out"
    );
    let (_, typo) = mails.link(core).await;
    let changed = core.change_user(&actor, ada.id, &change("third@example.org"), None).await.unwrap();
    assert_eq!(changed.pending_email.as_deref(), Some("third@example.org"));
    assert_eq!(violation(core.verify_email(&token(&typo)).await), "used_link", "it was given up");
    let (address, link) = mails.link(core).await;
    assert_eq!(address, "third@example.org");
    // Another user takes the address meanwhile.
    let bob = sign_up(core, "third").await;
    assert_eq!(refusal_code(core.verify_email(&token(&link)).await), "email_taken");
    core.delete_user(&Actor::System, bob.id, None).await.unwrap();
    let verified = core.verify_email(&token(&link)).await.unwrap();
    assert_eq!((verified.email.as_deref(), verified.pending_email), (Some("third@example.org"), None));
    // Giving the address again gives the pending one up.
    core.change_user(&actor, ada.id, &change("fourth@example.org"), None).await.unwrap();
    let back = core.change_user(&actor, ada.id, &change("third@example.org"), None).await.unwrap();
    assert_eq!((back.pending_email, back.email_verified), (None, true));
    let taken = core.change_user(&actor, ada.id, &change("ada@example.org"), None).await;
    assert!(taken.is_ok(), "nobody has it");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_replaced_by_a_link_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, mails) = (&db.core, Mailbox::of(&db.core));
    let ada = id_of(&db.user_with_password("ada", PASSWORD).await);
    db.user("passwordless").await;
    core.sign_in(&login("ada", PASSWORD), None).await.unwrap();
    for nobody in ["nobody@example.org", "passwordless@example.org"] {
        core.forgot_password(&forgotten(nobody)).await.unwrap();
    }
    assert_eq!(mails.take(core).await, []);
    assert_eq!(violation(core.forgot_password(&forgotten("ada")).await), "invalid");

    core.forgot_password(&forgotten(" ADA@Example.org ")).await.unwrap();
    let (address, link) = mails.link(core).await;
    assert_eq!(address, "ada@example.org");
    assert_eq!(violation(core.reset_password_by_link(&reset(&link, "short")).await), "too_short");
    // Of two at once, one succeeds.
    let (one, other) = (reset(&link, OTHER), reset(&link, "a third horse 9"));
    let (one, other) = tokio::join!(core.reset_password_by_link(&one), core.reset_password_by_link(&other));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(violation(core.reset_password_by_link(&reset(&link, OTHER)).await), "used_link");
    assert_eq!(mails.kinds(core).await, [(MailKind::PasswordChanged, "ada@example.org".to_owned())]);
    assert_eq!(
        core.sessions(&Actor::user(ada, Role::User), &PageRequest::default()).await.unwrap().items,
        []
    );
    assert_eq!(refusal_code(core.sign_in(&login("ada", PASSWORD), None).await), "invalid_credentials");
    let password = if one.is_ok() { OTHER } else { "a third horse 9" };
    core.sign_in(&login("ada", password), None).await.unwrap();
    assert!(core.user(&Actor::System, ada).await.unwrap().email_verified, "the link came to the address");

    core.forgot_password(&forgotten("ada@example.org")).await.unwrap();
    let (_, link) = mails.link(core).await;
    db.clock.advance(Duration::from_hours(1));
    assert_eq!(violation(core.reset_password_by_link(&reset(&link, PASSWORD)).await), "expired_link");
    for _ in 0..7 {
        core.forgot_password(&forgotten("ada@example.org")).await.unwrap();
    }
    let sent = mails.take(core).await;
    assert_eq!(sent.len(), 5, "nobody fills a mailbox");
    // A change of the password voids the links that wait.
    let pair = core.sign_in(&login("ada", password), None).await.unwrap();
    let actor = core.authenticate(&pair.access_token).await.unwrap();
    let change = NewPassword {
        current_password: password.to_owned(),
        new_password: PASSWORD.to_owned(),
        ..NewPassword::default()
    };
    core.change_password(&actor, &change).await.unwrap();
    let link = sent[0].token.as_deref().unwrap();
    assert_eq!(violation(core.reset_password_by_link(&reset(link, OTHER)).await), "used_link");

    db.clock.advance(Duration::from_hours(2));
    core.forgot_password(&forgotten("ada@example.org")).await.unwrap();
    mails.take(core).await;
    core.set_user_disabled(&Actor::System, "ada", true).await.unwrap();
    core.forgot_password(&forgotten("ada@example.org")).await.unwrap();
    assert_eq!(mails.take(core).await, []);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_from_another_client_is_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, mails) = (&db.core, Mailbox::of(&db.core));
    db.user_with_password("ada", PASSWORD).await;
    for (agent, told) in [
        (Some("eventtui/0.1.0"), false),
        (Some("eventtui/0.2.0"), false),
        (Some("curl/8.1"), true),
        (Some("curl/8.2"), false),
        (None, true),
        (Some("eventtui/0.2.0"), false),
    ] {
        core.sign_in(&login("ada", PASSWORD), agent).await.unwrap();
        let kinds: Vec<_> = mails.kinds(core).await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds.as_slice() == [MailKind::NewSignIn], told, "{agent:?} {kinds:?}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verified_address_can_be_required_to_register_and_to_publish(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let builder = EventCore::builder().url(&db.url).clock(db.clock.clone());
    let core = &builder.require_verified_email(true).connect().await.unwrap();
    let mails = Mailbox::of(core);
    let admin = db.admin("root").await;
    let open = core.create_event(&admin, &new_event().input()).await.expect("admins need none");
    let occurrence = open.next_occurrence.unwrap().id;
    let ada = Actor::user(sign_up(core, "ada").await.id, Role::User);
    let refused = "email_not_verified";
    assert_eq!(refusal_code(core.create_event(&ada, &new_event().input()).await), refused);
    assert_eq!(refusal_code(core.register(&ada, occurrence, &Party::of(1)).await), refused);
    let draft = core.create_event(&ada, &new_event().draft().input()).await.expect("a draft").id;
    assert_eq!(refusal_code(core.publish_event(&ada, draft, None).await), refused);
    let publish = json!({"status": "published"});
    assert_eq!(refusal_code(core.change_event(&ada, draft, &publish, None).await), refused);
    core.change_event(&ada, draft, &json!({"title": "Later"}), None).await.expect("it stays a draft");
    let (_, link) = mails.link(core).await;
    core.verify_email(&token(&link)).await.unwrap();
    core.publish_event(&ada, draft, None).await.expect("verified");
    core.register(&ada, occurrence, &Party::of(1)).await.expect("verified");
    core.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_repeated_given_up_and_remembered(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, mails) = (&db.core, Mailbox::of(&db.core));
    let temporary = || DeliveryError::Temporary("away".to_owned());
    let refused = |bounced| DeliveryError::Permanent { reason: "no such user".to_owned(), bounced };

    mails.fail_next(temporary());
    mails.fail_next(temporary());
    let ada = sign_up(core, "ada").await;
    let actor = Actor::user(ada.id, Role::User);
    assert_eq!(mails.take(core).await, []);
    assert_eq!(db.number("SELECT count(*) FROM mails WHERE state = 'waiting' AND attempts = 1").await, 1);
    for _ in 0..2 {
        db.clock.advance(Duration::from_secs(30));
        core.run_due_jobs().await.unwrap();
    }
    let sent = mails.take(core).await;
    assert_eq!(sent.len(), 1, "once, and not again");
    db.clock.advance(Duration::from_mins(10));
    assert_eq!(mails.take(core).await, []);
    assert_eq!(db.number("SELECT count(*) FROM mails WHERE state = 'sent' AND attempts = 3").await, 1);

    // A server that refuses the address marks it; the next mail that arrives takes the mark away.
    for (bounced, bouncing) in [(false, false), (true, true)] {
        mails.fail_next(refused(bounced));
        core.resend_verification(&actor).await.unwrap();
        assert_eq!(mails.take(core).await, []);
        db.clock.advance(Duration::from_mins(10));
        assert_eq!(mails.take(core).await, [], "it is not repeated");
        assert_eq!(core.user(&actor, ada.id).await.unwrap().email_bouncing, bouncing);
    }
    assert_eq!(db.number("SELECT count(*) FROM mails WHERE state = 'refused'").await, 2);
    core.resend_verification(&actor).await.unwrap();
    assert_eq!(mails.take(core).await.len(), 1);
    assert!(!core.user(&actor, ada.id).await.unwrap().email_bouncing);

    // A link that has expired while the server was away is not sent.
    mails.fail_next(temporary());
    core.resend_verification(&actor).await.unwrap();
    core.run_due_jobs().await.unwrap();
    db.clock.advance(Duration::from_hours(25));
    assert_eq!(mails.take(core).await, []);
    assert_eq!(db.number("SELECT count(*) FROM mails WHERE state = 'dropped'").await, 1);

    // Nothing is kept about a deleted account, and old mails of others are deleted.
    core.resend_verification(&actor).await.unwrap();
    core.delete_user(&Actor::System, ada.id, None).await.unwrap();
    assert_eq!(mails.take(core).await, []);
    assert_eq!(db.number("SELECT count(*) FROM mails").await, 0);
    assert_eq!(db.number("SELECT count(*) FROM account_links").await, 0);
    sign_up(core, "bob").await;
    core.ensure_jobs().await.unwrap();
    assert_eq!(mails.take(core).await.len(), 1);
    db.clock.advance(Duration::from_hours(24 * 31));
    core.run_due_jobs().await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM mails").await, 0);
    assert_eq!(db.number("SELECT count(*) FROM account_links").await, 0);
}
