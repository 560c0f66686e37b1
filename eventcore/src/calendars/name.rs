//! File names of calendars.

use crate::fold::fold;

/// Greatest length of a name without its extension, in characters.
const MAX_LENGTH: usize = 60;

/// A portable file name made of a title: `Rust evening!` becomes `rust-evening.ics`. A title without ASCII
/// letters or digits, once folded, gives `event.ics`.
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
    name.truncate(MAX_LENGTH);
    match name.trim_end_matches('-') {
        "" => "event.ics".to_owned(),
        name => format!("{name}.ics"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_portable() {
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
