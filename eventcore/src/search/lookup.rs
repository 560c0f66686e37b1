//! A question as each database takes it.

use super::query::{Phrase, Question};
use crate::db::Dialect;

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
    /// What to match `texts_words` against for all that is wanted, in one part of the text; none where nothing is.
    pub(crate) fn within(&self, dialect: Dialect, part: Part) -> Option<String> {
        (!self.wanted.is_empty()).then(|| written(&self.wanted, dialect, part))
    }
}

/// Phrases that must all stand; PostgreSQL has an index for each part. Words hold nothing that either language takes for its own.
fn written(phrases: &[Phrase], dialect: Dialect, part: Part) -> String {
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
    fn the_same_question_in_both_languages() {
        let question = Question::parse("\"open air\" -online -far ru");
        let written = |dialect, part| question.within(dialect, part).unwrap_or_default();
        assert_eq!(written(Dialect::Sqlite, Part::Whole), r#"("open air" AND "ru" *)"#);
        assert_eq!(written(Dialect::Postgres, Part::Whole), "('open' <-> 'air') & ('ru':*)");
        assert_eq!(written(Dialect::Sqlite, Part::Title), r#"{title} : ("open air" AND "ru" *)"#);
        assert_eq!(written(Dialect::Postgres, Part::Head), "('open' <-> 'air') & ('ru':*)");
        for nothing in ["🎉", "-online"] {
            assert_eq!(Question::parse(nothing).within(Dialect::Sqlite, Part::Whole), None);
        }
    }
}
