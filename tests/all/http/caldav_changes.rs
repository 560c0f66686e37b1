//! What calendar programs are told of changes (RFC 6578): all of them, and each once.

use eventcore::Timestamp;
use rstest::rstest;
use serde_json::json;
use tests::{Daemon, DavClient, EventBuilder, Kind, Synced, new_event_in_2031};

fn series(title: &str) -> EventBuilder {
    new_event_in_2031().title(title).timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=4")
}

/// The ids of events, each with a `-` if its file has left the calendar, in order.
fn told(synced: &Synced) -> Vec<String> {
    let id = |path: &str| {
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".ics"));
        name.unwrap_or_else(|| panic!("{path}")).to_owned()
    };
    let changed = synced.changed.keys().map(|path| id(path));
    let mut told: Vec<_> =
        changed.chain(synced.removed.iter().map(|path| format!("-{}", id(path)))).collect();
    told.sort();
    told
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_changes_a_calendar_is_in_the_next_answer_and_in_no_other(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin, admin) = (daemon.user("ada").await, daemon.user("lin").await, daemon.admin("root").await);
    let mut dav = DavClient::of(&daemon, &lin, "lin").await;
    let mut token = dav.sync("attending", "").await.token;
    macro_rules! next {
        ($($expected:expr),*) => {{
            let synced = dav.sync("attending", &token).await;
            let mut expected: Vec<String> = vec![$($expected),*];
            expected.sort();
            assert_eq!(told(&synced), expected, "line {}", line!());
            let again = dav.sync("attending", &synced.token).await;
            assert_eq!((told(&again), &again.token), (vec![], &synced.token));
            token = synced.token;
        }};
    }
    next!();
    let (weekly, _) = ada.create_event(series("Weekly").category("workshop")).await;
    let occurrences = ada.occurrences(&weekly).await;
    let (full, only) = ada.create_event(new_event_in_2031().title("Full").capacity(1)).await;
    next!();

    // Registrations, also those that wait, and those that someone else makes.
    lin.register(&occurrences[1], 1).await.expect(201);
    next!(weekly.clone());
    lin.register(&occurrences[2], 1).await.expect(201);
    next!(weekly.clone());
    ada.register(&only, 1).await.expect(201);
    lin.register(&only, 1).await.expect(201);
    next!(full.clone());
    ada.delete(&format!("/occurrences/{only}/registration")).await.expect(204);
    next!(full.clone());
    lin.delete(&format!("/occurrences/{}/registration", occurrences[2])).await.expect(204);
    next!(weekly.clone());

    // Edits of the event, and of the occurrence.
    let occurrence = format!("/occurrences/{}", occurrences[1]);
    ada.patch(&occurrence, json!({"starts_at": "2031-03-12T20:00:00+01:00"})).await.expect(200);
    next!(weekly.clone());
    ada.patch(&format!("/events/{weekly}"), json!({"title": "Weekly talks"})).await.expect(200);
    next!(weekly.clone());
    ada.patch(&format!("/events/{full}"), json!({"tags": ["rust"]})).await.expect(200);
    next!(full.clone());
    ada.poke(&format!("{occurrence}/cancel")).await.expect(200);
    next!(weekly.clone());
    ada.poke(&format!("{occurrence}/restore")).await.expect(200);
    next!(weekly.clone());
    admin.patch("/categories/workshop", json!({"name": "Workshops"})).await.expect(200);
    next!(weekly.clone());
    lin.put("/notifications/preferences", json!({"reminders": ["PT3H"]})).await.expect(200);
    next!(weekly.clone(), full.clone());

    // Who organizes an event has it in the other calendar.
    let mut organizing = dav.sync("organizing", "").await;
    assert_eq!(told(&organizing), [] as [&str; 0]);
    ada.add_co_organizer(&weekly, &lin).await;
    next!(format!("-{weekly}"));
    organizing = dav.sync("organizing", &organizing.token).await;
    assert_eq!(told(&organizing), [weekly.as_str()]);
    ada.delete(&format!("/events/{weekly}/organizers/{}", lin.id())).await.expect(204);
    next!(weekly.clone());
    organizing = dav.sync("organizing", &organizing.token).await;
    assert_eq!(told(&organizing), [format!("-{weekly}")]);

    // Endings: of the registration, of the event, and by time alone.
    lin.delete(&format!("{occurrence}/registration")).await.expect(204);
    next!(format!("-{weekly}"));
    lin.register(&occurrences[3], 1).await.expect(201);
    next!(weekly.clone());
    ada.poke(&format!("/events/{full}/cancel")).await.expect(200);
    next!(full.clone());
    let long_ago: Timestamp = "2020-03-04T18:30:00Z".parse().unwrap();
    daemon.db.set_times(&only, long_ago, long_ago).await;
    // A process that knows nothing of the calendar yet: the library has not made this change.
    let another = Daemon::on(daemon.db.clone(), &[]).await;
    dav = DavClient::of(&another, &another.again(&lin), "lin").await;
    next!(format!("-{full}"));

    // An event that is deleted.
    let (draft, _) = lin.create_event(new_event_in_2031()).await;
    organizing = dav.sync("organizing", &organizing.token).await;
    assert_eq!(told(&organizing), [draft.as_str()]);
    lin.delete(&format!("/events/{draft}")).await.expect(204);
    organizing = dav.sync("organizing", &organizing.token).await;
    assert_eq!(told(&organizing), [format!("-{draft}")]);
    assert_eq!(told(&dav.sync("attending", &token).await), [] as [&str; 0]);
    daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_a_calendar_that_was_listed_is_one_to_go_on_with(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let calendar = format!("{}organizing/", dav.home);
    let (first, _) = ada.create_event(series("Weekly")).await;
    let listed = dav.find(&calendar, "1", "<D:getetag/><D:sync-token/>").await;
    let token = &listed.responses[&calendar].found["sync-token"];
    assert_eq!(told(&dav.sync("organizing", token).await), [] as [&str; 0]);
    ada.patch(&format!("/events/{first}"), json!({"title": "Weekly talks"})).await.expect(200);
    let synced = dav.sync("organizing", token).await;
    assert_eq!(told(&synced), [first.as_str()]);
    let listed = dav.find(&calendar, "1", "<D:getetag/>").await;
    assert_eq!(
        listed.responses[synced.changed.keys().next().unwrap()].found["getetag"],
        *synced.changed.values().next().unwrap()
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_come_in_parts_if_a_program_wants_few_at_once(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let ada = daemon.user("ada").await;
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let mut events = Vec::new();
    for number in 0..5 {
        events.push(ada.create_event(new_event_in_2031().title(format!("Evening {number}"))).await.0);
    }
    events.sort();
    let few = "<D:limit><D:nresults>2</D:nresults></D:limit>";
    let (mut token, mut all, mut sizes) = (String::new(), Vec::new(), Vec::new());
    loop {
        let synced = dav.sync_some("organizing", &token, few).await;
        sizes.push(synced.changed.len());
        all.extend(told(&synced));
        token = synced.token;
        if !synced.is_truncated {
            break;
        }
    }
    all.sort();
    assert_eq!((all, sizes), (events.clone(), vec![2, 2, 1]));
    // A change between two parts is in a later one.
    for event in &events[..3] {
        ada.patch(&format!("/events/{event}"), json!({"title": "Later"})).await.expect(200);
    }
    let part = dav.sync_some("organizing", &token, few).await;
    assert_eq!((told(&part), part.is_truncated), (events[..2].to_vec(), true));
    ada.delete(&format!("/events/{}", events[0])).await.expect(204);
    let part = dav.sync_some("organizing", &part.token, few).await;
    assert_eq!((told(&part), part.is_truncated), (vec![format!("-{}", events[0]), events[2].clone()], false));
    for wrong in ["0", "x", "-1"] {
        let content = format!("<D:sync-token/><D:limit><D:nresults>{wrong}</D:nresults></D:limit>");
        let answer = dav.try_report(&format!("{}organizing/", dav.home), "D:sync-collection", &content).await;
        answer.expect_problem(400, "invalid-input");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_too_old_or_of_elsewhere_is_refused(#[case] kind: Kind) {
    let daemon = Daemon::start(kind).await;
    let (ada, lin) = (daemon.user("ada").await, daemon.user("lin").await);
    let dav = DavClient::of(&daemon, &ada, "ada").await;
    let (event, _) = ada.create_event(new_event_in_2031()).await;
    let first = dav.sync("organizing", "").await.token;
    let refused = async |dav: &DavClient, calendar: &str, token: &str| {
        let content = format!("<D:sync-token>{token}</D:sync-token><D:prop><D:getetag/></D:prop>");
        let answer = dav.try_report(&format!("{}{calendar}/", dav.home), "D:sync-collection", &content).await;
        let text = String::from_utf8(answer.expect(403).bytes.to_vec()).unwrap();
        assert!(text.contains("<D:valid-sync-token/>"), "{text}");
    };
    for token in ["1", "urn:uuid:", "urn:uuid:00000000-0000-7000-8000-000000000000", "http://example.org/1"] {
        refused(&dav, "organizing", token).await;
    }
    refused(&dav, "attending", &first).await;
    refused(&DavClient::of(&daemon, &lin, "lin").await, "organizing", &first).await;
    // Changes that nobody has asked about make no tokens, so that the first still holds.
    let rename = async |number: i32| {
        let title = json!({"title": format!("Evening {number}")});
        ada.patch(&format!("/events/{event}"), title).await.expect(200);
    };
    for number in 0..40 {
        rename(number).await;
    }
    assert_eq!(told(&dav.sync("organizing", &first).await), [event.as_str()]);
    for number in 40..80 {
        rename(number).await;
        dav.sync("organizing", "").await;
    }
    refused(&dav, "organizing", &first).await;
    let kept = "SELECT count(*) FROM calendar_snapshots WHERE calendar = 'organizing'";
    assert!((20..=40).contains(&daemon.db.number(kept).await));
    daemon.check().await;
}
