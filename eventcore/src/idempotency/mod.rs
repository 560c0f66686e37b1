//! Doing a thing once, however often it is asked for: requests that carry a key get the first answer again for a day.

mod key;
mod run;

pub use key::Key;
