//! Invitations in mails, and the answers of attendees: their calendars follow what becomes of an occurrence.

use std::collections::BTreeMap;

use eventcore::{Clock, SystemClock};
use rstest::rstest;
use serde_json::json;
use tests::{Client, Daemon, Kind, MailFile, TestDb, command, mails_in, new_event_in_2031};
use tokio::io::AsyncWriteExt;

use super::calendars::Reader;

/// A daemon with users whose addresses are verified.
async fn daemon_with<const N: usize>(kind: Kind, names: [&str; N]) -> (Daemon, [Client; N]) {
    let daemon = Daemon::on(TestDb::in_real_time(kind).await, &[]).await;
    let users = daemon.users(names).await;
    daemon.db.verify_addresses().await;
    (daemon, users)
}

/// The entry of an invitation: the lines of its properties by their names, and the method.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Invited {
    method: String,
    properties: BTreeMap<String, String>,
}

impl Invited {
    fn of(mail: &MailFile) -> Option<Self> {
        let (method, calendar) = mail.calendar.clone()?;
        // Gmail, Outlook and Apple Mail take the last alternative; others show a file.
        assert_eq!(mail.types[..3], ["multipart/mixed", "multipart/alternative", "text/plain"]);
        assert!(mail.types.ends_with(&["text/calendar".to_owned(), "application/ics".to_owned()]));
        let reader = Reader::of_text(&calendar);
        assert!(reader.text.contains(&format!("\r\nMETHOD:{method}\r\n")), "{}", reader.text);
        let entries = reader.entries();
        let [entry] = &entries[..] else { panic!("{}", reader.text) };
        let properties = entry.iter().map(|(name, lines)| ((*name).to_owned(), lines[0].to_owned()));
        Some(Self { method, properties: properties.collect() })
    }

    fn get(&self, name: &str) -> &str {
        self.properties.get(name).map(String::as_str).unwrap_or_default()
    }

    fn sequence(&self) -> i64 {
        self.get("SEQUENCE").replace("SEQUENCE:", "").parse().expect("a number")
    }
}

/// A calendar that takes invitations as RFC 5546 says: an entry for each UID and RECURRENCE-ID, that of the
/// greatest SEQUENCE.
#[derive(Default)]
struct Calendar(BTreeMap<(String, String), Invited>);

impl Calendar {
    fn take(&mut self, invited: Invited) {
        let key = (invited.get("UID").to_owned(), invited.get("RECURRENCE-ID").to_owned());
        if let Some(known) = self.0.get(&key) {
            assert!(invited.sequence() > known.sequence(), "{known:?}, then {invited:?}");
        }
        self.0.insert(key, invited);
    }

    /// The starts of what takes place.
    fn starts(&self) -> Vec<&str> {
        let taking_place = self.0.values().filter(|one| one.method == "REQUEST");
        taking_place.map(|one| one.get("DTSTART")).collect()
    }
}

/// Whether the UID is the id of an event, with a secret.
fn is_uid_of(invited: &Invited, event: &str) -> bool {
    let secret = invited.get("UID").strip_prefix(&format!("UID:{event}."));
    secret.is_some_and(|secret| secret.len() == 32 && secret.chars().all(|c| c.is_ascii_hexdigit()))
}

