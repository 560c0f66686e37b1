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
    ///
    /// It leaves out what [`left_out`](Self::left_out) returns.
    pub(crate) fn full_text(&self, dialect: Dialect, scope: SearchScope) -> Option<String> {
        let (looked_up, _) = self.by_lookup();
        (!looked_up.is_empty()).then(|| all_of(&looked_up, dialect, scope))
    }

    /// The substring of a required prefix that is left to test: one of one or two characters beside other
    /// phrases. Very many words begin with it, and the index would collect the documents of all of them.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let (_, left_out) = self.by_lookup();
        left_out.into_iter().map(SearchPhrase::substring).collect()
    }

    /// The required phrases to look up in the index, and the ones to test.
    fn by_lookup(&self) -> (Vec<&SearchPhrase>, Vec<&SearchPhrase>) {
        let is_short = |phrase: &SearchPhrase| {
            phrase.prefix && phrase.words.iter().map(|word| word.chars().count()).sum::<usize>() < 3
        };
        let (short, others): (Vec<_>, Vec<_>) = self.required.iter().partition(|phrase| is_short(phrase));
        if others.is_empty() { (short, others) } else { (others, short) }
    }
}

/// The conjunction of phrases. PostgreSQL has an index for each scope, so its expression does not name it.
///
/// Tokens need no escaping: they contain no character that has a meaning in either language.
fn all_of(phrases: &[&SearchPhrase], dialect: Dialect, scope: SearchScope) -> String {
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
        let query = SearchQuery::parse("\"open air\" -online -far rus");
        let written = |dialect, scope| query.full_text(dialect, scope).unwrap_or_default();
        assert_eq!(written(Dialect::Sqlite, SearchScope::All), r#"("open air" AND "rus" *)"#);
        assert_eq!(written(Dialect::Postgres, SearchScope::All), "('open' <-> 'air') & ('rus':*)");
        assert_eq!(written(Dialect::Sqlite, SearchScope::Title), r#"{title} : ("open air" AND "rus" *)"#);
        assert_eq!(written(Dialect::Postgres, SearchScope::Head), "('open' <-> 'air') & ('rus':*)");
        // A short prefix beside other words is tested, not looked up.
        for (text, full_text, left_out) in [
            ("rust b", r#"("rust")"#, &[" b"][..]),
            ("rust be", r#"("rust")"#, &[" be"]),
            ("rust bea", r#"("rust" AND "bea" *)"#, &[]),
            ("b", r#"("b" *)"#, &[]),
            ("b -rust", r#"("b")"#, &[]),
        ] {
            let query = SearchQuery::parse(text);
            assert_eq!(
                query.full_text(Dialect::Sqlite, SearchScope::All).as_deref(),
                Some(full_text),
                "{text}"
            );
            assert_eq!(query.left_out(), left_out, "{text}");
        }
        for exclusions_only in ["🎉", "-online"] {
            assert_eq!(
                SearchQuery::parse(exclusions_only).full_text(Dialect::Sqlite, SearchScope::All),
                None
            );
        }
    }
}
