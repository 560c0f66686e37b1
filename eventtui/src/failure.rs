//! The error that ends the program, as a message for the user.

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
