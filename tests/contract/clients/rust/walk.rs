//! A life with the client that openapi-generator makes for Rust.

use eventd_client::apis::configuration::Configuration;
use eventd_client::apis::{Error, auth_api, events_api, occurrences_api, registrations_api, users_api};
use eventd_client::models::{
    Credentials, EventChange, EventStatus, NewEvent, NewUser, PartyInput, Recurrence, RefreshToken,
    RegistrationStatus, TokenPair,
};

const PASSWORD: &str = "correct horse 7";

/// Expects a problem, and returns its text.
fn refused<T: std::fmt::Debug, E: std::fmt::Debug>(
    status: u16,
    kind: &str,
    answer: Result<T, Error<E>>,
) -> String {
    match answer {
        Err(Error::ResponseError(refusal)) => {
            assert_eq!(refusal.status.as_u16(), status, "{}", refusal.content);
            assert!(refusal.content.contains(&format!("\"/problems/{kind}\"")), "{}", refusal.content);
            // The generated error has a variant with the problem.
            format!("{:?}", refusal.entity.expect("a problem"))
        }
        other => panic!("not refused as {kind}: {other:?}"),
    }
}

struct Person {
    api: Configuration,
    sign_up: NewUser,
    tokens: TokenPair,
}

impl Person {
    async fn signed_in(base: &str, name: &str) -> Self {
        let mut api = Configuration { base_path: base.to_owned(), ..Configuration::default() };
        let sign_up = NewUser::new(format!("{name}@example.org"), PASSWORD.to_owned(), name.to_owned());
        let user = users_api::users_create(&api, sign_up.clone(), None).await.expect("an account");
        assert_eq!(user.username, name);
        let credentials = Credentials::new(name.to_owned(), PASSWORD.to_owned());
        let tokens = auth_api::auth_login(&api, credentials).await.expect("tokens");
        api.bearer_access_token = Some(tokens.access_token.clone());
        Self { api, sign_up, tokens }
    }
}

async fn walk(base: &str) {
    let ada = Person::signed_in(base, "rust-ada").await;
    let bob = Person::signed_in(base, "rust-bob").await;
    refused(409, "username-taken", users_api::users_create(&ada.api, ada.sign_up.clone(), None).await);
    let wrong = Credentials::new("rust-ada".to_owned(), "wrong horse 8".to_owned());
    refused(401, "invalid-credentials", auth_api::auth_login(&ada.api, wrong).await);

    let mut recurrence = Recurrence::new();
    recurrence.rrule = Some(Some("FREQ=WEEKLY;COUNT=3".to_owned()));
    let mut evening = NewEvent::new(
        4,
        "Room 2".to_owned(),
        "2099-03-05T18:30:00".to_owned(),
        "Rustaceans evening".to_owned(),
    );
    evening.timezone = Some(Some("Europe/Berlin".to_owned()));
    evening.registration_closes_before = Some(Some("PT2H".to_owned()));
    evening.recurrence = Some(Some(Box::new(recurrence)));
    let event = events_api::events_create(&ada.api, evening.clone(), None).await.expect("an event");
    assert_eq!((event.occurrence_count, event.registration_closes_before.as_deref()), (3, Some("PT2H")));
    evening.capacity = 0;
    let problem = refused(400, "invalid-input", events_api::events_create(&ada.api, evening, None).await);
    assert!(problem.contains("/capacity"), "{problem}");
    let id = event.id.to_string();
    let change = EventChange { capacity: Some(5), ..EventChange::default() };
    let changed = events_api::events_change(&ada.api, &id, change.clone(), None).await.expect("a change");
    assert_eq!((changed.capacity, changed.version), (5, event.version + 1));
    let stale = events_api::events_change(&ada.api, &id, change, Some("\"1\"")).await;
    refused(412, "version-mismatch", stale);

    let list = async |cursor: Option<&str>| {
        let (none, q) = (None, Some("rustaceans"));
        occurrences_api::occurrences_list(
            &bob.api,
            q,
            None,
            None,
            None,
            none,
            none,
            none,
            none,
            none,
            none,
            none,
            None,
            None,
            none,
            None,
            none,
            None,
            Some(2),
            cursor,
            Some(true),
        )
        .await
        .expect("a page")
    };
    let first = list(None).await;
    let rest = list(first.next.as_deref()).await;
    assert_eq!((first.total, first.items.len(), rest.items.len(), rest.next), (Some(Some(3)), 2, 1, None));
    let occurrence = first.items[0].id.to_string();
    let party = PartyInput { party_size: Some(Some(2)), ..PartyInput::new() };
    let registration = registrations_api::registrations_register(&bob.api, &occurrence, None, Some(party));
    let registration = registration.await.expect("a registration");
    assert_eq!(registration.status, RegistrationStatus::Confirmed);
    assert!(registration.ticket_code.is_some());
    let seats_left = async || {
        let read = occurrences_api::occurrences_read(&bob.api, &occurrence, None).await;
        read.expect("an occurrence").seats_left
    };
    assert_eq!(seats_left().await, 3);
    let mine = registrations_api::registrations_list_mine(&bob.api, None, None, None, None);
    let mine = mine.await.expect("my registrations").items.remove(0);
    assert_eq!(mine.occurrence.expect("an occurrence").title, "Rustaceans evening");
    let attendees = registrations_api::registrations_list(&ada.api, &occurrence, None, None, None, None);
    assert_eq!(attendees.await.expect("attendees").items[0].user.username, "rust-bob");
    registrations_api::registrations_cancel(&bob.api, &occurrence, None).await.expect("cancelled");
    assert_eq!(seats_left().await, 5);
    let nobody = "01890000-0000-7000-8000-000000000000";
    refused(404, "not-found", events_api::events_read(&bob.api, nobody, None).await);

    let cancelled = events_api::events_cancel(&ada.api, &id, None, None).await.expect("cancelled");
    assert_eq!(cancelled.status, EventStatus::Cancelled);
    let token = RefreshToken::new(bob.tokens.refresh_token.clone());
    let tokens = auth_api::auth_refresh(&bob.api, token).await.expect("tokens");
    auth_api::auth_logout(&bob.api, RefreshToken::new(tokens.refresh_token)).await.expect("signed out");
    refused(401, "invalid-credentials", users_api::users_read(&bob.api, "me").await);
}

fn main() {
    let base = std::env::args().nth(1).expect("the address of the daemon");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(walk(&base));
}
