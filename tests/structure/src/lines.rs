//! Lengths of files and lines.
//!
//! A line may have 110 columns. A column is a character, whatever its number of bytes; a tab is one column.
//! Comment lines have no exception. A comment line begins with a comment, or lies in a block comment.
//!
//! A code line may be longer if both hold:
//!
//! - the file is test data: it lies in a directory named `corpus`, `data` or `fixtures` (see [`DATA`]), which
//!   lies in a directory named `tests`, both at any depth;
//! - every column past the 110th belongs to a string literal that begins at or before column 110, its quotes
//!   included, or to closing punctuation after it (`)`, `]`, `}`, `,`, `;`, `?`).

use crate::finding::Finding;
use crate::lexer::Class;

/// Maximum number of lines of a file.
const LINES: usize = 500;
/// Maximum number of columns of a line.
const COLUMNS: usize = 110;
/// Names of directories of test data, below a directory named `tests`.
const DATA: &[&str] = &["corpus", "data", "fixtures"];

/// The findings of one file, from its characters.
pub(crate) fn check(path: &str, characters: &[(char, Class)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_data = is_data(path);
    let mut lines: Vec<&[(char, Class)]> = characters.split(|(next, _)| *next == '\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    if lines.len() > LINES {
        let text = format!("the file has {} lines: split it, {LINES} are allowed", lines.len());
        findings.push(Finding::new(path, LINES + 1, text));
    }
    for (index, line) in lines.iter().enumerate() {
        let line = line.strip_suffix(&[('\r', Class::Code)]).unwrap_or(line);
        let line = line.strip_suffix(&[('\r', Class::Comment)]).unwrap_or(line);
        if line.len() <= COLUMNS {
            continue;
        }
        let first = line.iter().find(|(next, _)| !next.is_whitespace());
        let what = match first {
            Some((_, Class::Comment)) => "comment line",
            _ if is_data && excess_is_text(line) => continue,
            _ => "code line",
        };
        let text = format!("{what} of {} columns: wrap it, {COLUMNS} are allowed", line.len());
        findings.push(Finding::new(path, index + 1, text));
    }
    findings
}

/// Whether a file is in a directory of test data.
fn is_data(path: &str) -> bool {
    let directories = path.rsplit('/').skip(1);
    let mut above = directories.skip_while(|name| !DATA.contains(name));
    above.any(|name| name == "tests")
}

/// Whether only a string literal and closing punctuation exceed the limit.
fn excess_is_text(line: &[(char, Class)]) -> bool {
    let excess = &line[COLUMNS..];
    let after = excess.iter().position(|(_, class)| *class != Class::Text).unwrap_or(excess.len());
    line[COLUMNS - 1].1 == Class::Text
        && after > 0
        && excess[after..].iter().all(|(next, _)| matches!(next, ')' | ']' | '}' | ',' | ';' | '?'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::lex;

    fn texts(path: &str, text: &str) -> Vec<String> {
        check(path, &lex(text).characters).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_may_have_500_lines() {
        assert!(texts("a.rs", &"\n".repeat(500)).is_empty());
        assert_eq!(
            texts("a.rs", &"\n".repeat(501)),
            ["a.rs:501: the file has 501 lines: split it, 500 are allowed"]
        );
        assert_eq!(texts("a.rs", &format!("{}x", "\n".repeat(500))).len(), 1);
    }

    #[test]
    fn columns_are_characters() {
        assert!(texts("a.rs", &format!("// {}\r\n", "é".repeat(107))).is_empty());
        assert_eq!(
            texts("a.rs", &format!("\n    /// {}\n", "é".repeat(103))),
            ["a.rs:2: comment line of 111 columns: wrap it, 110 are allowed"]
        );
        let block = format!("/*\n{}\n*/\n", "…".repeat(111));
        assert_eq!(texts("a.rs", &block), ["a.rs:2: comment line of 111 columns: wrap it, 110 are allowed"]);
    }

    #[test]
    fn strings_may_be_long_in_test_data_only() {
        let line = format!("const A: &str = r#\"{}\"#;", "\" // ".repeat(30));
        assert!(texts("tests/data/a.rs", &line).is_empty());
        assert!(texts("a/tests/b/fixtures/c/d.rs", &line).is_empty());
        assert_eq!(texts("tests/a.rs", &line).len(), 1);
        assert_eq!(texts("a/src/data/b.rs", &line).len(), 1);
        assert_eq!(texts("tests/data/a.rs", &format!("{line} const B: u8 = 1;")).len(), 1);
        assert_eq!(texts("tests/data/a.rs", &format!("// {line}")).len(), 1);
        assert_eq!(texts("tests/data/a.rs", &format!("f({});", "1, ".repeat(40))).len(), 1);
    }

    #[test]
    fn quotes_in_characters_and_lifetimes_open_no_string() {
        let line = format!("fn f<'a>(x: &'a str) {{ ('\"', '\\'', b'\"') }} // {}", "x".repeat(80));
        assert_eq!(
            texts("a.rs", &line),
            [format!("a.rs:1: code line of {} columns: wrap it, 110 are allowed", line.len())]
        );
        assert_eq!(lex("'\"' // x").characters.last(), Some(&('x', Class::Comment)));
        assert_eq!(lex("r#type \"x").characters.last(), Some(&('x', Class::Text)));
        assert_eq!(lex("\"\\\" x").characters.last(), Some(&('x', Class::Text)));
    }

    #[test]
    fn odd_input_does_no_harm() {
        for text in ["", "\"", "'", "'\\", "/*", "/", "r#", "br##\"", "b'", "*/ }}}", "r###\"\"##"] {
            assert!(texts("a.rs", text).is_empty());
        }
    }
}
