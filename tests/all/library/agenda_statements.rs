//! Every statement that the agenda can send is prepared on both databases, and begins where its plan says.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use eventcore::agenda::{AgendaFilter, AgendaStatement, Bound, statements};
use eventcore::db::{Dialect, Queries, Sql, Tx};
use eventcore::events::{EventStatus, OccurrenceStatus};
use rstest::rstest;
use tests::{Kind, START, TestDb, at};
use uuid::Uuid;

/// A value of a filter.
type Choice = Box<dyn Fn(&mut AgendaFilter)>;

fn choice(set: impl Fn(&mut AgendaFilter) + 'static) -> Choice {
    Box::new(set)
}

/// How many of the choices decide where the database begins to look.
const DECIDING: usize = 7;

/// The values of each field, or of fields that belong together.
fn choices() -> Vec<Vec<Choice>> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let q = |text: &str| {
        let text = text.to_owned();
        choice(move |f| f.q = Some(text.clone()))
    };
    let day = |text: &str| Bound::Day(text.parse().unwrap(), Tz::Europe__Berlin);
    let (monday, friday) = (day("2026-11-23"), day("2026-11-27"));
    let start = Bound::At(at(START));
    vec![
        vec![
            choice(|f| f.organizer = Some(Uuid::nil().into())),
            choice(|f| f.event = Some(Uuid::nil().into())),
            choice(|f| f.registered = Some(Uuid::nil().into())),
        ],
        vec![
            choice(move |f| f.categories = owned(&["concert"])),
            choice(move |f| f.categories = owned(&["concert", "fair"])),
        ],
        vec![choice(move |f| f.tags = owned(&["jazz"])), choice(move |f| f.tags = owned(&["jazz", "late"]))],
        vec![choice(|f| f.title = Some("ja".to_owned())), choice(|f| f.title = Some("jazz".to_owned()))],
        vec![
            q("jazz"),
            q("jazz \"open air\" -winter b"),
            q("-winter"),
            q("🎉"),
            choice(|f| {
                f.q = Some("jazz night".to_owned());
                f.by_relevance = true;
            }),
        ],
        vec![choice(|f| f.available = true)],
        vec![choice(move |f| f.from = Some(start)), choice(move |f| f.from = Some(monday))],
        vec![choice(move |f| f.to = Some(start)), choice(move |f| f.to = Some(friday))],
        vec![choice(|f| f.location = Some("hall".to_owned()))],
        vec![choice(|f| f.current = true)],
        vec![choice(|f| f.overlaps = true)],
        vec![choice(|f| f.status = Some(OccurrenceStatus::Scheduled))],
        vec![choice(|f| f.event_status = Some(EventStatus::Cancelled))],
    ]
}

/// The filters with one field set, those with two that decide how to look, in all combinations of their
/// values, and one with all fields.
fn filters() -> Vec<AgendaFilter> {
    let choices = choices();
    let mut filters = vec![AgendaFilter::default()];
    for (n, field) in choices.iter().enumerate() {
        for set in field {
            let mut one = AgendaFilter::default();
            set(&mut one);
            for set in choices.iter().take(DECIDING).skip(n + 1).flatten() {
                let mut two = one.clone();
                set(&mut two);
                filters.push(two);
            }
            filters.push(one);
        }
    }
    let mut all = AgendaFilter::default();
    choices.iter().filter_map(|field| field.last()).for_each(|set| set(&mut all));
    filters.push(all);
    filters
}

/// What the database would do for a statement, without its values.
pub(super) async fn explain(tx: &mut Tx, kind: Kind, statement: &AgendaStatement) -> Vec<String> {
    let text = &statement.text;
    match kind {
        Kind::Sqlite => {
            let sql = Sql::dynamic(format!("EXPLAIN QUERY PLAN {text}"));
            let steps: Vec<(i64, i64, i64, String)> =
                tx.query(sql).all().await.unwrap_or_else(|error| panic!("{error}\n{text}"));
            steps.into_iter().map(|(.., step)| step).collect()
        }
        Kind::Postgres => {
            let list = |items: &[&str]| {
                if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) }
            };
            let types = list(&statement.parameters);
            let prepare = Sql::dynamic(format!("PREPARE explained{types} AS {text}"));
            tx.query(prepare).execute().await.unwrap_or_else(|error| panic!("{error}\n{text}"));
            let values = list(&vec!["NULL"; statement.parameters.len()]);
            let sql = Sql::dynamic(format!("EXPLAIN EXECUTE explained{values}"));
            let steps: Vec<(String,)> = tx.query(sql).all().await.expect("a plan");
            tx.query(Sql::portable("DEALLOCATE explained")).execute().await.expect("forgotten");
            steps.into_iter().map(|(step,)| step).collect()
        }
    }
}

