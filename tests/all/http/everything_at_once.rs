//! All operations at once, at one process or three: no response is a 5xx, and all counts are right at the
//! end.

use std::sync::Arc;

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, Kind, Random, TestDb, eventd_check, new_event_in_2031};

const PEOPLE: usize = 50;
const STEPS: usize = 30;
const SERIES: usize = 4;

/// The state that all clients share.
struct Playground {
    /// Each organizer, and the path of their series.
    organizers: Vec<(Client, String)>,
    /// The co-organizer of every other series, who takes it over if its organizer is deleted.
    helper: Client,
    admin: Client,
    /// A client of each process.
    processes: Vec<Client>,
}

impl Playground {
    /// This user as a client of a random process.
    fn at_random_process(&self, random: &mut Random, who: &Client) -> Client {
        random.pick(&self.processes).with_token(who.token())
    }

    /// A random occurrence of a random series, if this user sees any.
    async fn occurrence(&self, random: &mut Random, who: &Client) -> Option<String> {
        let (_, series) = random.pick(&self.organizers);
        let page = send(who, Method::GET, &format!("{series}/occurrences?limit=20"), None).await?;
        let occurrences = page["items"].as_array()?;
        let occurrence = occurrences.get(random.below(occurrences.len().max(1)))?;
        Some(format!("/occurrences/{}", occurrence["id"].as_str()?))
    }
}

/// Sends a request and returns the body if it succeeded. Refusals are allowed, server errors are not.
async fn send(who: &Client, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
    let shown = format!("{method} {path} {body:?}");
    let answer = who.call(method, path, body, &[]).await;
    let status = answer.status.as_u16();
    assert!(status < 500, "{shown}: {status} {}", String::from_utf8_lossy(&answer.bytes));
    if !answer.status.is_success() {
        return None;
    }
    Some(if answer.bytes.is_empty() { Value::Null } else { answer.json() })
}

/// A random action of a user at an occurrence.
async fn act_as_attendee(who: &Client, random: &mut Random, occurrence: &str) {
    let mine = format!("{occurrence}/registration");
    match random.below(8) {
        0..=2 => send(who, Method::PUT, &mine, Some(json!({"party_size": 1 + random.below(3)}))).await,
        3 => send(who, Method::PUT, &mine, Some(json!({"auto_promote": random.one_in(2)}))).await,
        4..=5 => send(who, Method::DELETE, &mine, None).await,
        6 => send(who, Method::GET, &format!("{occurrence}/registration"), None).await,
        _ => send(who, Method::GET, "/registrations?limit=5&count=true", None).await,
    };
}

/// A random action of an organizer, a co-organizer or an admin.
async fn act_as_organizer(who: &Client, random: &mut Random, series: &str, occurrence: &str) {
    let all = format!("{occurrence}/registrations");
    match random.below(14) {
        0..=1 => send(who, Method::PATCH, series, Some(json!({"capacity": 1 + random.below(12)}))).await,
        2 => send(who, Method::PATCH, occurrence, Some(json!({"capacity": 1 + random.below(12)}))).await,
        3 => send(who, Method::PATCH, occurrence, Some(json!({"capacity": null, "title": "Another"}))).await,
        4 => send(who, Method::POST, &format!("{occurrence}/cancel"), None).await,
        5..=6 => send(who, Method::POST, &format!("{occurrence}/restore"), None).await,
        7 => {
            send(who, Method::POST, &format!("{occurrence}/split"), Some(json!({"title": "The rest"}))).await
        }
        8 => {
            let rule = format!("FREQ=WEEKLY;COUNT={}", 2 + random.below(6));
            send(who, Method::PATCH, series, Some(json!({"recurrence": {"rrule": rule}}))).await
        }
        9 => {
            let visibility = *random.pick(&["public", "private", "unlisted"]);
            send(who, Method::PATCH, series, Some(json!({"visibility": visibility}))).await
        }
        10 => {
            let guest = format!("person{}", random.below(PEOPLE));
            send(who, Method::POST, &all, Some(json!({"username": guest, "party_size": 2}))).await
        }
        _ => {
            let Some(page) = send(who, Method::GET, &format!("{all}?limit=10"), None).await else { return };
            let registrations = page["items"].as_array().unwrap();
            let Some(one) = registrations.get(random.below(registrations.len().max(1))) else { return };
            let id = one["id"].as_str().unwrap();
            match (random.below(4), one["ticket_code"].as_str()) {
                (0, _) => send(who, Method::DELETE, &format!("{all}/{id}"), None).await,
                (1, _) => send(who, Method::DELETE, &format!("/registrations/{id}/check-in"), None).await,
                (_, Some(code)) => {
                    let shown = json!({"code": code, "occurrence_id": one["occurrence_id"]});
                    send(who, Method::POST, "/check-in", Some(shown)).await
                }
                (_, None) => send(who, Method::POST, &format!("/registrations/{id}/check-in"), None).await,
            }
        }
    };
}

/// A random action of anyone.
async fn act_as_anyone(who: &Client, random: &mut Random, series: &str) {
    let talk = format!("{series}/comments");
    match random.below(5) {
        0 => send(who, Method::POST, &talk, Some(json!({"body": "Who comes?"}))).await,
        1 => send(who, Method::GET, "/occurrences/facets?q=evening", None).await,
        2 => send(who, Method::GET, &format!("{series}/insights"), None).await,
        3 => send(who, Method::GET, "/occurrences?registered=me&count=true", None).await,
        _ => {
            let Some(page) = send(who, Method::GET, &talk, None).await else { return };
            let Some(first) = page["items"].get(0) else { return };
            let id = first["id"].as_str().unwrap();
            match random.below(3) {
                0 => send(who, Method::POST, &format!("/comments/{id}/hide"), None).await,
                1 => send(who, Method::DELETE, &format!("/comments/{id}"), None).await,
                _ => send(who, Method::POST, &talk, Some(json!({"body": "I do", "parent_id": id}))).await,
            }
        }
    };
}

