//! Pages of long lists, by keyset cursors.
//!
//! A cursor holds the sort key of a row, and a page starts after that key. A page therefore costs the same
//! wherever it is in the list, and rows that others insert or delete meanwhile make no page skip or repeat a
//! row.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, Result};

/// The sort order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Smallest key first.
    #[default]
    Ascending,
    /// Largest key first.
    Descending,
}

/// A request for one page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The maximum number of items: 1 to 100.
    pub limit: u32,
    /// `next` or `previous` of another page of the same list; `None` for the first page.
    pub cursor: Option<Cursor>,
    /// Whether to count the items of the whole list too.
    pub count: bool,
}

impl PageRequest {
    /// The default page size.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// The maximum page size.
    pub const MAX_LIMIT: u32 = 100;

    /// The first page, without the total count.
    pub const fn first(limit: u32) -> Self {
        Self { limit, cursor: None, count: false }
    }

    /// The page at `cursor`, with the same limit.
    #[must_use]
    pub fn at(self, cursor: Option<Cursor>) -> Self {
        Self { cursor, ..self }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::first(Self::DEFAULT_LIMIT)
    }
}

/// An opaque position in a list. It is valid for that list, its filters and its order only.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor as URL-safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items, in the order of the list in both directions.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<Cursor>,
    /// The cursor of the previous page; null on the first page.
    pub previous: Option<Cursor>,
    /// The number of items in the whole list, if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// `at_least` if the list has more items than `total`, because counting stopped there; absent if it has
    /// as many. Occurrences are counted up to 10,000 with a filter by text or free seats, and events up to
    /// 10,000 with any filter.
    #[serde(default, skip_serializing_if = "TotalRelation::is_exact")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub total_relation: TotalRelation,
}

/// How a total relates to the number of all matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TotalRelation {
    /// As many.
    #[default]
    Exact,
    /// That many or more: counting stopped there.
    AtLeast,
}

impl TotalRelation {
    /// Whether the total is the number of all matches.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_exact(&self) -> bool {
        matches!(self, Self::Exact)
    }
}

impl<T> Page<T> {
    /// The only page of a short list.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None, previous: None, total: None, total_relation: TotalRelation::Exact }
    }

    /// Converts the items.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(into).collect(),
            next: self.next,
            previous: self.previous,
            total: self.total,
            total_relation: self.total_relation,
        }
    }
}

/// What a list is sorted by: a number (microseconds, or a rank), then an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SortKey {
    pub(crate) number: i64,
    pub(crate) id: Uuid,
}

/// The query side of a [`PageRequest`]: which rows to fetch, and how to make a [`Page`] of them.
#[derive(Debug)]
pub(crate) struct Keyset {
    fingerprint: [u8; 8],
    order: Order,
    backward: bool,
    /// The key after which to fetch, in the direction of fetching; `None` for the first page.
    pub(crate) position: Option<SortKey>,
    limit: usize,
}

impl Keyset {
    const VERSION: u8 = 1;

