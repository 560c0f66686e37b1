//! Storing what has changed.

use std::collections::BTreeSet;

use crate::changes::Topic;
use crate::db::{RowInsert, RowList};
use crate::time::Timestamp;

/// Topics in one row.
const ROW: usize = 1_000;

/// The INSERT that tells readers of topics; `None` if there are none.
pub(crate) fn insert(topics: &BTreeSet<Topic>, now: Timestamp) -> Option<RowInsert> {
    if topics.is_empty() {
        return None;
    }
    let texts: Vec<String> = topics.iter().map(ToString::to_string).collect();
    let rows: Vec<String> = texts.chunks(ROW).map(|texts| texts.join(" ")).collect();
    let created_at = vec![now; rows.len()];
    Some(RowInsert {
        select: "INSERT INTO changes (topics, created_at) SELECT v.topics, v.created_at FROM ",
        rows: RowList::default().texts("topics", rows).instants("created_at", created_at),
        rest: "",
    })
}
