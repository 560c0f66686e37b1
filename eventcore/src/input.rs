//! Input from outside: JSON objects are read field by field, so that one error reports every invalid field.

use serde_json::{Map, Value};

use crate::error::{Error, Result, Violations};

/// A reader of a JSON object. Each field is taken once; a field that nobody took is reported as unknown.
///
/// A field that is absent or null, and one of the wrong type, is read as `None`. The latter is recorded as a
/// violation, which [`Fields::finish`] returns.
#[derive(Debug)]
pub struct Fields {
    fields: Map<String, Value>,
    violations: Violations,
}

impl Fields {
    /// A reader of `value`. A value that is not an object is a violation with the code `wrong_type`.
    pub fn new(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self { fields, violations: Violations::default() },
            _ => {
                let mut violations = Violations::default();
                violations.add("", "wrong_type", "must be a JSON object");
                Self { fields: Map::new(), violations }
            }
        }
    }

    /// Takes a field of any type.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// Whether a field is present and not null, and was not taken yet.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// Records a violation of a field.
    pub fn add_violation(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.violations.add(format!("/{name}"), code, message);
    }

    /// Records violations whose pointers begin at this object.
    pub(crate) fn add_violations(&mut self, violations: &Violations) {
        self.violations.add_within("", violations);
    }

    /// Takes a string.
    pub fn string(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => self.wrong_type(name, "must be a string"),
        }
    }

    /// Takes an integer.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        match self.value(name)?.as_i64() {
            Some(number) => Some(number),
            None => self.wrong_type(name, "must be a whole number"),
        }
    }

    /// Takes a boolean.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(value) => Some(value),
            _ => self.wrong_type(name, "must be true or false"),
        }
    }

    /// Takes an array of strings. Items of other types are violations and are left out.
    pub fn strings(&mut self, name: &str) -> Option<Vec<String>> {
        let Value::Array(items) = self.value(name)? else {
            return self.wrong_type(name, "must be a list of strings");
        };
        let mut texts = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                _ => self.add_violation(&format!("{name}/{i}"), "wrong_type", "must be a string"),
            }
        }
        Some(texts)
    }

    /// Takes an object. Pass its reader to [`Fields::merge`] after reading it.
    pub fn object(&mut self, name: &str) -> Option<Self> {
        match self.value(name)? {
            value @ Value::Object(_) => Some(Self::new(value)),
            _ => self.wrong_type(name, "must be an object"),
        }
    }

    /// Finishes the reader of the object in field `name` and takes over its violations.
    pub fn merge(&mut self, name: &str, object: Self) {
        self.violations.add_within(&format!("/{name}"), &object.finish());
    }

    /// Takes a string and parses it. The message of the violation is that of the parse error.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        match self.string(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.add_violation(name, "invalid", error.to_string());
                None
            }
        }
    }

    /// Ends the reading. Returns all violations, fields that were not taken included.
    pub fn finish(mut self) -> Violations {
        for (name, value) in self.fields {
            self.violations.add_unknown(format!("/{}", escape(&name)), value);
        }
        self.violations
    }

    fn wrong_type<T>(&mut self, name: &str, message: &str) -> Option<T> {
        self.add_violation(name, "wrong_type", message);
        None
    }
}

/// Escapes the name of a field for a JSON pointer (RFC 6901 4).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Implements reading and `Deserialize` for an input type by its function `take(&mut Fields) -> Self`. What
/// is wrong goes into the field `parse_errors`, which the validation reports with all else.
macro_rules! deserialize_by_fields {
    ($name:ident) => {
        impl $name {
            /// Reads a JSON object.
            pub(crate) fn read(value: serde_json::Value) -> Self {
                let mut fields = $crate::input::Fields::new(value);
                let mut input = Self::take(&mut fields);
                input.parse_errors = fields.finish();
                input
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> std::result::Result<Self, D::Error> {
                <serde_json::Value as serde::Deserialize>::deserialize(deserializer).map(Self::read)
            }
        }
    };
}
pub(crate) use deserialize_by_fields;

/// Applies a JSON merge patch (RFC 7396): objects are merged, any other value replaces.
///
/// A field that the patch sets to null stays as null, where the RFC removes it. [`Fields`] reads it as
/// absent, but reports it if it is unknown: a misspelt field is not lost because it is null.
pub fn merge_patch(target: &mut Value, patch: Value) {
    let Value::Object(changes) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, change) in changes {
            merge_patch(fields.entry(name).or_insert(Value::Null), change);
        }
    }
}

/// Requires a merge patch that is a JSON object.
pub(crate) fn must_be_object(patch: &Value) -> Result<()> {
    if patch.is_object() { Ok(()) } else { Err(Error::invalid("", "wrong_type", "must be a JSON object")) }
}

/// Checks the length of a text, `min` to `max` characters, and its control characters.
///
/// Line breaks and tabs are allowed with [`Lines::Many`]. All other control characters are violations.
pub fn check_text(violations: &mut Violations, name: &str, text: &str, min: usize, max: usize, lines: Lines) {
    let pointer = format!("/{name}");
    let allowed = |c: char| matches!((lines, c), (Lines::Many, '\n' | '\r' | '\t'));
    let length = text.chars().count();
    if min > 0 && text.trim().is_empty() {
        violations.add(pointer, "required", "is required");
    } else if length < min {
        violations.add(pointer, "too_short", format!("must have at least {min} characters"));
    } else if length > max {
        violations.add(pointer, "too_long", format!("must have at most {max} characters, and has {length}"));
    } else if text.chars().any(|c| c.is_control() && !allowed(c)) {
        violations.add(pointer, "control_character", "must not contain control characters");
    }
}

/// Whether a text may contain line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// No line breaks or tabs.
    One,
    /// Line breaks and tabs are allowed.
    Many,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finish_reports_every_invalid_field() {
        let mut fields = Fields::new(
            json!({"title": 1, "capacity": "many", "waitlist_enabled": "yes", "tags": ["a", 2], "x": "red"}),
        );
        assert_eq!(fields.string("title"), None);
        assert_eq!(fields.integer("capacity"), None);
        assert_eq!(fields.boolean("waitlist_enabled"), None);
        assert_eq!(fields.strings("tags"), Some(vec!["a".to_owned()]));
        let violations = fields.finish();
        let reported: Vec<_> =
            violations.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect();
        assert_eq!(
            reported,
            [
                ("/title", "wrong_type"),
                ("/capacity", "wrong_type"),
                ("/waitlist_enabled", "wrong_type"),
                ("/tags/1", "wrong_type"),
                ("/x", "unknown_field")
            ]
        );
    }

    /// Examples of RFC 7396, appendix A, with null for what it removes.
    #[test]
    fn merge_patch_follows_the_rfc_but_keeps_nulls() {
        for (mut target, patch, merged) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({"a": null})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d", "c": null}}),
            ),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {"ccc": null}}})),
        ] {
            merge_patch(&mut target, patch);
            assert_eq!(target, merged);
        }
    }

    #[test]
    fn check_text_refuses_control_characters_and_wrong_lengths() {
        for (text, lines, code) in [
            ("a\0b", Lines::Many, Some("control_character")),
            ("a\nb", Lines::One, Some("control_character")),
            ("a\nb", Lines::Many, None),
            ("   ", Lines::One, Some("required")),
            ("abcdef", Lines::One, Some("too_long")),
        ] {
            let mut violations = Violations::default();
            check_text(&mut violations, "title", text, 1, 5, lines);
            assert_eq!(violations.as_slice().first().map(|v| v.code.as_ref()), code, "{text:?}");
        }
    }
}
