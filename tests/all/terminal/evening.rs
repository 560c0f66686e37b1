//! One evening with the terminal client, on a database and on a server.

use eventcore::registrations::Party;
use eventcore::{Actor, OccurrenceId, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Daemon, Kind, Terminal, TestDb, new_event};

const PASSWORD: &str = "correct horse 7";

/// Finds the tea by words and in its week.
async fn find(bob: &mut Terminal) {
    // Found by words, then filtered.
    bob.types("/for te is:mine").await.shows("[mine]").await.shows("Tea for one").await;
    bob.types(" #nothing").await.shows("[#nothing]").await.hides("Tea for one").await;
    bob.types("\x1b").await.hides("[#nothing]").await;

    // Found in its week, by its day.
    bob.types("wd2031-03-04\r")
        .await
        .shows("Week 10 · 3–9 March 2031 · 1 event")
        .await
        .shows("[Tue 4]")
        .await;
    bob.types("\r").await.shows("Bring cake.").await;
    bob.types("\x1b").await.hides("Bring cake.").await;
}

async fn plan_an_evening(db: &TestDb, source: &[&str]) {
    let (ada, carla) =
        (db.user_with_password("ada", PASSWORD).await, db.user_with_password("carla", PASSWORD).await);
    db.user_with_password("bob", PASSWORD).await;
    let tea = new_event()
        .title("Tea for one")
        .location("Kitchen")
        .starts_at("2031-03-04T18:30:00")
        .timezone("Europe/Berlin")
        .capacity(1)
        .description("Bring *cake*.")
        .json();
    let tea = db
        .core
        .create_event(&ada, &serde_json::from_value(tea).unwrap())
        .await
        .unwrap()
        .next_occurrence
        .unwrap();
    db.core.register(&carla, tea.id, &Party::default()).await.unwrap();

    let mut bob = Terminal::start(source);
    bob.shows("Tea for one").await.shows("Tue 4 March 2031").await.shows("████████ 0").await;
    bob.types("A").await.shows("Sign in").await;
    bob.types("bob\twrong password\r").await.shows("✗ wrong username or password").await;
    bob.types(&format!("\x15{PASSWORD}\r")).await.shows("✓ Hello, Bob").await;

    waits(&mut bob, db, &carla, tea.id).await;
    bob.types("\r").await.shows("Bring cake.").await.shows("● confirmed for 1 · ticket").await;
    // The calendar file is saved; a second time under another name.
    bob.types("i").await.shows("✓ Saved as ~/tea-for-one.ics").await;
    bob.types("i").await.shows("✓ Saved as ~/tea-for-one-2.ics").await;
    let kept = |name: &str| std::fs::read_to_string(bob.home.path().join(name)).expect(name);
    assert!(kept("tea-for-one.ics").contains("\r\nDTSTART;TZID=Europe/Berlin:20310304T183000\r\n"));
    assert_eq!(kept("tea-for-one.ics"), kept("tea-for-one-2.ics"));
    bob.types("\x1b").await.hides("Esc back").await;

    // Comments.
    bob.types("c").await.shows("No comments yet").await;
    bob.types("cIs there milk?\r").await.shows("✓ Comment posted").await.shows("Is there milk?").await;
    let tea_event = db.core.occurrence(&Actor::Anonymous, tea.id).await.unwrap().event_id;
    let answer = serde_json::from_value(json!({"body": "Oat milk."})).unwrap();
    db.core.add_comment(&ada, tea_event, &answer).await.unwrap();
    bob.types("R").await.shows("Oat milk.").await.shows("· organizer").await;
    bob.types("\x1b").await.hides("Oat milk.").await;

    find(&mut bob).await;

    // A new series, previewed before it is saved.
    bob.types("5").await.shows("No upcoming events of yours").await;
    bob.types("n").await.shows("New event").await;
    bob.types("Chess\t2031-03-07 19:00\t\tevery friday 4 times\t\tLibrary").await;
    bob.shows("→ Fri 7 March 2031, 19:00 Europe/Berlin")
        .await
        .shows("→ every Friday, 4 times → 7 Mar 2031 · 14 Mar")
        .await;
    bob.types("\x13").await.shows("✓ Chess saved with 4 occurrences").await.shows("↻ 4").await;

    // One occurrence gets another title; an attendee is checked in.
    bob.types("\r").await.shows("↻ every Friday, 4 times").await;
    bob.types("e").await.shows("This occurrence").await;
    bob.types(" final\x13").await.shows("✓ Saved").await.shows("Chess final").await;
    let mine = db.core.profile_by_username("bob").await.unwrap().id;
    let filter = eventcore::agenda::AgendaFilter { organizer: Some(mine), ..Default::default() };
    let occurrences =
        db.core.occurrences(&Actor::Anonymous, &filter, &PageRequest::default()).await.unwrap().items;
    let titles: Vec<_> = occurrences.iter().map(|occurrence| occurrence.title.as_str()).collect();
    assert_eq!(titles, ["Chess final", "Chess", "Chess", "Chess"]);
    db.core.register(&carla, occurrences[0].id, &Party::of(2)).await.unwrap();
    bob.types("a").await.shows("Carla (carla)").await.shows("×2").await;
    bob.types("\r").await.shows("✓ Carla checked in (2 people)").await.shows("✓ checked in").await;

    // Insights.
    bob.types("\x1b").await.hides("✓ checked in").await;
    bob.types("I").await.shows("Insights · Chess").await.shows("Registrations over time  2 people").await;
    bob.shows("2 of 20 seats taken")
        .await
        .shows("1 attended, 0 no-shows")
        .await
        .shows("Fri 7 Mar 2031")
        .await;

    // The tea is over, and he gives feedback.
    db.pass(&tea.id.to_string(), "2024-03-04T18:30:00Z").await;
    bob.types("\x1b").await.hides("Insights · Chess").await;
    bob.types("4R").await.shows("Tea for one").await.shows("2024").await.shows("* rate it").await;
    bob.types("*").await.shows("Rate Tea for one, e.g. “4 good talks”").await;
    bob.types("5 strong and hot\r").await.shows("✓ Thank you for your rating").await;
    bob.hides("* rate it").await;
    let heard = db.core.feedback(&ada, tea_event, &PageRequest::default()).await.unwrap();
    assert_eq!((heard.summary.average, heard.page.items[0].body.as_str()), (Some(5.0), "strong and hot"));
    let id = tea.id.to_string();
    let printed = tests::tui(&[&["show", &id], source].concat()).output().await.unwrap();
    assert!(
        String::from_utf8_lossy(&printed.stdout).contains("\nrated 5.0 of 5 (1 rating)\n"),
        "{printed:?}"
    );
    thank(source).await;
    bob.types("\r")
        .await
        .shows("★ 5.0 (1 rating) · 2 comments · you gave ★★★★★")
        .await
        .shows("strong and hot")
        .await;
    bob.shows("↳ Organizers' answer: Cake next time, too").await;
    bob.types("q").await;
    assert_eq!(bob.ends().await, 0);
}

