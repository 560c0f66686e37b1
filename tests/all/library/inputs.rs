//! Inputs as programs write them: constructors, setters and typed patches.

use eventcore::accounts::{Credentials, NewUser};
use eventcore::events::{EventInput, EventPatch, OccurrencePatch};
use eventcore::recurrence::Recurrence;
use eventcore::{Actor, Role};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb};

#[tokio::test]
async fn an_account_is_built_by_setters() {
    let db = TestDb::new(Kind::Sqlite).await;
    let input = NewUser::new("grace", "grace@example.org")
        .password("correct horse 7")
        .display_name("Grace Hopper")
        .timezone("America/New_York")
        .role(Role::Admin);
    let grace = db.core.create_user(&Actor::System, &input).await.unwrap();
    assert_eq!((&*grace.display_name, &*grace.timezone), ("Grace Hopper", "America/New_York"));
    assert_eq!(grace.role, Role::Admin);
    db.core.sign_in(&Credentials::new("grace", "correct horse 7"), None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_an_input_that_changes_nothing(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let weekly = Recurrence { rrule: Some("FREQ=WEEKLY;COUNT=5".parse().unwrap()), ..Recurrence::default() };
    let course = EventInput::new("Course", "Hall", "2031-03-04T18:30:00".parse().unwrap(), 12)
        .timezone("Europe/Berlin")
        .duration("PT90M".parse().unwrap())
        .tags(["rust", "history"])
        .registration_closes_before("P1D".parse().unwrap())
        .recurrence(weekly);
    let holiday = EventInput::new("Holiday", "Everywhere", "2031-05-01".parse().unwrap(), 500)
        .timezone("Europe/Berlin")
        .ends_at("2031-05-03".parse().unwrap());
    for input in [course, holiday] {
        let event = db.core.create_event(&ada, &input).await.unwrap();
        let same = EventInput::from(&event);
        let replaced = db.core.replace_event(&ada, event.id, &same, None).await.unwrap();
        assert_eq!((replaced.version, EventInput::from(&replaced)), (event.version, same));

        // A typed patch is the same as its JSON.
        let patch =
            EventPatch::new().title("New").capacity(40).category(None).url(Some("https://example.org"));
        let typed = db.core.change_event(&ada, event.id, &patch, None).await.unwrap();
        let json = json!({"title": "New", "capacity": 40, "category": null, "url": "https://example.org"});
        let again = db.core.change_event(&ada, event.id, &json, None).await.unwrap();
        assert_eq!(typed, again);
        assert_eq!((typed.version, &*typed.title, typed.capacity), (event.version + 1, "New", 40));
        let occurrence = typed.next_occurrence.as_ref().unwrap().id;
        let patch = OccurrencePatch::new().location(Some("Garden"));
        let changed = db.core.change_occurrence(&ada, occurrence, patch, None).await.unwrap();
        assert_eq!(changed.location, "Garden");
        let patch = OccurrencePatch::new().location(None);
        assert_eq!(
            db.core.change_occurrence(&ada, occurrence, patch, None).await.unwrap().location,
            event.location
        );
        // JSON that is no object is refused, whatever is set in it.
        let text = EventPatch::from(json!("title")).title("x");
        let refused = db.core.change_event(&ada, event.id, text, None).await.unwrap_err();
        assert_eq!(refused.code(), "invalid_input");
    }
    db.check().await;
}