    /// Checks the limit and decodes the cursor of a request.
    ///
    /// `list` identifies the list with its filters and order; a cursor of any other list is refused. Callers
    /// pass the `Debug` output of their filter. Cursors hold the first 8 bytes of its SHA-256, so renaming a
    /// type or a field of a filter invalidates the cursors that clients hold: they get `invalid_input` and
    /// start again at the first page.
    pub(crate) fn new(request: &PageRequest, list: &str, order: Order) -> Result<Self> {
        if !(1..=PageRequest::MAX_LIMIT).contains(&request.limit) {
            return Err(Error::invalid("/limit", "out_of_range", "must be 1 to 100"));
        }
        let digest = Sha256::digest(list.as_bytes());
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&digest[..8]);
        let limit = request.limit as usize;
        let mut keyset = Self { fingerprint, order, backward: false, position: None, limit };
        if let Some(cursor) = &request.cursor {
            let (backward, key) = keyset.decode(cursor).ok_or_else(|| {
                Error::invalid("/cursor", "invalid", "is not a cursor of this list: start without one")
            })?;
            keyset.backward = backward;
            keyset.position = Some(key);
        }
        Ok(keyset)
    }

    /// A key before all others, in the direction of fetching.
    pub(crate) const fn beginning(&self) -> SortKey {
        if self.ascending() {
            SortKey { number: i64::MIN, id: Uuid::nil() }
        } else {
            SortKey { number: i64::MAX, id: Uuid::max() }
        }
    }

    /// The SQL operator between the rows to fetch and the position: `>` or `<`.
    pub(crate) const fn comparison(&self) -> &'static str {
        if self.ascending() { ">" } else { "<" }
    }

    /// The SQL direction in which to fetch: `ASC` or `DESC`.
    pub(crate) const fn direction(&self) -> &'static str {
        if self.ascending() { "ASC" } else { "DESC" }
    }

    /// The number of rows to fetch: one more than the page holds, to know whether another page follows.
    ///
    /// Write it into the SQL rather than bind it: SQLite plans by the value of a bound LIMIT and would
    /// compile the statement again at each execution.
    pub(crate) fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX) + 1
    }

    /// SQL for the last condition of a query, its `ORDER BY` and its `LIMIT`.
    ///
    /// `number` and `id` are SQL expressions for the sort key. Bind the number and the id of the position as
    /// `$first` and the parameter after it.
    pub(crate) fn beyond(&self, number: &str, id: &str, first: usize) -> String {
        let (comparison, direction, limit) = (self.comparison(), self.direction(), self.fetch());
        format!(
            "({number}, {id}) {comparison} (${first}, ${})
             ORDER BY {number} {direction}, {id} {direction} LIMIT {limit}",
            first + 1
        )
    }

    /// Whether rows are fetched in ascending order.
    pub(crate) const fn ascending(&self) -> bool {
        matches!(self.order, Order::Ascending) != self.backward
    }

    /// Makes a page of the fetched rows, which are in the order of fetching. `key` returns the sort key of a
    /// row.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> SortKey) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if self.backward {
            rows.reverse();
        }
        let (before, after) = if self.backward { (more, true) } else { (self.position.is_some(), more) };
        let next = if after { rows.last().map(|row| self.encode(false, key(row))) } else { None };
        let previous = if before { rows.first().map(|row| self.encode(true, key(row))) } else { None };
        Page { items: rows, next, previous, total: None, total_relation: TotalRelation::Exact }
    }

    /// A cursor has 34 bytes: version, direction, fingerprint of the list (8), number (8, big-endian) and id
    /// (16).
    fn encode(&self, backward: bool, key: SortKey) -> Cursor {
        let mut bytes = Vec::with_capacity(34);
        bytes.extend([Self::VERSION, u8::from(backward)]);
        bytes.extend(self.fingerprint);
        bytes.extend(key.number.to_be_bytes());
        bytes.extend(key.id.as_bytes());
        Cursor(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn decode(&self, cursor: &Cursor) -> Option<(bool, SortKey)> {
        let bytes: [u8; 34] = URL_SAFE_NO_PAD.decode(&cursor.0).ok()?.try_into().ok()?;
        let backward = match bytes[..2] {
            [Self::VERSION, 0] => false,
            [Self::VERSION, 1] => true,
            _ => return None,
        };
        let (fingerprint, rest) = bytes[2..].split_first_chunk::<8>()?;
        let (number, id) = rest.split_first_chunk::<8>()?;
        if *fingerprint != self.fingerprint {
            return None;
        }
        Some((backward, SortKey { number: i64::from_be_bytes(*number), id: Uuid::from_slice(id).ok()? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> SortKey {
        SortKey { number, id: Uuid::from_u128(u128::from(number.unsigned_abs())) }
    }

    /// The rows that a database would return.
    fn fetch(list: &[i64], keyset: &Keyset) -> Vec<i64> {
        let mut rows: Vec<i64> = list.to_vec();
        rows.sort_by_key(|n| key(*n));
        if !keyset.ascending() {
            rows.reverse();
        }
        let after = |n: &i64| {
            keyset.position.is_none_or(|at| if keyset.ascending() { key(*n) > at } else { key(*n) < at })
        };
        rows.into_iter().filter(after).take(usize::try_from(keyset.fetch()).unwrap()).collect()
    }

    /// Reads all pages forward, then backward, and compares both with the whole list.
    fn check_pages(mut list: Vec<i64>, limit: u32, descending: bool) {
        list.sort_unstable();
        list.dedup();
        let order = if descending { Order::Descending } else { Order::Ascending };
        let read = |cursor| {
            let keyset = Keyset::new(&PageRequest::first(limit).at(cursor), "list", order).unwrap();
            keyset.page(fetch(&list, &keyset), |n| key(*n))
        };
        let mut expected = list.clone();
        if descending {
            expected.reverse();
        }
        let mut pages = vec![read(None)];
        while let Some(next) = pages.last().unwrap().next.clone() {
            pages.push(read(Some(next)));
        }
        let forward: Vec<i64> = pages.iter().flat_map(|page| page.items.clone()).collect();
        assert_eq!(forward, expected);
        let mut back = vec![pages.pop().unwrap()];
        while let Some(previous) = back.last().unwrap().previous.clone() {
            back.push(read(Some(previous)));
        }
        let backward: Vec<i64> = back.iter().rev().flat_map(|page| page.items.clone()).collect();
        assert_eq!(backward, expected);
    }

    proptest::proptest! {
        #[test]
        fn pages_are_complete_in_both_directions(
            list in proptest::collection::vec(-1000_i64..1000, 0..60), limit in 1_u32..8, descending: bool
        ) {
            check_pages(list, limit, descending);
        }
    }

    #[test]
    fn cursors_of_other_lists_and_invalid_cursors_are_refused() {
        let here = Keyset::new(&PageRequest::first(1), "here", Order::Ascending).unwrap();
        let cursor = here.page(vec![1, 2], |n| key(*n)).next;
        assert!(Keyset::new(&PageRequest::first(1).at(cursor.clone()), "here", Order::Ascending).is_ok());
        assert!(Keyset::new(&PageRequest::first(1).at(cursor), "there", Order::Ascending).is_err());
        for text in ["", "x", "AQ", "💥", &"A".repeat(46)] {
            let request = PageRequest::first(1).at(Some(Cursor(text.to_owned())));
            assert!(Keyset::new(&request, "here", Order::Ascending).is_err(), "{text}");
        }
        for limit in [0, 101] {
            assert!(Keyset::new(&PageRequest::first(limit), "here", Order::Ascending).is_err());
        }
    }
}
