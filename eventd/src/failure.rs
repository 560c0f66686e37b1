//! The error type of commands.

/// The reason why a command failed, as a message for the operator.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The message of an error, with the causes that an operator needs to report a bug.
pub(crate) fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    // A message is one line, also if the database wrote several.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_is_described_with_its_cause() {
        let error = eventcore::Error::internal("row 7:\n  broken");
        assert_eq!(describe(&error), "internal error: row 7: broken");
        assert_eq!(describe(&eventcore::Error::UsernameTaken), "another user has this username");
    }
}
