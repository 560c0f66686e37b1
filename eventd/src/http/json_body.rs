//! JSON in request bodies: at most 32 levels deep, and no name twice in an object.

use std::fmt;

use eventcore::{Error, Violations};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::Problem;
use super::problem_kind::Kind;

/// The deepest nesting of arrays and objects.
const DEPTH_LIMIT: usize = 32;

/// Parses a body. A name that an object has twice is invalid: parsers disagree about which value counts, so
/// that what was checked elsewhere might not be what is done here.
pub(super) fn parse(body: &[u8]) -> Result<Value, Problem> {
    check_depth(body)?;
    let mut reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = JsonNode(&mut reader).deserialize(&mut deserializer).map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    if reader.repeated.is_empty() { Ok(value) } else { Err(Error::Invalid(reader.repeated).into()) }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err needs")]
pub(super) fn malformed(error: serde_json::Error) -> Problem {
    Problem::new(Kind::MalformedJson, format!("the body is not valid JSON: {error}"))
}

/// Limits nesting by counting brackets outside of strings. Unlike a parser, this cannot overflow the stack.
fn check_depth(body: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            let detail = "the body is nested more than 32 levels deep";
            return Err(Problem::new(Kind::MalformedJson, detail));
        }
    }
    Ok(())
}

/// The place in the document, and the repeated names found so far.
#[derive(Default)]
struct Reader {
    /// The JSON pointer (RFC 6901) of the value that is read.
    pointer: String,
    repeated: Violations,
}

/// One value of the document.
struct JsonNode<'r>(&'r mut Reader);

impl JsonNode<'_> {
    /// Reads a value inside, under a name or an index.
    fn within<T>(&mut self, step: &str, read: impl FnOnce(JsonNode<'_>) -> T) -> T {
        let length = self.0.pointer.len();
        self.0.pointer.push('/');
        self.0.pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let result = read(JsonNode(self.0));
        self.0.pointer.truncate(length);
        result
    }
}

impl<'de> DeserializeSeed<'de> for JsonNode<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonNode<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) =
            self.within(&values.len().to_string(), |node| items.next_element_seed(node))?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = self.within(&name, |node| {
                if fields.contains_key(&name) {
                    let pointer = node.0.pointer.clone();
                    node.0.repeated.add(pointer, "repeated", "must not be given twice");
                }
                entries.next_value_seed(node)
            })?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert!(check_depth(&[b'['; 32]).is_ok());
        assert!(check_depth(&[b'['; 33]).is_err());
        assert!(check_depth(format!("\"{}\\\"[\"", "[".repeat(100)).as_bytes()).is_ok());
        assert!(check_depth("[]".repeat(1000).as_bytes()).is_ok());
    }

    #[test]
    fn values_are_read_as_serde_json_reads_them() {
        for text in [
            "null",
            "[1, -2, 1.5e3, true, \"a\\u0000\", {}]",
            "{\"a\": {\"b\": [[]]}, \"c\": 18446744073709551615}",
        ] {
            let Ok(value) = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        }
        for text in ["", "{", "{} x", "[1,]", "nul", "{\"a\": 1e999}"] {
            assert!(
                parse(text.as_bytes()).is_err_and(|problem| problem.kind == Kind::MalformedJson),
                "{text}"
            );
        }
    }

    #[test]
    fn repeated_names_are_reported_with_their_pointers() {
        let text = r#"{"a": 1, "b": [{"x/y": 1}, {"x/y": 1, "x/y": 2}], "a": {"c": 1, "c": 1, "c": 1},
            "\u0061": 0}"#;
        let Err(problem) = parse(text.as_bytes()) else { panic!("it is refused") };
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/b/1/x~1y", "/a", "/a/c"]);
    }
}
