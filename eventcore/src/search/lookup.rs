//! A question as each database takes it.

use super::question::{Phrase, Question};
use crate::db::Dialect;

/// What to match `texts_words` against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookup {
    /// All that is wanted; none where only something is unwanted.
    pub(crate) wanted: Option<String>,
    /// Any of what is unwanted.
    pub(crate) unwanted: Option<String>,
}

/// Where the words must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// In the title.
    Title,
    /// In title, tags or location.
    Head,
    /// Anywhere.
    Whole,
}

impl Question {
    pub(crate) fn lookup(&self, dialect: Dialect) -> Lookup {
        let all = |phrases: &[Phrase], wanted| {
            (!phrases.is_empty()).then(|| written(phrases, dialect, Part::Whole, wanted))
        };
        Lookup { wanted: all(&self.wanted, true), unwanted: all(&self.unwanted, false) }
    }

    /// What is wanted, all of it in one part of the text; none where nothing is.
    pub(crate) fn within(&self, dialect: Dialect, part: Part) -> Option<String> {
        (!self.wanted.is_empty()).then(|| written(&self.wanted, dialect, part, true))
    }
}

/// Phrases of which all, or any, must stand. Words hold nothing that either language takes for its own.
fn written(phrases: &[Phrase], dialect: Dialect, part: Part, all: bool) -> String {
    match dialect {
        Dialect::Sqlite => {
            let columns = match part {
                Part::Title => "{title} : ",
                Part::Head => "{title tags location} : ",
                Part::Whole => "",
            };
            let phrases: Vec<String> = phrases
                .iter()
                .map(|phrase| {
                    format!("\"{}\"{}", phrase.words.join(" "), if phrase.prefix { " *" } else { "" })
                })
                .collect();
            format!("{columns}({})", phrases.join(if all { " AND " } else { " OR " }))
        }
        Dialect::Postgres => {
            let weights = match part {
                Part::Title => "A",
                Part::Head => "ABC",
                Part::Whole => "",
            };
            let phrases: Vec<String> = phrases
                .iter()
                .map(|phrase| {
                    let last = phrase.words.len() - 1;
                    let word = |(i, word): (usize, &String)| {
                        let flags = format!("{}{weights}", if phrase.prefix && i == last { "*" } else { "" });
                        if flags.is_empty() { format!("'{word}'") } else { format!("'{word}':{flags}") }
                    };
                    let words: Vec<String> = phrase.words.iter().enumerate().map(word).collect();
                    format!("({})", words.join(" <-> "))
                })
                .collect();
            phrases.join(if all { " & " } else { " | " })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_in_both_languages() {
        let question = Question::parse("\"open air\" -online -far ru");
        let sqlite = question.lookup(Dialect::Sqlite);
        assert_eq!(sqlite.wanted.as_deref(), Some(r#"("open air" AND "ru" *)"#));
        assert_eq!(sqlite.unwanted.as_deref(), Some(r#"("online" OR "far")"#));
        let postgres = question.lookup(Dialect::Postgres);
        assert_eq!(postgres.wanted.as_deref(), Some("('open' <-> 'air') & ('ru':*)"));
        assert_eq!(postgres.unwanted.as_deref(), Some("('online') | ('far')"));
        assert_eq!(
            question.within(Dialect::Sqlite, Part::Title).as_deref(),
            Some(r#"{title} : ("open air" AND "ru" *)"#)
        );
        assert_eq!(
            question.within(Dialect::Postgres, Part::Head).as_deref(),
            Some("('open':ABC <-> 'air':ABC) & ('ru':*ABC)")
        );
        assert_eq!(Question::parse("🎉").lookup(Dialect::Sqlite), Lookup { wanted: None, unwanted: None });
    }
}
