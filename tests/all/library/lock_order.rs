//! The order in which the library locks rows on PostgreSQL. Transactions that lock the same rows in the same
//! order never wait for each other in a circle.
//!
//! The order is: events by id; then categories and users, by id; then occurrences, by id; then registrations.
//! The test runs every operation that writes, reads its statements from the log of the server, and compares
//! the tables of the locking ones. It compares tables and not rows, so a transaction may lock a table again.
//! It does not see the locks that foreign keys take (`FOR KEY SHARE` on the row referred to), which conflict
//! with deletion alone.

use std::collections::BTreeSet;
use std::time::Duration;

use eventcore::categories::CategoryInput;
use eventcore::comments::CommentInput;
use eventcore::events::DuplicateInput;
use eventcore::feedback::{Answer, FeedbackInput};
use eventcore::registrations::{NewAttendee, Party, TicketInput};
use eventcore::{Actor, EventCore};
use serde_json::json;
use tests::{Kind, StatementLog, TestDb, id_of, new_event};

/// The place of a table in the order; `None` for tables that are outside of it, each row of which belongs to
/// a single row of one of these.
fn rank(table: &str) -> Option<u8> {
    match table {
        "events" => Some(0),
        "categories" | "users" => Some(1),
        "occurrences" => Some(2),
        "registrations" => Some(3),
        _ => None,
    }
}

/// Rows of a table that a statement locks.
#[derive(Debug, PartialEq)]
struct Lock {
    table: String,
    /// A single row, or several in the order of their ids, or new ones.
    is_ordered: bool,
    /// New rows: nobody else can wait for them.
    is_insert: bool,
    /// Whether the transaction waits for rows that others have locked.
    waits: bool,
}

/// Words and signs of a statement, each with its depth in parentheses.
fn tokens(statement: &str) -> Vec<(usize, String)> {
    let (mut tokens, mut word, mut depth, mut quoted) = (Vec::new(), String::new(), 0, false);
    for c in statement.chars().chain([' ']) {
        if c == '\'' {
            quoted = !quoted;
        }
        if !quoted && (c.is_alphanumeric() || "_.$\"".contains(c)) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            tokens.push((depth, std::mem::take(&mut word)));
        }
        match c {
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if c.is_whitespace() => {}
            _ => tokens.push((depth, c.to_string())),
        }
    }
    tokens
}

fn is(tokens: &[(usize, String)], at: usize, words: &[&str]) -> bool {
    words
        .iter()
        .enumerate()
        .all(|(i, word)| tokens.get(at + i).is_some_and(|(_, t)| t.eq_ignore_ascii_case(word)))
}

/// Whether a condition names a single row of a table by its id, or a category by its unique slug.
fn is_single(tokens: &[(usize, String)], alias: &str) -> bool {
    tokens.windows(3).any(|three| {
        let [(_, column), (_, sign), (_, value)] = three else { return false };
        let is_unique = column == "id" || column.strip_suffix(".id") == Some(alias) || column == "s.slug";
        is_unique && sign == "=" && value.starts_with('$')
    })
}

