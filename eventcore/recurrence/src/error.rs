//! [`RuleError`]: why a recurrence cannot be used.

use std::borrow::Cow;
use std::fmt;

/// The result of this module's functions.
pub type RuleResult<T> = Result<T, RuleError>;

/// Why a recurrence cannot be used, with a message for the user about what to correct.
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

    /// JSON pointer to the fault within a [`super::Recurrence`]: `/rrule`, `/exdate/3`.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// A stable code:
    ///
    /// | code | meaning |
    /// | --- | --- |
    /// | `invalid_rule` | a part is unknown, malformed, out of range, repeated, or not allowed here |
    /// | `unsupported` | part of RFC 5545 that this library does not support; the message has the reason |
    /// | `too_long` | the text of the rule is longer than 1,000 characters |
    /// | `invalid_date` | an RDATE or EXDATE cannot be parsed |
    /// | `before_start` | an RDATE is before the start |
    /// | `too_many_dates` | more than 2,000 RDATEs or EXDATEs |
    /// | `until_before_start` | UNTIL is before the start |
    /// | `never_matches` | the rule matches no day at all |
    /// | `nothing_left` | EXDATE excludes every instance |
    /// | `too_many_occurrences` | more instances than [`super::ScheduleLimits`] allow |
    /// | `too_much_work` | the rule exceeds the work budget of the expansion |
    /// | `excluded` | an EXDATE excludes the whole day of an instance to be included |
    /// | `cannot_split` | no instance at that start, or no two rules express the series |
    /// | `invalid_line` | a line of a series is malformed, repeated, missing, or of another property |
    /// | `unknown_zone` | TZID is no IANA time zone |
    /// | `floating` | an instant, or a time zone, in a series whose start has none |
    /// | `not_understood` | the English phrase means no rule |
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The message for the user. It names the part of the rule.
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
