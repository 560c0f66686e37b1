//! The plans of the agenda's statements with ten thousand occurrences. On SQLite, where the program never
//! runs ANALYZE, they are those of an empty database.

use std::collections::{BTreeMap, BTreeSet};

use eventcore::agenda::AgendaStatement;
use eventcore::db::{Queries, Sql};
use tests::{Kind, TestDb, new_event};

use super::agenda_statements::{all_statements, explain};

/// Single events; and series, of ten occurrences each.
const SINGLE: usize = 2_000;
const SERIES: usize = 800;

/// Creates ten thousand occurrences of events with various words, categories and tags.
async fn fill(db: &TestDb) {
    let ada = db.user("ada").await;
    let event = |number: usize| {
        let (word, tag) = (format!("word{}", number % 97), format!("tag{}", number % 53));
        let category = ["concert", "workshop", "festival"][number % 3];
        let event = new_event()
            .title(format!("Evening {number} with {word}"))
            .location(format!("Hall {}, Bonn", number % 200))
            .starts_at(format!("2027-{:02}-{:02}T18:30:00", number % 12 + 1, number % 28 + 1))
            .category(category)
            .tags([tag.as_str(), "late"]);
        let event = if number < SERIES { event.rule("FREQ=WEEKLY;COUNT=10") } else { event };
        (ada, event.input())
    };
    db.create_events(&(0..SERIES + SINGLE).map(event).collect::<Vec<_>>()).await;
    assert_eq!(db.number("SELECT count(*) FROM occurrences").await, 10_000);
}

/// The plan of each statement.
async fn all_plans(db: &TestDb, statements: &BTreeSet<AgendaStatement>) -> Vec<Vec<String>> {
    let mut tx = db.core.db().begin().await.unwrap();
    let mut all = Vec::new();
    for statement in statements {
        all.push(explain(&mut tx, db.kind, statement).await);
    }
    all
}

/// Asserts that there is no wrong plan.
fn assert_none(wrong: &BTreeMap<(&str, &str), String>) {
    let wrong: Vec<_> = wrong.iter().map(|(what, about)| format!("{what:?}\n{about}")).collect();
    assert!(wrong.is_empty(), "{} kinds of statements:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_plan_of_the_agenda_depends_on_size_on_sqlite() {
    let db = TestDb::new(Kind::Sqlite).await;
    let statements = all_statements(&db);
    let empty = all_plans(&db, &statements).await;
    fill(&db).await;
    let filled = all_plans(&db, &statements).await;
    let mut flips = BTreeMap::new();
    for ((statement, expected), found) in statements.iter().zip(&empty).zip(&filled) {
        if found != expected {
            let about = format!("expected {expected:#?}\nfound {found:#?}\n{statement:?}");
            flips.entry((statement.purpose, statement.driver)).or_insert(about);
        }
    }
    assert_none(&flips);
}

/// Whether a step of PostgreSQL uses the index at which a driver begins; it may sort what it finds there.
fn begins_at(driver: &str, step: &str) -> bool {
    let index = match driver {
        "agenda" | "agenda_of_category" => driver,
        "tag" => "event_tags_by_folded",
        _ => return true,
    };
    [format!("using {index} on "), format!("Bitmap Index Scan on {index} ")]
        .iter()
        .any(|how| step.contains(how))
}

/// The part of a plan that finds the rows of a page or a probe. What is behind it counts, which is as fast in
/// any order.
fn finding(plan: &[String]) -> &[String] {
    let Some(first) = plan.iter().position(|step| step.trim() == "CTE probed") else { return plan };
    let indent = |step: &String| step.len() - step.trim_start().len();
    let inside = plan.iter().skip(first + 1).take_while(|step| indent(step) > indent(&plan[first]));
    let length = inside.count();
    &plan[first..=first + length]
}

/// Why the plan of a page, or of its probe, on PostgreSQL is wrong.
fn fault_of_page(statement: &AgendaStatement, plan: &[String]) -> Option<String> {
    let plan = finding(plan);
    let growing = ["occurrences", "events", "event_tags"];
    let reads_all =
        |step: &&String| growing.iter().any(|table| step.contains(&format!("Seq Scan on {table} ")));
    if let Some(step) = plan.iter().find(reads_all) {
        return Some(step.trim().to_owned());
    }
    // Where nothing can match, it does not even begin.
    let begins = plan.iter().any(|step| begins_at(statement.driver, step));
    (!begins && !statement.text.contains("1 = 0")).then(|| format!("not at {}", statement.driver))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_agenda_begin_at_their_indexes_on_postgres() {
    let db = TestDb::new(Kind::Postgres).await;
    let mut statements = all_statements(&db);
    statements.retain(|statement| matches!(statement.purpose, "page" | "probe"));
    fill(&db).await;
    // What the server does by itself within a minute.
    let mut tx = db.core.db().begin().await.unwrap();
    tx.query(Sql::portable("ANALYZE")).execute().await.unwrap();
    tx.commit().await.unwrap();
    let plans = all_plans(&db, &statements).await;
    let mut wrong = BTreeMap::new();
    for (statement, plan) in statements.iter().zip(&plans) {
        if let Some(fault) = fault_of_page(statement, plan) {
            let about = format!("{fault}\n{plan:#?}\n{statement:?}");
            wrong.entry((statement.purpose, statement.driver)).or_insert(about);
        }
    }
    assert_none(&wrong);
}
