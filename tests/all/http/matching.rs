//! What becomes of occurrences and their people when the schedule of an event changes.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Client, Daemon, EventBuilder, Kind, new_event_in_2031};

/// An input that once failed, five years later: the days of the week are the same.
pub(super) fn case(text: &str) -> Value {
    let case: Value = serde_json::from_str(&text.replace("2027-", "2032-")).expect("JSON");
    if case.is_array() { case[0].clone() } else { case }
}

/// An event and someone who registers for some of its occurrences.
pub(super) struct Scene {
    pub(super) daemon: Daemon,
    pub(super) ada: Client,
    pub(super) bob: Client,
    pub(super) path: String,
}

impl Scene {
    pub(super) async fn new(kind: Kind, event: &Value) -> Self {
        let daemon = Daemon::start(kind).await;
        let [ada, bob] = daemon.users(["ada", "bob"]).await;
        let path = format!("/events/{}", ada.post("/events", event.clone()).await.expect(201).id());
        Self { daemon, ada, bob, path }
    }

    /// Bob registers for these occurrences.
    pub(super) async fn register(&self, places: impl IntoIterator<Item = usize>) {
        let occurrences = self.occurrences().await;
        for place in places {
            self.bob.register(occurrences[place]["id"].as_str().expect("an id"), 1).await.expect(201);
        }
    }

    pub(super) async fn change(&self, patch: Value) {
        self.ada.patch(&self.path, patch).await.expect(200);
    }

    pub(super) async fn occurrences(&self) -> Vec<Value> {
        self.ada.all(&format!("{}/occurrences?from=1970-01-01", self.path)).await
    }

    /// The occurrences as `03-06T18:30 bob`, in the order of their starts: month, day and time, who is
    /// registered, and whether it is cancelled. All-day occurrences have no time.
    pub(super) async fn shown(&self) -> Vec<String> {
        shown(&self.ada, &self.path).await
    }
}

pub(super) async fn shown(client: &Client, path: &str) -> Vec<String> {
    let occurrences = client.all(&format!("{path}/occurrences?from=1970-01-01")).await;
    let shown = occurrences.iter().map(|occurrence| {
        let start = occurrence["starts_at"].as_str().expect("a start");
        let start = start.get(5..16).unwrap_or(&start[5..]).to_owned();
        let bob = if occurrence["seats_taken"] == 1 { " bob" } else { "" };
        let cancelled = if occurrence["status"] == "cancelled" { " cancelled" } else { "" };
        format!("{start}{bob}{cancelled}")
    });
    shown.collect()
}

