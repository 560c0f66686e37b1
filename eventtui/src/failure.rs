//! The error that ends the program, in words for a person.

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