/// The rows that a statement locks, in the order in which it names them.
fn locks(statement: &str) -> Vec<Lock> {
    let tokens = tokens(statement);
    let mut locks = Vec::new();
    for at in 0..tokens.len() {
        let depth = tokens[at].0;
        // The rest of this statement or subquery.
        let end = (at..tokens.len()).find(|&i| tokens[i].0 < depth).unwrap_or(tokens.len());
        let written = if is(&tokens, at, &["UPDATE"]) && !is(&tokens, end.min(at + 1), &["SET"]) {
            let before = at.checked_sub(1).map(|i| tokens[i].1.to_ascii_uppercase());
            (!matches!(before.as_deref(), Some("FOR" | "KEY" | "DO"))).then_some(at + 1)
        } else {
            is(&tokens, at, &["DELETE", "FROM"]).then_some(at + 2)
        };
        if let Some(place) = written.filter(|&place| place < end) {
            let table = tokens[place].1.clone();
            let alias = tokens.get(place + 1).map_or(table.as_str(), |(_, next)| next.as_str());
            let is_ordered = is_single(&tokens[place..end], alias) || is_single(&tokens[place..end], &table);
            locks.push(Lock { table, is_ordered, is_insert: false, waits: true });
            continue;
        }
        if is(&tokens, at, &["INSERT", "INTO"]) {
            let table = tokens[at + 2].1.clone();
            locks.push(Lock { table, is_ordered: true, is_insert: true, waits: true });
            continue;
        }
        let strengths: [&[&str]; 4] = [
            &["FOR", "UPDATE"],
            &["FOR", "NO", "KEY", "UPDATE"],
            &["FOR", "SHARE"],
            &["FOR", "KEY", "SHARE"],
        ];
        let Some(strength) = strengths.into_iter().find(|words| is(&tokens, at, words)) else { continue };
        // Nobody waits for rows that are skipped, so their order does not matter.
        let skips = tokens[at..end].windows(2).any(|two| two[0].1 == "SKIP" && two[1].1 == "LOCKED");
        let selected = locks_of_select(&tokens, at, at + strength.len()).into_iter();
        let ordered = |lock: &Lock| lock.is_ordered || skips;
        locks.extend(selected.map(|lock| Lock { is_ordered: ordered(&lock), waits: !skips, ..lock }));
    }
    locks
}

/// The rows that a `SELECT` locks. Its `FOR UPDATE` or the like begins at token `at` and ends before `after`.
fn locks_of_select(tokens: &[(usize, String)], at: usize, after: usize) -> Vec<Lock> {
    let depth = tokens[at].0;
    let inside = |i: &usize| tokens[*i].0 >= depth;
    let begin = (0..at)
        .rev()
        .take_while(inside)
        .find(|&i| tokens[i].0 == depth && is(tokens, i, &["SELECT"]))
        .expect("the SELECT of a FOR");
    let select = &tokens[begin..at];
    let mut sources = Vec::new();
    for i in begin..at {
        let names_table = is(tokens, i, &["FROM"]) || is(tokens, i, &["JOIN"]);
        if names_table && tokens[i].0 == depth && tokens[i + 1].0 == depth {
            let table = tokens[i + 1].1.clone();
            let alias = tokens.get(i + 2).map_or_else(|| table.clone(), |(_, alias)| alias.clone());
            sources.push((table, alias));
        }
    }
    let is_sorted = select.windows(2).any(|two| two[0].1 == "ORDER" && two[1].1 == "BY");
    let last = select.last().map_or("", |(_, last)| last.as_str());
    let by_id = is_sorted && last.rsplit('.').next() == Some("id");
    let wanted: Option<Vec<&str>> = is(tokens, after, &["OF"]).then(|| {
        let names = tokens[after + 1..].iter().map(|(_, name)| name.as_str());
        names.take_while(|name| *name != "FOR").filter(|name| *name != ",").collect()
    });
    let is_locked = |alias: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(&alias));
    sources
        .into_iter()
        .filter(|(table, alias)| is_locked(alias) || is_locked(table))
        .map(|(table, alias)| Lock {
            is_ordered: by_id || is_single(select, &alias) || is_single(select, &table),
            is_insert: false,
            waits: true,
            table,
        })
        .collect()
}

/// How a transaction breaks the order.
fn faults(transaction: &[String]) -> Vec<String> {
    let (mut faults, mut locked, mut inserted) = (Vec::new(), Vec::<String>::new(), Vec::new());
    for lock in transaction.iter().flat_map(|statement| locks(statement)) {
        let Some(own) = rank(&lock.table) else { continue };
        if lock.is_insert {
            inserted.push(lock.table);
            continue;
        }
        if locked.contains(&lock.table) || (lock.is_ordered && inserted.contains(&lock.table)) {
            continue;
        }
        // What does not wait can be taken at any time.
        let later = locked.iter().find(|table| lock.waits && rank(table) > Some(own));
        if let Some(later) = later {
            faults.push(format!("{} after {later}", lock.table));
        }
        if lock.table == "registrations" {
            // The lock on the occurrence serializes its registrations, so their own order does not matter.
            if !locked.iter().any(|table| table == "occurrences") {
                faults.push("registrations without their occurrence".to_owned());
            }
        } else if !lock.is_ordered {
            faults.push(format!("{} not by id", lock.table));
        }
        locked.push(lock.table);
    }
    faults
}