async fn person(shared: Arc<Playground>, who: Client, number: usize) {
    let mut random = Random(number as u64 + 1);
    for step in 0..STEPS {
        let here = shared.at_random_process(&mut random, &who);
        let Some(occurrence) = shared.occurrence(&mut random, &here).await else { continue };
        match random.below(4) {
            0 => {
                let series = random.pick(&shared.organizers).1.clone();
                act_as_anyone(&here, &mut random, &series).await;
            }
            _ => act_as_attendee(&here, &mut random, &occurrence).await,
        }
        // Some accounts are deleted in the middle.
        if step > 10 && number.is_multiple_of(5) && random.one_in(6) {
            send(&here, Method::DELETE, "/users/me", None).await;
            return;
        }
    }
}

async fn organizer(shared: Arc<Playground>, number: usize) {
    let mut random = Random(1_000 + number as u64);
    for _ in 0..STEPS {
        let (owner, series) = &shared.organizers[number];
        let who = *random.pick(&[owner, &shared.helper, &shared.admin]);
        let here = shared.at_random_process(&mut random, who);
        let Some(page) = send(&here, Method::GET, &format!("{series}/occurrences?limit=20"), None).await
        else {
            continue;
        };
        let occurrences = page["items"].as_array().unwrap();
        let Some(occurrence) = occurrences.get(random.below(occurrences.len().max(1))) else { continue };
        act_as_organizer(
            &here,
            &mut random,
            series,
            &format!("/occurrences/{}", occurrence["id"].as_str().unwrap()),
        )
        .await;
    }
    // One organizer has a co-organizer as the successor, and one has none.
    if number < 2 {
        send(&shared.organizers[number].0, Method::DELETE, "/users/me", None).await;
    }
}

async fn change_categories(shared: Arc<Playground>) {
    let mut random = Random(7);
    for round in 0..STEPS {
        let here = shared.at_random_process(&mut random, &shared.admin);
        let slug = format!("round{round}");
        send(&here, Method::POST, "/categories", Some(json!({"slug": slug, "name": "Round"}))).await;
        let series = random.pick(&shared.organizers).1.clone();
        send(&here, Method::PATCH, &series, Some(json!({"category": slug, "tags": ["a", slug]}))).await;
        send(&here, Method::DELETE, &format!("/categories/{slug}?move_to=meetup"), None).await;
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_at_once_causes_no_server_error_and_leaves_all_counts_right(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let daemons = Daemon::several(&db, &["--database-connections", "30"]).await;
    let (admin, helper) = (daemons[0].admin("root").await, daemons[0].user("helper").await);
    let mut organizers = Vec::new();
    for number in 0..SERIES {
        let owner = daemons[0].user(&format!("organizer{number}")).await;
        let series = new_event_in_2031().capacity(5).rule("FREQ=WEEKLY;COUNT=4").json();
        let path = format!("/events/{}", owner.post("/events", series).await.expect(201).id());
        if number % 2 == 0 {
            owner.put(&format!("{path}/organizers/{}", helper.id()), json!({})).await.expect(204);
        }
        organizers.push((owner, path));
    }
    let processes = daemons.iter().map(Daemon::anonymous).collect();
    let shared = Arc::new(Playground { organizers, helper, admin, processes });
    let mut everyone = tokio::task::JoinSet::new();
    for number in 0..PEOPLE {
        let who = daemons[0].user(&format!("person{number}")).await;
        everyone.spawn(person(shared.clone(), who, number));
    }
    for number in 0..SERIES {
        everyone.spawn(organizer(shared.clone(), number));
    }
    everyone.spawn(change_categories(shared.clone()));
    everyone.join_all().await;

    eventd_check(&db).await;
    db.check().await;
    let made = db.number("SELECT count(*) FROM registrations").await;
    let attended = db.number("SELECT count(*) FROM registrations WHERE checked_in_at IS NOT NULL").await;
    assert!(made > 100 && attended > 0, "{made} registrations, {attended} attended");
    // The columns copied from events to occurrences are consistent.
    for sql in [
        "SELECT count(*) FROM occurrences o JOIN events e ON e.id = o.event_id \
             WHERE o.category_id IS DISTINCT FROM e.category_id",
        "SELECT count(*) FROM occurrences o JOIN events e ON e.id = o.event_id \
             WHERE o.organizer_id <> e.organizer_id",
        "SELECT count(*) FROM occurrences o JOIN events e ON e.id = o.event_id \
             WHERE o.listed <> (e.visibility = 'public' AND e.status <> 'draft')",
        "SELECT count(*) FROM registrations r JOIN occurrences o ON o.id = r.occurrence_id \
             WHERE r.event_id <> o.event_id",
        "SELECT count(*) FROM registrations r JOIN users u ON u.id = r.user_id \
             WHERE u.deleted_at IS NOT NULL AND r.status IN ('confirmed', 'waitlisted')",
    ] {
        assert_eq!(db.number(sql).await, 0, "{sql}");
    }
    for daemon in daemons {
        assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
    }
}
