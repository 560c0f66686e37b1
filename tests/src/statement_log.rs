//! The statements that the library or a daemon sends to PostgreSQL, read from the log of the server.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eventcore::EventCore;

use crate::daemon::Daemon;
use crate::database::{Kind, TestDb, open};
use crate::postgres;

/// All statements that one instance of the library, or one daemon, sends to a PostgreSQL database.
pub struct StatementLog {
    database: String,
    file: PathBuf,
    read: usize,
}

impl StatementLog {
    /// Opens the library once more, and logs what this instance sends.
    pub async fn of_library(db: &TestDb) -> (EventCore, Self) {
        let core = open(&logged_url(db), db.clock.clone()).await;
        (core, Self::of(db))
    }

    /// Starts a daemon without background jobs, and logs what it sends.
    pub async fn of_daemon(db: &TestDb) -> (Daemon, Self) {
        let mut logged = db.clone();
        logged.url = logged_url(db);
        let daemon = Daemon::on(logged, &["--workers", "0"]).await;
        (daemon, Self::of(db))
    }

    fn of(db: &TestDb) -> Self {
        let file = PathBuf::from(postgres::socket_dir()).join("log");
        let mut log = Self { database: db.name().to_owned(), file, read: 0 };
        log.transactions();
        log
    }

    /// The transactions since the last call: the statements of each, in their order, each on one line.
    /// A statement outside of a transaction is one by itself. The server writes a statement before it
    /// executes it, so the log is complete when an operation has returned.
    pub fn transactions(&mut self) -> Vec<Vec<String>> {
        let text = std::fs::read(&self.file).expect("the log of the server");
        let new = String::from_utf8_lossy(&text[self.read..]).into_owned();
        self.read = text.len();
        let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut transactions = Vec::new();
        for (process, statement) in statements(&new, &self.database) {
            let word = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            match word.trim_end_matches(';') {
                "BEGIN" => {
                    let unfinished = open.insert(process, Vec::new());
                    assert_eq!(unfinished, None, "a transaction within a transaction");
                }
                "COMMIT" | "ROLLBACK" if !statement.to_ascii_uppercase().starts_with("ROLLBACK TO") => {
                    transactions.extend(open.remove(&process));
                }
                _ => match open.get_mut(&process) {
                    Some(transaction) => transaction.push(statement),
                    None => transactions.push(vec![statement]),
                },
            }
        }
        assert!(open.is_empty(), "transactions that have not ended: {open:?}");
        transactions
    }
}

/// The URL of a database that logs all statements of the connections made with it.
fn logged_url(db: &TestDb) -> String {
    assert_eq!(db.kind, Kind::Postgres, "SQLite has no log of statements");
    format!("{}&options=-c%20log_statement%3Dall%20-c%20log_min_messages%3Dlog", db.url)
}

/// Process and text of each statement in lines such as `events 4711 LOG:  execute s_1: SELECT 1`, which the
/// server continues on lines that begin with a tab.
fn statements(log: &str, database: &str) -> Vec<(String, String)> {
    let mut statements: Vec<(String, String)> = Vec::new();
    let mut is_ours = false;
    for line in log.lines() {
        if let Some(rest) = line.strip_prefix('\t') {
            if is_ours && let Some((_, statement)) = statements.last_mut() {
                statement.push(' ');
                statement.push_str(rest.trim());
            }
            continue;
        }
        let found = (|| {
            let (process, message) = line.strip_prefix(database)?.strip_prefix(' ')?.split_once(' ')?;
            let message = message.strip_prefix("LOG:")?.trim_start();
            let (kind, text) = message.split_once(": ")?;
            let is_statement = kind == "statement" || kind.starts_with("execute ");
            is_statement.then(|| (process.to_owned(), text.trim().to_owned()))
        })();
        is_ours = found.is_some();
        statements.extend(found);
    }
    // What wakes other processes runs beside all operations, at most once in 20 ms.
    statements.retain(|(_, text)| !text.contains("pg_notify(") && !text.starts_with("LISTEN "));
    statements
}
