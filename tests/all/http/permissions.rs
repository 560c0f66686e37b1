//! Permissions over HTTP: the status for each action and each kind of user.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, new_event_in_2031};

/// The users of the tables.
struct People {
    anonymous: Client,
    other: Client,
    co_organizer: Client,
    organizer: Client,
    admin: Client,
}

impl People {
    fn columns(&self) -> [(&'static str, &Client); 5] {
        [
            ("anonymous", &self.anonymous),
            ("other", &self.other),
            ("co-organizer", &self.co_organizer),
            ("organizer", &self.organizer),
            ("admin", &self.admin),
        ]
    }

    /// A new event with both organizers.
    async fn event(&self, changes: &Value) -> String {
        let (event, _) = self.organizer.create_event(new_event_in_2031().with(changes)).await;
        self.organizer.add_co_organizer(&event, &self.co_organizer).await;
        event
    }
}

/// The second occurrence of an event, which only its organizers may change.
async fn occurrence(people: &People, id: &str) -> String {
    let occurrences = people.organizer.all(&format!("/events/{id}/occurrences")).await;
    format!("/occurrences/{}", occurrences[1]["id"].as_str().expect("an id"))
}

async fn act_on_occurrence(action: &str, client: &Client, people: &People, id: &str) -> u16 {
    let path = occurrence(people, id).await;
    let answer = match action {
        "read" => client.get(&path).await,
        "change" => client.patch(&path, json!({"title": "Changed"})).await,
        "cancel" => client.poke(&format!("{path}/cancel")).await,
        "restore" => client.poke(&format!("{path}/restore")).await,
        "split" => client.poke(&format!("{path}/split")).await,
        "delete" => client.delete(&path).await,
        other => panic!("{other}"),
    };
    answer.status.as_u16()
}

async fn act(action: &str, client: &Client, id: &str, someone: &str) -> u16 {
    let path = format!("/events/{id}");
    let answer = match action {
        "read" => client.get(&path).await,
        "list its dates" => client.get(&format!("{path}/occurrences")).await,
        "change" => client.patch(&path, json!({"title": "Changed"})).await,
        "publish" => client.poke(&format!("{path}/publish")).await,
        "cancel" => client.poke(&format!("{path}/cancel")).await,
        "duplicate" => {
            client.post(&format!("{path}/duplicate"), json!({"starts_at": "2031-04-04T18:30:00"})).await
        }
        "list organizers" => client.get(&format!("{path}/organizers")).await,
        "name organizers" => client.put(&format!("{path}/organizers/{someone}"), json!({})).await,
        "delete" => client.delete(&path).await,
        other => panic!("{other}"),
    };
    answer.status.as_u16()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_of_events_and_occurrences(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let people = People {
        anonymous: daemon.anonymous(),
        other: daemon.user("other").await,
        co_organizer: daemon.user("helper").await,
        organizer: daemon.user("organizer").await,
        admin: daemon.admin("admin").await,
    };
    let someone = daemon.user("someone").await.id().to_string();
    let (public, private, unlisted, draft) = (
        json!({}),
        json!({"visibility": "private"}),
        json!({"visibility": "unlisted"}),
        json!({"status": "draft"}),
    );
    // Action, event, and the statuses for: anonymous, another user, co-organizer, organizer, admin.
    let table: [(&str, &Value, [u16; 5]); 19] = [
        ("read", &public, [200, 200, 200, 200, 200]),
        ("read", &unlisted, [200, 200, 200, 200, 200]),
        ("read", &draft, [404, 404, 200, 200, 200]),
        ("read", &private, [404, 404, 200, 200, 200]),
        ("list its dates", &public, [200, 200, 200, 200, 200]),
        ("list its dates", &draft, [404, 404, 200, 200, 200]),
        ("list its dates", &private, [404, 404, 200, 200, 200]),
        ("change", &public, [401, 403, 200, 200, 200]),
        ("change", &draft, [401, 404, 200, 200, 200]),
        ("change", &private, [401, 404, 200, 200, 200]),
        ("publish", &draft, [401, 404, 200, 200, 200]),
        ("cancel", &public, [401, 403, 200, 200, 200]),
        ("cancel", &private, [401, 404, 200, 200, 200]),
        ("duplicate", &public, [401, 403, 201, 201, 201]),
        ("list organizers", &public, [401, 403, 200, 200, 200]),
        ("name organizers", &public, [401, 403, 403, 204, 204]),
        ("name organizers", &private, [401, 404, 403, 204, 204]),
        ("delete", &public, [401, 403, 204, 204, 204]),
        ("delete", &draft, [401, 404, 204, 204, 204]),
    ];
    for (action, changes, statuses) in table {
        for ((who, client), status) in people.columns().into_iter().zip(statuses) {
            let id = people.event(changes).await;
            assert_eq!(act(action, client, &id, &someone).await, status, "{who}: {action} {changes}");
        }
    }
    occurrences(&people).await;
    users(&people, &someone).await;
}

/// Actions on occurrences. Columns: anonymous, another user, co-organizer, organizer, admin.
async fn occurrences(people: &People) {
    let series = |visibility: &str, status: &str| {
        let rule = json!({"rrule": "FREQ=DAILY;COUNT=3"});
        json!({"recurrence": rule, "visibility": visibility, "status": status})
    };
    let (public, private, draft) =
        (series("public", "published"), series("private", "published"), series("public", "draft"));
    let table: [(&str, &Value, [u16; 5]); 13] = [
        ("read", &public, [200, 200, 200, 200, 200]),
        ("read", &private, [404, 404, 200, 200, 200]),
        ("read", &draft, [404, 404, 200, 200, 200]),
        ("change", &public, [401, 403, 200, 200, 200]),
        ("change", &private, [401, 404, 200, 200, 200]),
        ("change", &draft, [401, 404, 200, 200, 200]),
        ("cancel", &public, [401, 403, 200, 200, 200]),
        ("cancel", &draft, [401, 404, 409, 409, 409]),
        ("restore", &public, [401, 403, 200, 200, 200]),
        ("split", &public, [401, 403, 201, 201, 201]),
        ("split", &private, [401, 404, 201, 201, 201]),
        ("delete", &public, [401, 403, 204, 204, 204]),
        ("delete", &draft, [401, 404, 204, 204, 204]),
    ];
    for (action, changes, statuses) in table {
        for ((who, client), status) in people.columns().into_iter().zip(statuses) {
            let id = people.event(changes).await;
            assert_eq!(
                act_on_occurrence(action, client, people, &id).await,
                status,
                "{who}: {action} a date of {changes}"
            );
        }
    }
}

/// Actions on accounts. Columns: anonymous, another user, the user, admin.
async fn users(people: &People, someone: &str) {
    let me = people.organizer.id();
    for (who, client, list, read_fully, change) in [
        ("anonymous", &people.anonymous, 401, false, 401),
        ("other", &people.other, 403, false, 403),
        ("oneself", &people.organizer, 403, true, 200),
        ("admin", &people.admin, 200, true, 200),
    ] {
        assert_eq!(client.get("/users").await.status.as_u16(), list, "{who}");
        let seen = client.get(&format!("/users/{me}")).await.expect(200).json();
        assert_eq!(seen.get("email").is_some(), read_fully, "{who}: {seen}");
        assert_eq!(
            client.patch(&format!("/users/{me}"), json!({"display_name": "X"})).await.status.as_u16(),
            change,
            "{who}"
        );
        if change != 200 {
            assert_eq!(client.delete(&format!("/users/{me}")).await.status.as_u16(), change, "{who}");
        }
    }
    people.anonymous.get("/users/me").await.expect_problem(401, "unauthenticated");
    assert_eq!(people.organizer.get("/users/me").await.expect(200).json()["username"], "organizer");
    people.admin.delete(&format!("/users/{someone}")).await.expect(204);
    people.admin.get(&format!("/users/{someone}")).await.expect_problem(404, "not-found");
}
