//! The names of the tables and indexes that migrations create.

use std::collections::BTreeSet;

use sqlx::migrate::Migration;

/// The names of the tables and indexes that `migrations` create.
pub(super) fn created_names<'m>(migrations: impl IntoIterator<Item = &'m Migration>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for migration in migrations {
        for line in migration.sql.as_str().lines() {
            names.extend(created_by(line).map(str::to_owned));
        }
    }
    names
}

/// The name in a line that begins with `CREATE TABLE` or `CREATE INDEX`, as all of them do.
fn created_by(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("CREATE ")?;
    let rest = ["UNIQUE ", "VIRTUAL "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    let rest = ["TABLE ", "INDEX "].iter().find_map(|word| rest.strip_prefix(word))?;
    rest.split([' ', '(']).next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::schema::{POSTGRES, SQLITE};
    use super::*;

    #[test]
    fn each_table_and_index_is_found() {
        for migrator in [&*SQLITE, &*POSTGRES] {
            let names = created_names(migrator.iter());
            for name in ["users", "events", "search_tokens", "search_documents_of_event", "agenda_counts"] {
                assert!(names.contains(name), "{name}");
            }
            let statements: usize = migrator
                .iter()
                .map(|migration| {
                    let sql = migration.sql.as_str();
                    ["TABLE ", "INDEX "].iter().map(|what| created_anywhere(sql, what)).sum::<usize>()
                })
                .sum();
            let lines = migrator.iter().flat_map(|migration| migration.sql.as_str().lines());
            assert_eq!(lines.filter(|line| created_by(line).is_some()).count(), statements);
        }
    }

    /// How often `what` is created, wherever a line is broken.
    fn created_anywhere(sql: &str, what: &str) -> usize {
        ["CREATE ", "CREATE UNIQUE ", "CREATE VIRTUAL "]
            .iter()
            .map(|start| sql.matches(&format!("{start}{what}")).count())
            .sum()
    }
}