/// The invitations in the mails to a person, oldest first, of `count` mails in all.
async fn invitations(daemon: &Daemon, count: usize, to: &str) -> Vec<Invited> {
    let mut mails = mails_in(&daemon.db.mail_dir(), count).await;
    mails.retain(|mail| mail.to == to);
    mails.iter().filter_map(Invited::of).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calendar_of_an_attendee_follows_the_occurrence(#[case] kind: Kind) {
    let (daemon, [ada, bob]) = daemon_with(kind, ["ada", "bob"]).await;
    let series = new_event_in_2031().title("Rust").timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=4");
    let (event, _) = ada.create_event(series).await;
    let occurrences = ada.occurrences(&event).await;
    let second = format!("/occurrences/{}", occurrences[1]);
    let registration = format!("{second}/registration");
    let mut mails = 0;
    let mut calendar = Calendar::default();
    let mut next = async || {
        mails += 1;
        invitations(&daemon, mails, "bob@example.org").await.pop().expect("an invitation")
    };

    bob.register(&occurrences[1], 1).await.expect(201);
    let invited = next().await;
    for (name, line) in [
        ("RECURRENCE-ID", "RECURRENCE-ID;TZID=Europe/Berlin:20310311T183000"),
        ("DTSTART", "DTSTART;TZID=Europe/Berlin:20310311T183000"),
        ("SUMMARY", "SUMMARY:Rust"),
        ("STATUS", "STATUS:CONFIRMED"),
        ("ORGANIZER", "ORGANIZER;CN=\"ada\":mailto:eventd@localhost"),
        (
            "ATTENDEE",
            "ATTENDEE;CN=\"bob\";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:\
             mailto:bob@example.org",
        ),
    ] {
        assert_eq!(invited.get(name), line);
    }
    assert!(invited.get("RRULE").is_empty());
    assert!(is_uid_of(&invited, &event));
    calendar.take(invited);

    // Moved by itself, then with the whole series, then to an event of its own.
    ada.patch(&second, json!({"starts_at": "2031-03-12T20:00:00"})).await.expect(200);
    calendar.take(next().await);
    assert_eq!(calendar.starts(), ["DTSTART;TZID=Europe/Berlin:20310312T200000"]);
    ada.patch(&second, json!({"starts_at": null})).await.expect(200);
    calendar.take(next().await);
    ada.patch(&format!("/events/{event}"), json!({"starts_at": "2031-03-04T19:15:00"})).await.expect(200);
    calendar.take(next().await);
    assert_eq!(calendar.starts(), ["DTSTART;TZID=Europe/Berlin:20310311T191500"]);
    let split = ada.post(&format!("{second}/split"), json!({"location": "Pier"})).await.expect(201).id();
    assert_ne!(split, event);
    calendar.take(next().await);
    assert_eq!(calendar.starts(), ["DTSTART;TZID=Europe/Berlin:20310311T191500"]);

    // Cancelled by the organizer, taken again, and cancelled with the event.
    let id = bob.get(&registration).await.expect(200).id();
    ada.delete(&format!("{second}/registrations/{id}")).await.expect(204);
    let ended = next().await;
    assert_eq!((ended.method.as_str(), ended.get("STATUS")), ("CANCEL", "STATUS:CANCELLED"));
    assert!(ended.get("LOCATION").is_empty() && ended.get("DESCRIPTION").is_empty(), "{ended:?}");
    calendar.take(ended);
    assert_eq!(calendar.starts(), [] as [&str; 0]);
    bob.register(&occurrences[1], 1).await.expect(201);
    calendar.take(next().await);
    assert_eq!(calendar.starts().len(), 1);
    ada.poke(&format!("/events/{split}/cancel")).await.expect(200);
    calendar.take(next().await);
    assert_eq!(calendar.starts(), [] as [&str; 0]);
    assert_eq!(calendar.0.len(), 1, "one entry, whatever became of it");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_is_told_nothing_but_their_calendar_is(#[case] kind: Kind) {
    let (daemon, [ada, bob, eve]) = daemon_with(kind, ["ada", "bob", "eve"]).await;
    let (_, occurrence) = ada.create_event(new_event_in_2031().title("Rust").capacity(1)).await;
    let registration = format!("/occurrences/{occurrence}/registration");
    let mut calendar = Calendar::default();
    let newest = async |count| {
        let mut mails = mails_in(&daemon.db.mail_dir(), count).await;
        let mail = mails.pop().expect("a mail");
        assert_eq!(mail.to, "bob@example.org", "{}", mail.subject);
        (Invited::of(&mail).expect("an invitation"), mail)
    };
    bob.register(&occurrence, 1).await.expect(201);
    calendar.take(newest(1).await.0);
    bob.delete(&registration).await.expect(204);
    let (ended, mail) = newest(2).await;
    assert_eq!((ended.method.as_str(), ended.get("STATUS")), ("CANCEL", "STATUS:CANCELLED"));
    assert!(mail.text.contains("You have cancelled your registration for Rust."), "{}", mail.text);
    calendar.take(ended);
    assert_eq!(calendar.starts(), [] as [&str; 0]);
    let inbox = bob.all("/notifications").await;
    let kinds: Vec<_> = inbox.iter().map(|told| &told["kind"]).collect();
    assert_eq!(kinds, ["registration_confirmed"]);

    // Again, and at last: who has only waited has no entry.
    bob.register(&occurrence, 1).await.expect(201);
    calendar.take(newest(3).await.0);
    assert_eq!(calendar.starts().len(), 1);
    eve.register(&occurrence, 1).await.expect(201);
    mails_in(&daemon.db.mail_dir(), 4).await;
    eve.delete(&registration).await.expect(204);
    bob.delete(&registration).await.expect(204);
    calendar.take(newest(5).await.0);
    assert_eq!((calendar.0.len(), calendar.starts().len()), (1, 0));
    daemon.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_invited_when_there_is_a_seat() {
    let (daemon, [ada, bob]) = daemon_with(Kind::Sqlite, ["ada", "bob"]).await;
    let days = json!({"all_day": true, "starts_at": "2031-03-04", "duration": null, "ends_at": "2031-03-05"});
    let (event, occurrence) = ada.create_event(new_event_in_2031().capacity(1).with(&days)).await;
    ada.register(&occurrence, 1).await.expect(201);
    bob.register(&occurrence, 1).await.expect(201);
    assert_eq!(invitations(&daemon, 2, "bob@example.org").await, []);
    ada.delete(&format!("/occurrences/{occurrence}/registration")).await.expect(204);
    // Ada's calendar is told of the end.
    let invited = invitations(&daemon, 4, "bob@example.org").await.pop().expect("an invitation");
    assert!(is_uid_of(&invited, &event));
    assert_eq!(invited.get("DTSTART"), "DTSTART;VALUE=DATE:20310304");
    assert_eq!(invited.get("DTEND"), "DTEND;VALUE=DATE:20310306");
    assert!(invited.get("RECURRENCE-ID").is_empty(), "it is the only one");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_knows_an_occurrence_again_when_its_event_becomes_a_series_or_ceases_to(
    #[case] kind: Kind,
) {
    let (daemon, [ada, bob, eve]) = daemon_with(kind, ["ada", "bob", "eve"]).await;
    let (event, first) = ada.create_event(new_event_in_2031()).await;
    let path = format!("/events/{event}");
    let mut calendar = Calendar::default();
    let newest = async |count, to: &str| invitations(&daemon, count, to).await.pop().expect("an invitation");

    bob.register(&first, 1).await.expect(201);
    calendar.take(newest(1, "bob@example.org").await);
    let series = json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3"}, "location": "Pier"});
    ada.patch(&path, series).await.expect(200);
    let invited = newest(2, "bob@example.org").await;
    assert_eq!((invited.get("RECURRENCE-ID"), invited.get("LOCATION")), ("", "LOCATION:Pier"));
    let (code, said) = itip(&daemon, &reply(&invited, "TENTATIVE", SystemClock.now().to_utc())).await;
    assert_eq!(code, Some(0), "{said}");
    calendar.take(invited);
    // It moves with the series, and by itself.
    ada.patch(&path, json!({"starts_at": "2031-03-04T19:15:00"})).await.expect(200);
    calendar.take(newest(3, "bob@example.org").await);
    ada.patch(&format!("/occurrences/{first}"), json!({"starts_at": "2031-03-04T20:15:00"}))
        .await
        .expect(200);
    let invited = newest(4, "bob@example.org").await;
    let (code, said) = itip(&daemon, &reply(&invited, "TENTATIVE", SystemClock.now().to_utc())).await;
    assert_eq!(code, Some(0), "{said}");
    calendar.take(invited);
    assert_eq!(calendar.0.len(), 1, "{:?}", calendar.0);
    assert!(calendar.starts()[0].contains(":20310304T201500"), "{:?}", calendar.starts());

    let second = ada.occurrences(&event).await.remove(1);
    eve.register(&second, 1).await.expect(201);
    let mut calendar = Calendar::default();
    let invited = newest(5, "eve@example.org").await;
    assert!(!invited.get("RECURRENCE-ID").is_empty());
    calendar.take(invited);
    // Her occurrence ends with the series, and comes back with it.
    ada.patch(&path, json!({"recurrence": null})).await.expect(200);
    let invited = newest(6, "eve@example.org").await;
    assert_eq!(invited.method, "CANCEL");
    calendar.take(invited);
    ada.patch(&path, json!({"recurrence": {"rrule": "FREQ=WEEKLY;COUNT=3"}})).await.expect(200);
    calendar.take(newest(7, "eve@example.org").await);
    assert_eq!((calendar.0.len(), calendar.starts().len()), (1, 1), "{:?}", calendar.0);
}

/// Runs `eventd itip -`. Returns its exit code and what it says.
async fn itip(daemon: &Daemon, input: &str) -> (Option<i32>, String) {
    let mut command = command(&["itip", "-", "--database", &daemon.db.url]);
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("eventd runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).await.expect("it is read");
    drop(stdin);
    let output = child.wait_with_output().await.expect("eventd ends");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// The answer that a calendar gives to an invitation.
fn reply(invited: &Invited, answer: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    let lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//calendar//EN",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        invited.get("UID"),
        invited.get("RECURRENCE-ID"),
        invited.get("SEQUENCE"),
        &format!("DTSTAMP:{}", at.format("%Y%m%dT%H%M%SZ")),
        invited.get("DTSTART"),
        invited.get("ORGANIZER"),
        &invited.get("ATTENDEE").replace("PARTSTAT=ACCEPTED", &format!("PARTSTAT={answer}")),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    let written: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    written.join("\r\n") + "\r\n"
}

fn mail(from: &str, calendar: &str) -> String {
    format!(
        "From: Bob <{from}>\r\nTo: eventd@localhost\r\nSubject: Declined\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nNo.\r\n\
         --x\r\nContent-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n{calendar}\r\n--x--\r\n"
    )
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_changes_the_registration_of_whoever_gives_it(#[case] kind: Kind) {
    let (daemon, [ada, bob]) = daemon_with(kind, ["ada", "bob"]).await;
    let series = new_event_in_2031().timezone("Europe/Berlin").rule("FREQ=WEEKLY;COUNT=4");
    let (event, _) = ada.create_event(series).await;
    let occurrences = ada.occurrences(&event).await;
    let registration = format!("/occurrences/{}/registration", occurrences[2]);
    bob.register(&occurrences[2], 3).await.expect(201);
    ada.register(&occurrences[2], 1).await.expect(201);
    // The series moves, and the calendar still knows the occurrence by its first name.
    let invited = invitations(&daemon, 2, "bob@example.org").await.remove(0);
    let of_ada = invitations(&daemon, 2, "ada@example.org").await.remove(0);
    ada.patch(&format!("/events/{event}"), json!({"starts_at": "2031-03-04T20:00:00"})).await.expect(200);
    let now = || SystemClock.now().to_utc() + chrono::TimeDelta::seconds(2);
    let status = async || bob.get(&registration).await.json()["status"].clone();

    let (code, said) = itip(&daemon, &reply(&invited, "TENTATIVE", now())).await;
    assert_eq!((code, said.as_str()), (Some(0), "bob@example.org is not sure: nothing changes\n"));
    assert_eq!(status().await, "confirmed");
    let (code, said) = itip(&daemon, &mail("BOB@example.org", &reply(&invited, "DECLINED", now()))).await;
    assert_eq!((code, said.as_str()), (Some(0), "bob@example.org declines: the registration is cancelled\n"));
    bob.get(&registration).await.expect(404);
    let told = "SELECT count(*) FROM notifications WHERE kind = 'registration_cancelled'";
    assert_eq!(daemon.db.number(told).await, 0, "a calendar that has declined by itself needs not be told");
    // Who changes their mind has as many seats as before.
    let (code, said) = itip(&daemon, &reply(&invited, "ACCEPTED", now())).await;
    assert_eq!((code, said.as_str()), (Some(0), "bob@example.org accepts: registered\n"));
    assert_eq!(bob.get(&registration).await.expect(200).json()["party_size"], 3);
    // A mail that comes again, or late, is about what was before.
    let before = SystemClock.now().to_utc() - chrono::TimeDelta::hours(1);
    let (code, said) = itip(&daemon, &reply(&invited, "DECLINED", before)).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("earlier invitation"), "{said}");
    assert_eq!(status().await, "confirmed");

    // Nobody answers for others, or to what they were not invited to: not with the secret of their own
    // invitation, nor without one.
    let declined = reply(&invited, "DECLINED", now());
    assert_ne!(of_ada.get("UID"), invited.get("UID"));
    for refused in [
        mail("ada@example.org", &declined),
        mail("ada@example.org>\r\nFrom: <bob@example.org", &declined),
        mail("ada@example.org>, <bob@example.org", &declined),
        mail("bob@example.org", &declined.replace(invited.get("UID"), of_ada.get("UID"))),
        mail("bob@example.org", &declined.replace(invited.get("UID"), &format!("UID:{event}"))),
        mail(
            "bob@example.org",
            &declined.replace(invited.get("UID"), &format!("UID:{event}.{}", "0".repeat(32))),
        ),
        declined.replace("bob@example.org", "ada@example.org"),
        declined.replace("bob@example.org", "nobody@example.org"),
        declined.replace("20310318T183000", "20310311T183000"),
        declined.replace("METHOD:REPLY", "METHOD:REQUEST"),
        "nonsense".to_owned(),
        String::new(),
    ] {
        let (code, said) = itip(&daemon, &refused).await;
        assert_eq!(code, Some(1), "{refused}: {said}");
        assert!(said.starts_with("eventd: "), "{said}");
    }
    assert_eq!(status().await, "confirmed");
    daemon.check().await;
}
