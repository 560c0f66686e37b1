//! What a file is called.

use crate::fold::fold;

/// Letters that a name keeps of a title: more helps nobody to tell files apart.
const LONGEST: usize = 60;

/// A file name that every system takes, from a title: `Rust evening!` becomes `rust-evening.ics`. What has no letters that all systems know is `event.ics`.
///
/// ```
/// assert_eq!(eventcore::calendars::file_name("Jazz am Fluß"), "jazz-am-fluss.ics");
/// ```
pub fn file_name(title: &str) -> String {
    let mut name = String::new();
    for c in fold(title).chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(LONGEST);
    match name.trim_end_matches('-') {
        "" => "event.ics".to_owned(),
        name => format!("{name}.ics"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (title, name) in [
            ("Rust evening: traits, & *pizza*!", "rust-evening-traits-pizza.ics"),
            ("../../etc/passwd", "etc-passwd.ics"),
            ("Köln \"CON\"\r\nX: y", "koln-con-x-y.ics"),
            ("東京", "event.ics"),
            ("", "event.ics"),
            (&"x".repeat(200), &format!("{}.ics", "x".repeat(60))),
        ] {
            assert_eq!(file_name(title), name);
        }
    }
}