fn course() -> EventBuilder {
    new_event_in_2031().starts_at("2031-03-04T18:30:00").timezone("Europe/Berlin")
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_on_the_30th_moves_to_the_1st_in_order(#[case] kind: Kind) {
    let case = case(include_str!("../../data/cases/01-monthly-30th-to-1st.json"));
    let scene = Scene::new(kind, &case["create"]).await;
    scene.register([0, 1]).await;
    scene.change(case["patch_event"].clone()).await;
    let firsts = ["09-01", "10-01", "11-01", "12-01", "01-01", "02-01"].map(|day| format!("{day}T18:30"));
    let [first, second, rest @ ..] = firsts;
    let expected = [&[format!("{first} bob"), format!("{second} bob")], &rest[..]].concat();
    assert_eq!(scene.shown().await, expected);
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_whose_midnight_the_clocks_skip_keep_their_people(#[case] kind: Kind) {
    let case = case(include_str!("../../data/cases/04-allday-series-shift-gap-zone.json"));
    let scene = Scene::new(kind, &case["create"]).await;
    scene.register(0..3).await;
    scene.change(case["patch_event"].clone()).await;
    assert_eq!(scene.shown().await, ["08-28 bob", "09-04 bob", "09-11 bob"]);
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_people_of_both_showings_of_a_day_stay_when_one_moves(#[case] kind: Kind) {
    let event = course().starts_at("2031-03-04T15:00:00").rule("FREQ=DAILY;BYHOUR=15,20;COUNT=6").json();
    let scene = Scene::new(kind, &event).await;
    scene.register(0..6).await;
    let rule = json!({"rrule": "FREQ=DAILY;BYHOUR=16,20;COUNT=6"});
    scene.change(json!({"starts_at": "2031-03-04T16:00:00", "recurrence": rule})).await;
    let times = ["04T16", "04T20", "05T16", "05T20", "06T16", "06T20"];
    assert_eq!(scene.shown().await, times.map(|time| format!("03-{time}:00 bob")));
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undoing_a_change_of_the_rule_restores_what_it_cancelled(#[case] kind: Kind) {
    let scene = Scene::new(kind, &course().rule("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6").json()).await;
    let before = scene.occurrences().await;
    let id = |place: usize| format!("/occurrences/{}", before[place]["id"].as_str().expect("an id"));
    scene.register([1, 2, 3, 5]).await;
    scene.ada.poke(&format!("{}/cancel", id(5))).await.expect(200);

    scene.change(json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3"}})).await;
    let tuesdays = [
        "03-04T18:30",
        "03-06T18:30 bob cancelled",
        "03-11T18:30 bob",
        "03-13T18:30 bob cancelled",
        "03-18T18:30",
        "03-20T18:30 bob cancelled",
    ];
    assert_eq!(scene.shown().await, tuesdays);

    scene.change(json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6"}})).await;
    // What the organizer cancelled stays cancelled.
    let undone = [
        "03-04T18:30",
        "03-06T18:30 bob",
        "03-11T18:30 bob",
        "03-13T18:30 bob",
        "03-18T18:30",
        "03-20T18:30 bob cancelled",
    ];
    assert_eq!(scene.shown().await, undone);
    let ids = |occurrences: &[Value]| occurrences.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&scene.occurrences().await), ids(&before));
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_take_the_start_of_what_a_rule_cancelled(#[case] kind: Kind) {
    let scene = Scene::new(kind, &course().rule("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=4").json()).await;
    scene.register(0..4).await;
    let thursday = format!("/occurrences/{}", scene.occurrences().await[1]["id"].as_str().expect("an id"));
    scene.change(json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=2"}})).await;
    // Tuesdays become Thursdays, where the cancelled ones were.
    scene
        .change(json!({"starts_at": "2031-03-06T18:30:00", "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=2"}}))
        .await;
    let mut shown = scene.shown().await;
    shown.sort();
    let both = |day: &str| [format!("{day}T18:30 bob"), format!("{day}T18:30 bob cancelled")];
    assert_eq!(shown, [both("03-06"), both("03-13")].concat());
    let taken = scene.ada.poke(&format!("{thursday}/restore")).await.expect(400);
    assert_eq!(taken.wrong(), [(String::new(), "start_taken".to_owned())]);

    scene.change(json!({"starts_at": "2031-03-04T18:30:00"})).await;
    scene.ada.poke(&format!("{thursday}/restore")).await.expect(200);
    let back = ["03-04T18:30 bob", "03-06T18:30 bob", "03-11T18:30 bob", "03-13T18:30 bob cancelled"];
    assert_eq!(scene.shown().await, back);
    let rule = json!({"rrule": "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=4", "rdate": []});
    scene.change(json!({"recurrence": rule})).await;
    assert_eq!(scene.shown().await, back.map(|shown| shown.replace(" cancelled", "")));
    scene.daemon.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_weekday_at_a_split_leaves_none_on_the_old_one(#[case] kind: Kind) {
    let scene = Scene::new(kind, &course().rule("FREQ=WEEKLY;BYDAY=TU;COUNT=5").json()).await;
    scene.register([3]).await;
    let second = scene.occurrences().await[1]["id"].as_str().expect("an id").to_owned();
    let patch = json!({"recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=TH;COUNT=4"}});
    let tail = scene.ada.post(&format!("/occurrences/{second}/split"), patch).await.expect(201).id();
    assert_eq!(scene.shown().await, ["03-04T18:30"]);
    let thursdays = ["03-13T18:30", "03-20T18:30", "03-27T18:30 bob", "04-03T18:30"];
    assert_eq!(shown(&scene.ada, &format!("/events/{tail}")).await, thursdays);
    scene.daemon.check().await;
}
