//! What an operator and a careful client rely on: requests sent twice, limits, figures, logs, copies.

mod copies;
mod gate;
mod once;
