//! Why a rule, or a date beside it, cannot be used.

use std::borrow::Cow;
use std::fmt;

/// What the room's operations answer.
pub type Result<T, E = RuleError> = std::result::Result<T, E>;

/// Why a rule cannot be used, said so that a person can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    pointer: Cow<'static, str>,
    code: &'static str,
    message: String,
}

impl RuleError {
    pub(crate) fn in_rule(code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: Cow::Borrowed("/rrule"), code, message: message.into() }
    }

    pub(crate) fn at(
        pointer: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }

    /// Where the fault is, as a JSON pointer within the object that holds `rrule`, `rdate` and `exdate`: `/rrule`, `/exdate/3`.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong, as a stable word:
    ///
    /// | code | meaning |
    /// | --- | --- |
    /// | `invalid_rule` | a part is unknown, malformed, out of range, repeated, or not allowed with this FREQ |
    /// | `unsupported` | RFC 5545 has it, and this library declines it with a reason |
    /// | `too_long` | the text of the rule is longer than 1,000 characters |
    /// | `invalid_date` | an RDATE or EXDATE is no date |
    /// | `before_start` | an RDATE lies before the start |
    /// | `too_many_dates` | more than 2,000 RDATEs or EXDATEs |
    /// | `until_before_start` | UNTIL lies before the start |
    /// | `never_matches` | no day, ever, fits the rule |
    /// | `nothing_left` | every instance is excluded by an EXDATE |
    /// | `too_many_occurrences` | more instances than are kept |
    /// | `too_much_work` | the rule costs more work to expand than any sensible rule does |
    /// | `excluded` | an EXDATE takes away the whole day on which a date is to be put back |
    /// | `cannot_split` | the series has no instance there, or cannot be written as two |
    /// | `not_understood` | a phrase in English that means no rule |
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, in words; names the part of the rule.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RuleError {}
