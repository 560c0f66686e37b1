//! Login names: usernames and e-mail addresses. Both are compared without case.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A username: 3–32 of the characters `a-z 0-9 . _ -`. Upper-case letters are converted to lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

impl Username {
    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        // Deleted users get names with the reserved prefix, and HTTP paths use "me" for the signed-in user.
        if !(3..=32).contains(&name.len()) || !name.bytes().all(allowed) {
            Err("must be 3 to 32 characters: letters a to z, digits, and . _ -")
        } else if name.starts_with(Self::DELETED_PREFIX) || name == "me" {
            Err("is reserved: choose another")
        } else {
            Ok(Self(name))
        }
    }
}

impl Username {
    /// The prefix of the usernames of deleted users.
    pub(crate) const DELETED_PREFIX: &'static str = "deleted-";
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address, in Unicode normalization form C, with its case preserved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for comparisons: lower case.
    pub fn folded(&self) -> String {
        fold_login(&self.0)
    }
}

/// The form in which usernames and e-mail addresses are compared: trimmed, composed (NFC), lower case.
pub(crate) fn fold_login(text: &str) -> String {
    text.trim().nfc().collect::<String>().to_lowercase()
}

impl FromStr for Email {
    type Err = &'static str;

    /// Parses an address of up to 254 bytes:
    ///
    /// - a local part of up to 64 bytes (RFC 5321, 4.5.3.1.1) that needs no quotes (`Dot-string` of RFC 5321,
    ///   4.1.2, with letters of any script),
    /// - one `@`,
    /// - a domain of labels (RFC 1035, 2.3.1, with letters of any script) that has a dot or is `localhost`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const INVALID: &str = "must be an e-mail address such as ada@example.org";
        // Keyboards differ in whether they compose accents. Composing here gives each address one form.
        let text: String = text.trim().nfc().collect();
        let (local, domain) = text.rsplit_once('@').ok_or(INVALID)?;
        let letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
        let unquoted = |c: char| letter(c) || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let misplaced_dots = |part: &str| part.starts_with('.') || part.ends_with('.') || part.contains("..");
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| letter(c) || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let valid = text.len() <= 254
            && (1..=64).contains(&local.len())
            && local.chars().all(unquoted)
            && !misplaced_dots(local)
            && domain.split('.').all(label)
            && (domain.contains('.') || domain.eq_ignore_ascii_case("localhost"));
        if valid { Ok(Self(text)) } else { Err(INVALID) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_lower_case_ascii() {
        assert_eq!("Ada.L-1_x".parse::<Username>().unwrap().as_str(), "ada.l-1_x");
        for text in ["", "ab", "a b c", "adä", &"a".repeat(33), "a@b", "a\0b", "deleted-1", "me"] {
            assert!(text.parse::<Username>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_validated_and_folded() {
        for text in [
            "ada@example.org",
            "a.b+c@sub.example.co.uk",
            "jörg@müller.de",
            "o'neil@example.org",
            "x@localhost",
        ] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a@b@c.org",
            "a b@c.org",
            ".a@c.org",
            "a@c..org",
            "a@-c.org",
            "a@c",
            "a\r\nBcc: x@y.org",
            "<a@c.org>",
            "a\u{200b}da@c.org",
            "a\u{202e}da@c.org",
            "ada@ex\u{ad}ample.org",
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
        assert_eq!("jo\u{308}rg@müller.de".parse::<Email>().unwrap().folded(), "jörg@müller.de");
        assert_eq!("Ada@Example.ORG".parse::<Email>().unwrap().folded(), "ada@example.org");
    }
}
