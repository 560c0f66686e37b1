//! Search queries in the full-text languages of the databases: FTS5 and `tsquery`.

use super::query::{SearchPhrase, SearchQuery};
use crate::db::Dialect;

/// The part of a document in which the words must occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchScope {
    /// The title.
    Title,
    /// Title, tags and location.
    Head,
    /// All texts, the description included.
    All,
}

impl SearchQuery {
    /// The expression to match `search_tokens` against for all required phrases within `scope`.
    ///
    /// `None` if no phrase is required: the full-text index cannot answer a query of exclusions only.
    pub(crate) fn full_text(&self, dialect: Dialect, scope: SearchScope) -> Option<String> {
        (!self.required.is_empty()).then(|| all_of(&self.required, dialect, scope))
    }
}

/// The conjunction of phrases. PostgreSQL has an index for each scope, so its expression does not name it.
///
/// Tokens need no escaping: they contain no character that has a meaning in either language.
fn all_of(phrases: &[SearchPhrase], dialect: Dialect, scope: SearchScope) -> String {
    match dialect {
        Dialect::Sqlite => {
            let columns = match scope {
                SearchScope::Title => "{title} : ",
                SearchScope::Head => "{title tags location} : ",
                SearchScope::All => "",
            };
            let phrases: Vec<String> = phrases
                .iter()
                .map(|phrase| {
                    format!("\"{}\"{}", phrase.words.join(" "), if phrase.prefix { " *" } else { "" })
                })
                .collect();
            format!("{columns}({})", phrases.join(" AND "))
        }
        Dialect::Postgres => {
            let phrases: Vec<String> = phrases
                .iter()
                .map(|phrase| {
                    let last = phrase.words.len() - 1;
                    let word = |(i, word): (usize, &String)| {
                        format!("'{word}'{}", if phrase.prefix && i == last { ":*" } else { "" })
                    };
                    let words: Vec<String> = phrase.words.iter().enumerate().map(word).collect();
                    format!("({})", words.join(" <-> "))
                })
                .collect();
            phrases.join(" & ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_written_for_each_database() {
        let query = SearchQuery::parse("\"open air\" -online -far ru");
        let written = |dialect, scope| query.full_text(dialect, scope).unwrap_or_default();
        assert_eq!(written(Dialect::Sqlite, SearchScope::All), r#"("open air" AND "ru" *)"#);
        assert_eq!(written(Dialect::Postgres, SearchScope::All), "('open' <-> 'air') & ('ru':*)");
        assert_eq!(written(Dialect::Sqlite, SearchScope::Title), r#"{title} : ("open air" AND "ru" *)"#);
        assert_eq!(written(Dialect::Postgres, SearchScope::Head), "('open' <-> 'air') & ('ru':*)");
        for exclusions_only in ["🎉", "-online"] {
            assert_eq!(
                SearchQuery::parse(exclusions_only).full_text(Dialect::Sqlite, SearchScope::All),
                None
            );
        }
    }
}