pub(super) fn all_statements(db: &TestDb) -> BTreeSet<AgendaStatement> {
    let dialect = match db.kind {
        Kind::Sqlite => Dialect::Sqlite,
        Kind::Postgres => Dialect::Postgres,
    };
    let of_filter = |filter: AgendaFilter| statements(dialect, &filter, db.core.now()).expect("a filter");
    filters().into_iter().flat_map(of_filter).collect()
}

/// The steps in which a database reads a whole table that grows.
fn reads_of_whole_tables(kind: Kind, plan: &[String]) -> Vec<&String> {
    let tables =
        ["occurrences", "search_documents", "search_tokens", "event_tags", "events", "registrations"];
    let aliases = ["o", "b", "earlier", "d", "earlier_document", "g", "e", "r", "event_tags"];
    let is_subquery = |alias: &str| {
        plan.iter()
            .any(|step| *step == format!("CO-ROUTINE {alias}") || *step == format!("MATERIALIZE {alias}"))
    };
    let reads = |step: &&String| match kind {
        // With an index it is a range of that, or in its order.
        Kind::Sqlite => aliases.iter().any(|alias| **step == format!("SCAN {alias}") && !is_subquery(alias)),
        Kind::Postgres => tables.iter().any(|table| step.contains(&format!("Seq Scan on {table} "))),
    };
    plan.iter().filter(reads).collect()
}

/// The index at which a statement begins.
fn index_of(kind: Kind, driver: &str) -> Option<&'static str> {
    Some(match (driver, kind) {
        ("words", Kind::Postgres) => "on search_tokens",
        ("words", Kind::Sqlite) => "SCAN search_tokens VIRTUAL TABLE INDEX",
        ("trigrams", _) => "SCAN search_trigrams VIRTUAL TABLE INDEX",
        ("tag", _) => "event_tags_by_folded",
        ("ongoing", Kind::Sqlite) => "occurrences_by_length",
        ("multi-day", Kind::Sqlite) => "agenda_lasting",
        ("agenda", Kind::Sqlite) => "INDEX agenda",
        ("agenda_of_category", Kind::Sqlite) => "INDEX agenda_of_category",
        ("occurrences_of_event", Kind::Sqlite) => "occurrences_of_event",
        ("occurrences_of_organizer", Kind::Sqlite) => "occurrences_of_organizer",
        _ => return None,
    })
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_of_the_agenda_can_be_prepared_and_begins_at_its_index(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let statements = all_statements(&db);
    assert!(statements.len() > 1_000, "only {} statements", statements.len());
    let mut purposes = BTreeMap::<&str, BTreeSet<&str>>::new();
    let mut wrong = BTreeMap::new();
    let mut tx = db.core.db().begin().await.unwrap();
    if kind == Kind::Postgres {
        // A small table is read whole at less cost. This shows where there is no index to choose.
        tx.query(Sql::portable("SET LOCAL enable_seqscan = off")).execute().await.unwrap();
    }
    for statement in &statements {
        purposes.entry(statement.purpose).or_default().insert(statement.driver);
        let plan = explain(&mut tx, kind, statement).await;
        let mut fail = |why: String| {
            let about = format!("{plan:#?}\n{statement:?}");
            wrong.entry((statement.purpose, statement.driver, why)).or_insert(about);
        };
        // No index has substrings of two characters.
        let may_read_all = statement.driver == "substrings" || statement.purpose == "lookups";
        // A probe may count them.
        let counts = |step: &str| {
            statement.purpose == "probe" && (step == "SCAN d" || step.contains("on search_documents d_"))
        };
        if let [first, ..] = reads_of_whole_tables(kind, &plan)[..]
            && !may_read_all
            && !counts(first)
        {
            fail(first.trim().to_owned());
        }
        // PostgreSQL does not even begin where nothing can match.
        if let Some(index) = index_of(kind, statement.driver)
            && !statement.text.contains("1 = 0")
            && !plan.iter().any(|step| step.contains(index))
        {
            fail(format!("not {index}"));
        }
    }
    let wrong: Vec<_> = wrong.iter().map(|(what, about)| format!("{what:?}\n{about}")).collect();
    assert!(wrong.is_empty(), "{} kinds of statements:\n{}", wrong.len(), wrong.join("\n"));
    let scans =
        ["agenda", "agenda_of_category", "occurrences", "occurrences_of_event", "occurrences_of_organizer"];
    let texts = match kind {
        Kind::Sqlite => &["tag", "trigrams", "substrings", "words"][..],
        Kind::Postgres => &["tag", "substrings", "words"],
    };
    let mut drivers: BTreeSet<&str> = scans.into_iter().chain(texts.iter().copied()).collect();
    assert_eq!(purposes["page"], drivers);
    drivers.insert("ongoing");
    assert_eq!(purposes["facets"], drivers);
}