/// Runs operations one after the other, and notes how they break the order.
struct Watch {
    core: EventCore,
    log: StatementLog,
    faults: BTreeSet<(&'static str, String)>,
    /// How many transactions lock something in the order.
    seen: usize,
}

impl Watch {
    /// Runs an operation that locks rows.
    async fn run<T, E: std::fmt::Debug>(
        &mut self,
        name: &'static str,
        work: impl AsyncFnOnce(&EventCore) -> Result<T, E>,
    ) -> T {
        let core = self.core.clone();
        let done = work(&core).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let mut locks_some = false;
        for transaction in self.log.transactions() {
            let locks = transaction.iter().flat_map(|statement| locks(statement));
            let tables: Vec<String> =
                locks.map(|lock| lock.table).filter(|table| rank(table).is_some()).collect();
            locks_some |= !tables.is_empty();
            // Shown if the test fails.
            eprintln!("{name}: {}", tables.join(", "));
            for fault in faults(&transaction) {
                eprintln!("{name}: {fault}\n    {}", transaction.join("\n    "));
                self.faults.insert((name, fault));
            }
        }
        self.seen += usize::from(locks_some);
        done
    }
}

/// An input of the library from its JSON.
fn input<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// Operations on accounts lock users. Deletion also locks what the user organized and attended.
async fn accounts(db: &TestDb, watch: &mut Watch) {
    let new = json!({"username": "neo", "email": "neo@example.org", "password": "correct horse 7"});
    let neo =
        watch.run("create_user", async |core| core.create_user(&Actor::Anonymous, &input(new)).await).await;
    let neo = Actor::user(neo.id, neo.role);
    let rename = json!({"display_name": "Thomas"});
    watch.run("change_user", async |core| core.change_user(&neo, id_of(&neo), &rename, None).await).await;
    let password = json!({"current_password": "correct horse 7", "new_password": "another horse 8"});
    watch.run("change_password", async |core| core.change_password(&neo, &input(password)).await).await;
    let reset = async |core: &EventCore| core.reset_password(&Actor::System, "neo", "a third horse 9").await;
    watch.run("reset_password", reset).await;
    let login = json!({"login": "neo", "password": "a third horse 9"});
    let pair = watch.run("sign_in", async |core| core.sign_in(&input(login), None).await).await;
    let token = json!({"refresh_token": pair.refresh_token});
    let pair = watch.run("refresh", async |core| core.refresh(&input(token)).await).await;
    let token = json!({"refresh_token": pair.refresh_token});
    watch.run("sign_out", async |core| core.sign_out(&input(token)).await).await;
    let token = json!({"name": "script", "scope": "read"});
    watch.run("create_access_token", async |core| core.create_access_token(&neo, &input(token)).await).await;
    let disable = async |core: &EventCore| core.set_user_disabled(&Actor::System, "neo", true).await;
    watch.run("set_user_disabled", disable).await;

    // Bob organizes two events, one of them with a co-organizer, and attends a third. Cid waits for his
    // seats.
    let [ada, bob, cid] = db.people(["ada2", "bob2", "cid2"]).await;
    db.admin("root2").await;
    let (shared, _) = db.create_event(&bob, new_event().rule("FREQ=DAILY;COUNT=3")).await;
    db.create_event(&bob, new_event()).await;
    db.core.add_co_organizer(&bob, shared, id_of(&ada)).await.unwrap();
    for occurrence in db.create_series(&ada, new_event().rule("FREQ=DAILY;COUNT=3")).await {
        db.register(&bob, occurrence, 4).await;
        db.register(&cid, occurrence, 2).await;
    }
    watch.run("delete_user", async |core| core.delete_user(&bob, id_of(&bob), None).await).await;
}

/// Events: from the draft to the deletion.
async fn events(db: &TestDb, watch: &mut Watch) {
    let [ada, bob, cid] = db.people(["ada3", "bob3", "cid3"]).await;
    let draft = new_event().draft().category("concert").tags(["jazz"]).rule("FREQ=DAILY;COUNT=6").input();
    let event = watch.run("create_event", async |core| core.create_event(&ada, &draft).await).await.id;
    watch.run("publish_event", async |core| core.publish_event(&ada, event, None).await).await;
    let occurrences = db.occurrence_ids(event).await;
    for occurrence in &occurrences[..5] {
        db.register(&bob, *occurrence, 3).await;
        db.register(&cid, *occurrence, 3).await;
    }
    for (name, patch) in [
        ("change_event: title", json!({"title": "Another"})),
        ("change_event: capacity", json!({"capacity": 6})),
        ("change_event: category and tags", json!({"category": "meetup", "tags": ["rock"]})),
        ("change_event: rule", json!({"recurrence": {"rrule": "FREQ=DAILY;COUNT=8"}})),
        ("change_event: start", json!({"starts_at": "2027-03-04T19:00:00"})),
    ] {
        watch.run(name, async |core| core.change_event(&ada, event, &patch, None).await).await;
    }
    let whole = new_event().rule("FREQ=DAILY;COUNT=7").input();
    watch.run("replace_event", async |core| core.replace_event(&ada, event, &whole, None).await).await;
    let start: DuplicateInput = input(json!({"starts_at": "2027-06-01T10:00:00"}));
    watch.run("duplicate_event", async |core| core.duplicate_event(&ada, event, &start).await).await;
    let name = async |core: &EventCore| core.add_co_organizer(&ada, event, id_of(&bob)).await;
    watch.run("add_co_organizer", name).await;
    let remove = async |core: &EventCore| core.remove_co_organizer(&ada, event, id_of(&bob)).await;
    watch.run("remove_co_organizer", remove).await;

    let [one, two, ..] = occurrences[..] else { panic!("{occurrences:?}") };
    let larger = json!({"capacity": 9});
    watch.run("change_occurrence", async |core| core.change_occurrence(&ada, one, &larger, None).await).await;
    watch.run("cancel_occurrence", async |core| core.cancel_occurrence(&ada, one, None).await).await;
    watch.run("restore_occurrence", async |core| core.restore_occurrence(&ada, one, None).await).await;
    let last = *db.occurrence_ids(event).await.last().unwrap();
    watch.run("delete_occurrence", async |core| core.delete_occurrence(&ada, last, None).await).await;
    let later = json!({"title": "Later", "capacity": 8});
    watch.run("split_event", async |core| core.split_event(&ada, two, &later, None).await).await;
    watch.run("cancel_event", async |core| core.cancel_event(&ada, event, None).await).await;
    let (empty, _) = db.create_event(&ada, new_event().rule("FREQ=DAILY;COUNT=3")).await;
    watch.run("delete_event", async |core| core.delete_event(&ada, empty, None).await).await;

    db.create_event(&ada, new_event().rule("FREQ=WEEKLY")).await;
    db.clock.advance(Duration::from_hours(24 * 30));
    watch.run("extend_schedules", async |core| core.extend_schedules().await).await;
}

/// Categories, whose changes are written to their events and occurrences.
async fn categories(db: &TestDb, watch: &mut Watch) {
    let (ada, root) = (db.user("ada4").await, db.admin("root4").await);
    let new: CategoryInput = input(json!({"slug": "opera", "name": "Opera"}));
    watch.run("create_category", async |core| core.create_category(&root, &new).await).await;
    for _ in 0..3 {
        db.create_event(&ada, new_event().starts_at("2027-07-01T18:00:00").category("opera")).await;
    }
    let patch = json!({"slug": "music-theatre", "name": "Music theatre"});
    watch.run("change_category", async |core| core.change_category(&root, "opera", &patch, None).await).await;
    let delete = async |core: &EventCore| core.delete_category(&root, "opera", Some("concert"), None).await;
    watch.run("delete_category", delete).await;
}

/// Registrations, alone and at once, and check-in.
async fn registrations(db: &TestDb, watch: &mut Watch) {
    let [ada, bob, cid, dan] = db.people(["ada5", "bob5", "cid5", "dan5"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event().starts_at("2027-07-01T18:00:00")).await;
    let party = |size: i64| Party::of(size);
    watch.run("register", async |core| core.register(&bob, occurrence, &party(2)).await).await;
    watch.run("register: larger", async |core| core.register(&bob, occurrence, &party(4)).await).await;
    watch.run("register: waitlist", async |core| core.register(&cid, occurrence, &party(1)).await).await;
    watch.run("register: smaller", async |core| core.register(&bob, occurrence, &party(3)).await).await;
    let guests = db.guests(12).await;
    let (_, popular) = db.create_event(&ada, new_event().starts_at("2027-07-01T18:00:00")).await;
    let at_once = async |core: &EventCore| {
        let one = party(1);
        let all = guests.iter().map(|guest| core.register(guest, popular, &one));
        futures_util::future::join_all(all).await.into_iter().collect::<Result<Vec<_>, _>>()
    };
    watch.run("register: many at once", at_once).await;
    let attendee: NewAttendee = input(json!({"user_id": id_of(&dan)}));
    let add = async |core: &EventCore| core.add_registration(&ada, occurrence, &attendee).await;
    let added = watch.run("add_registration", add).await.registration.id;
    let remove = async |core: &EventCore| core.remove_registration(&ada, occurrence, added, None).await;
    watch.run("remove_registration", remove).await;
    let ticket = db.core.my_registration(&bob, occurrence).await.unwrap();
    watch.run("check_in", async |core| core.check_in(&ada, ticket.id, None).await).await;
    watch.run("undo_check_in", async |core| core.undo_check_in(&ada, ticket.id, None).await).await;
    let shown: TicketInput = input(json!({"code": ticket.ticket_code, "occurrence_id": occurrence}));
    watch.run("check_in_by_code", async |core| core.check_in_by_code(&ada, &shown).await).await;
    let cancel = async |core: &EventCore| core.cancel_registration(&bob, occurrence, None).await;
    watch.run("cancel_registration", cancel).await;
}

/// Comments and feedback are not part of the order, but their operations must not violate it.
async fn opinions(db: &TestDb, watch: &mut Watch) {
    let [ada, bob] = db.people(["ada6", "bob6"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event().starts_at("2027-07-01T18:00:00")).await;
    let body: CommentInput = input(json!({"body": "Who plays?"}));
    let comment = watch.run("add_comment", async |core| core.add_comment(&bob, event, &body).await).await.id;
    let edit = json!({"body": "Who plays there?"});
    watch.run("change_comment", async |core| core.change_comment(&bob, comment, &edit, None).await).await;
    watch.run("hide_comment", async |core| core.hide_comment(&ada, comment, true, None).await).await;
    watch.run("delete_comment", async |core| core.delete_comment(&bob, comment, None).await).await;
    db.register(&bob, occurrence, 1).await;
    db.pass(&occurrence.to_string(), "2026-11-01T18:00:00Z").await;
    let rating: FeedbackInput = input(json!({"rating": 5}));
    let give = async |core: &EventCore| core.submit_feedback(&bob, occurrence, &rating, None).await;
    let (feedback, _) = watch.run("submit_feedback", give).await;
    let thanks: Answer = input(json!({"body": "Thanks"}));
    let answer = async |core: &EventCore| core.answer_feedback(&ada, feedback.id, Some(&thanks), None).await;
    watch.run("answer_feedback", answer).await;
    let withdraw = async |core: &EventCore| core.withdraw_feedback(&bob, occurrence, None).await;
    watch.run("withdraw_feedback", withdraw).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_locks_rows_in_one_order_on_postgres() {
    let db = TestDb::new(Kind::Postgres).await;
    let (core, log) = StatementLog::of_library(&db).await;
    let mut watch = Watch { core, log, faults: BTreeSet::new(), seen: 0 };
    accounts(&db, &mut watch).await;
    events(&db, &mut watch).await;
    categories(&db, &mut watch).await;
    registrations(&db, &mut watch).await;
    opinions(&db, &mut watch).await;
    assert!(watch.seen > 30, "only {} operations were seen to lock rows", watch.seen);
    assert_eq!(watch.faults, BTreeSet::new(), "see the statements above");
}

#[test]
fn locks_are_read_from_statements() {
    let of = |statement: &str| {
        let locks = locks(statement).into_iter();
        locks
            .map(|lock| format!("{}{}", lock.table, if lock.is_ordered { "" } else { "?" }))
            .collect::<Vec<_>>()
    };
    for (statement, locked) in [
        ("SELECT id FROM events WHERE id = $1", vec![]),
        ("SELECT id FROM events WHERE id = $1 FOR NO KEY UPDATE", vec!["events"]),
        ("SELECT id FROM events WHERE organizer_id = $1 ORDER BY id FOR UPDATE", vec!["events"]),
        ("SELECT id FROM events WHERE organizer_id = $1 FOR UPDATE", vec!["events?"]),
        (
            "SELECT o.id FROM occurrences o JOIN users u ON u.id = $2 \
                 WHERE o.id = $1 FOR KEY SHARE OF u FOR UPDATE OF o",
            vec!["users", "occurrences"],
        ),
        ("UPDATE occurrences SET seats_taken = 1 WHERE id = $1", vec!["occurrences"]),
        ("UPDATE occurrences o SET tags = $2 WHERE o.event_id = $1", vec!["occurrences?"]),
        ("DELETE FROM users WHERE id = $1", vec!["users"]),
        ("WITH gone AS (DELETE FROM events WHERE id = $1 RETURNING id) SELECT id FROM gone", vec!["events"]),
        (
            "INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET name = 'a, UPDATE b'",
            vec!["users"],
        ),
        (
            "DELETE FROM keys WHERE id IN (SELECT id FROM keys LIMIT 1 FOR UPDATE SKIP LOCKED)",
            vec!["keys?", "keys"],
        ),
    ] {
        assert_eq!(of(statement), locked, "{statement}");
    }
}

#[test]
fn a_transaction_out_of_order_is_found() {
    let of = |statements: &[&str]| faults(&statements.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
    let (event, user) =
        ("SELECT FROM events WHERE id = $1 FOR UPDATE", "UPDATE users SET a = 1 WHERE id = $1");
    let occurrence = "SELECT FROM occurrences WHERE id = $1 FOR UPDATE";
    let place = "UPDATE registrations SET a = 1 WHERE id = $1";
    assert_eq!(of(&[event, user, occurrence, place, event]), Vec::<String>::new());
    assert_eq!(of(&[occurrence, event]), ["events after occurrences"]);
    assert_eq!(of(&[user, event]), ["events after users"]);
    let skipping = "SELECT id FROM users WHERE a = 1 ORDER BY id FOR KEY SHARE SKIP LOCKED";
    assert_eq!(of(&[occurrence, skipping]), Vec::<String>::new());
    assert_eq!(of(&[occurrence, skipping, event]), ["events after occurrences"]);
    assert_eq!(of(&[place]), ["registrations without their occurrence"]);
    assert_eq!(of(&["UPDATE events SET a = 1"]), ["events not by id"]);
}