/// The only seat is taken. It becomes free while he has paused promotion and nobody else waits.
async fn waits(bob: &mut Terminal, db: &TestDb, carla: &Actor, tea: OccurrenceId) {
    bob.types("r").await.shows("Party size for Tea for one: 1").await;
    bob.types("\x153\r").await.shows("✓ Only 1 seat in all: your party of 3 is 1st on the waitlist").await;
    bob.types("r\x151\r").await.shows("✓ Full: you are 1st on the waitlist").await.shows("◌ 1st").await;
    bob.types("s").await.shows("✓ Paused: you stay 1st on the waitlist").await.shows("‖ 1st paused").await;
    bob.types("s").await.shows("✓ Resumed: you are 1st on the waitlist").await.shows("◌ 1st").await;
    bob.types("s").await.shows("‖ 1st paused").await;
    db.core.cancel_registration(carla, tea, None).await.unwrap();
    bob.types("s").await.shows("✓ Seats were free: confirmed for 1").await.shows("● you").await;
}

/// Ada reads the feedback of Bob and answers it; she edits, deletes and rewrites the answer.
async fn thank(source: &[&str]) {
    let mut ada = Terminal::start(source);
    ada.types("A").await.shows("Sign in").await;
    ada.types(&format!("ada\t{PASSWORD}\r")).await.shows("✓ Hello, Ada").await;
    // It is in the list of her past events.
    ada.types("5b").await.shows("Mon 4 March 2024").await.shows("Tea for one").await;
    ada.types("\r").await.shows("strong and hot").await;
    ada.types("F").await.shows("Feedback · Tea for one").await.shows("strong and hot").await;
    ada.types("rMilk\r").await.shows("↳ Organizers' answer: Milk").await;
    ada.types("x").await.shows("Delete the answer?").await;
    ada.types("y").await.shows("✓ Answer deleted").await.hides("↳ Organizers' answer").await;
    ada.types("rCake next\r").await.shows("↳ Organizers' answer: Cake next").await;
    ada.types("r time, too\r").await.shows("↳ Organizers' answer: Cake next time, too").await;
    ada.types("q").await;
    assert_eq!(ada.ends().await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_plan_an_evening_in_a_database(#[case] kind: Kind) {
    let db = TestDb::in_real_time(kind).await;
    let url = db.url.clone();
    plan_an_evening(&db, &["--database", &url]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_plan_an_evening_on_a_server() {
    let daemon = Daemon::start(Kind::Sqlite).await;
    let address = format!("http://{}", daemon.address());
    plan_an_evening(&daemon.db, &["--server", &address]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_of_a_database_file_needs_no_password() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    db.user_with_password("ada", PASSWORD).await;
    let mut ada = Terminal::start(&["--database", &db.url, "--as", "ada"]);
    ada.shows("No upcoming events. n creates one.").await.shows("ada@events.db").await;
    ada.types("?").await.shows("Keys · Agenda").await;
    ada.types("theme").await.shows("next theme").await.hides("page up").await;
    ada.types("\x1b").await.hides("Keys · Agenda").await;
    ada.types(":thme\r").await.shows("✓ Theme: light").await;
    ada.types("z").await.shows("Times are shown in Europe/Berlin").await;
    ada.types("\x03").await;
    assert_eq!(ada.ends().await, 0);
}
