//! Input from outside: reads JSON objects field by field, so that every wrong field is named at once, unknown ones included.

use serde_json::{Map, Value};

use crate::error::Violations;
use crate::time::Timestamp;

/// The fields of a JSON object, each taken once; what is left over at the end is unknown.
#[derive(Debug)]
pub struct Fields {
    fields: Map<String, Value>,
    violations: Violations,
}

impl Fields {
    /// Reads `value`, which must be an object.
    pub fn of(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self { fields, violations: Violations::default() },
            _ => {
                let mut violations = Violations::default();
                violations.add("", "wrong_type", "must be a JSON object");
                Self { fields: Map::new(), violations }
            }
        }
    }

    /// The raw value of a field; null counts as absent.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// Whether the field is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// Notes that a field is wrong.
    pub fn wrong(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.violations.add(format!("/{name}"), code, message);
    }

    /// A string.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => self.mistyped(name, "must be a string"),
        }
    }

    /// A whole number.
    pub fn number(&mut self, name: &str) -> Option<i64> {
        match self.value(name)?.as_i64() {
            Some(number) => Some(number),
            None => self.mistyped(name, "must be a whole number"),
        }
    }

    /// `true` or `false`.
    pub fn truth(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(truth) => Some(truth),
            _ => self.mistyped(name, "must be true or false"),
        }
    }

    /// A list of strings.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let Value::Array(items) = self.value(name)? else {
            return self.mistyped(name, "must be a list of strings");
        };
        let mut texts = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                _ => self.wrong(&format!("{name}/{i}"), "wrong_type", "must be a string"),
            }
        }
        Some(texts)
    }

    /// An object, to be given back to [`Fields::close`] when it has been read.
    pub fn object(&mut self, name: &str) -> Option<Self> {
        match self.value(name)? {
            value @ Value::Object(_) => Some(Self::of(value)),
            _ => self.mistyped(name, "must be an object"),
        }
    }

    /// Takes over what is wrong with the fields of the object in field `name`.
    pub fn close(&mut self, name: &str, object: Self) {
        self.violations.add_within(&format!("/{name}"), &object.finish());
    }

    /// A string that `T` can be read from; its error tells what it should be.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        match self.text(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, "invalid", error.to_string());
                None
            }
        }
    }

    /// An instant.
    pub fn timestamp(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name)
    }

    /// Everything that was wrong, the fields that nobody asked for included.
    pub fn finish(mut self) -> Violations {
        for name in self.fields.keys() {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.violations.add(pointer, "unknown_field", "there is no such field");
        }
        self.violations
    }

    fn mistyped<T>(&mut self, name: &str, message: &str) -> Option<T> {
        self.wrong(name, "wrong_type", message);
        None
    }
}

/// Applies a JSON merge patch (RFC 7396): null removes, objects are merged, all else replaces.
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
            if change.is_null() {
                fields.remove(&name);
            } else {
                merge_patch(fields.entry(name).or_insert(Value::Null), change);
            }
        }
    }
}

/// Checks a text of `min` to `max` characters; `lines` allows line breaks and tabs. Other control characters are never text.
pub fn check_text(violations: &mut Violations, name: &str, text: &str, min: usize, max: usize, lines: Lines) {
    let pointer = format!("/{name}");
    let allowed = |c: char| matches!((lines, c), (Lines::Many, '\n' | '\r' | '\t'));
    let length = text.chars().count();
    if min > 0 && text.trim().is_empty() {
        violations.add(pointer, "required", "must not be empty");
    } else if length < min {
        violations.add(pointer, "too_short", format!("must have at least {min} characters"));
    } else if length > max {
        violations.add(pointer, "too_long", format!("must have at most {max} characters, and has {length}"));
    } else if text.chars().any(|c| c.is_control() && !allowed(c)) {
        violations.add(pointer, "control_character", "must not contain control characters");
    }
}

/// Whether a text may have more than one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// No line breaks.
    One,
    /// Line breaks and tabs are text.
    Many,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_every_wrong_field_at_once() {
        let mut fields = Fields::of(
            json!({"title": 1, "capacity": "many", "waitlist_enabled": "yes", "tags": ["a", 2], "colour": "red"}),
        );
        assert_eq!(fields.text("title"), None);
        assert_eq!(fields.number("capacity"), None);
        assert_eq!(fields.truth("waitlist_enabled"), None);
        assert_eq!(fields.texts("tags"), Some(vec!["a".to_owned()]));
        let violations = fields.finish();
        let named: Vec<_> =
            violations.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect();
        assert_eq!(
            named,
            [
                ("/title", "wrong_type"),
                ("/capacity", "wrong_type"),
                ("/waitlist_enabled", "wrong_type"),
                ("/tags/1", "wrong_type"),
                ("/colour", "unknown_field")
            ]
        );
    }

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn merges_as_the_rfc_shows() {
        for (mut target, patch, merged) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge_patch(&mut target, patch);
            assert_eq!(target, merged);
        }
    }

    #[test]
    fn control_characters_are_not_text() {
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
