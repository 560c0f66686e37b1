//! Lists in pages: keyset cursors, so that page 10,000 costs what page 1 costs and nothing is skipped or repeated while others write.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Smallest key first.
    #[default]
    Ascending,
    /// Largest key first.
    Descending,
}

/// What a caller wants of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many things at most: 1 to 100.
    pub limit: u32,
    /// Where to go on: `next` or `previous` of an earlier page of the same list.
    pub cursor: Option<Cursor>,
    /// Whether to count the whole list too.
    pub count: bool,
}

impl PageRequest {
    /// How many things a page holds when nobody says.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// How many things a page holds at most.
    pub const MAX_LIMIT: u32 = 100;

    /// The first page, with at most `limit` things.
    pub const fn first(limit: u32) -> Self {
        Self { limit, cursor: None, count: false }
    }

    /// The page that begins at `cursor`.
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

/// A place in a list, good for that list only. Clients keep it and give it back as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The text for the wire.
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
    /// The things, in the list's order, also on the way back.
    pub items: Vec<T>,
    /// Goes on from here; null at the end.
    pub next: Option<Cursor>,
    /// Goes back from here; null at the beginning.
    pub previous: Option<Cursor>,
    /// How many things the whole list has, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// A list that is short enough to come whole.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None, previous: None, total: None }
    }

    /// The same page of other things.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(into).collect(),
            next: self.next,
            previous: self.previous,
            total: self.total,
        }
    }
}

/// What a list is sorted by: a number (microseconds, or a rank), then the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) number: i64,
    pub(crate) id: Uuid,
}

/// A page that is being read: which rows to fetch, and how to make a [`Page`] of them.
#[derive(Debug)]
pub(crate) struct Keyset {
    fingerprint: [u8; 8],
    order: Order,
    backward: bool,
    pub(crate) position: Option<Key>,
    limit: usize,
}

impl Keyset {
    const VERSION: u8 = 1;

    /// Reads the request. `list` names the list and all its filters, so that a cursor of another list is refused.
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
                Error::invalid("/cursor", "invalid", "is not a cursor of this list: begin without one")
            })?;
            keyset.backward = backward;
            keyset.position = Some(key);
        }
        Ok(keyset)
    }

    /// A position before everything, in the direction of fetching.
    pub(crate) const fn beginning(&self) -> Key {
        if self.ascending() {
            Key { number: i64::MIN, id: Uuid::nil() }
        } else {
            Key { number: i64::MAX, id: Uuid::max() }
        }
    }

    /// `>` or `<`: how the rows to fetch compare to the position.
    pub(crate) const fn comparison(&self) -> &'static str {
        if self.ascending() { ">" } else { "<" }
    }

    /// `ASC` or `DESC`: in which direction to fetch.
    pub(crate) const fn direction(&self) -> &'static str {
        if self.ascending() { "ASC" } else { "DESC" }
    }

    /// How many rows to fetch: one more than are shown tells whether there are more. It goes into the SQL as it is: SQLite plans by the value of a
    /// bound LIMIT, and so would compile the statement anew each time.
    pub(crate) fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX) + 1
    }

    /// SQL for the last of the conditions and all that follows: the rows beyond the position, whose number and id are bound from `$first` on, in order.
    pub(crate) fn beyond(&self, number: &str, id: &str, first: usize) -> String {
        let (comparison, direction) = (self.comparison(), self.direction());
        format!(
            "({number}, {id}) {comparison} (${first}, ${}) ORDER BY {number} {direction}, {id} {direction} LIMIT {}",
            first + 1,
            self.fetch()
        )
    }

    const fn ascending(&self) -> bool {
        matches!(self.order, Order::Ascending) != self.backward
    }

    /// Makes the page of the rows that were fetched.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> Key) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if self.backward {
            rows.reverse();
        }
        let (before, after) = if self.backward { (more, true) } else { (self.position.is_some(), more) };
        let next = if after { rows.last().map(|row| self.encode(false, key(row))) } else { None };
        let previous = if before { rows.first().map(|row| self.encode(true, key(row))) } else { None };
        Page { items: rows, next, previous, total: None }
    }

    fn encode(&self, backward: bool, key: Key) -> Cursor {
        let mut bytes = Vec::with_capacity(34);
        bytes.extend([Self::VERSION, u8::from(backward)]);
        bytes.extend(self.fingerprint);
        bytes.extend(key.number.to_be_bytes());
        bytes.extend(key.id.as_bytes());
        Cursor(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn decode(&self, cursor: &Cursor) -> Option<(bool, Key)> {
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
        Some((backward, Key { number: i64::from_be_bytes(*number), id: Uuid::from_slice(id).ok()? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> Key {
        Key { number, id: Uuid::from_u128(u128::from(number.unsigned_abs())) }
    }

    /// What a database would answer.
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

    proptest::proptest! {
        #[test]
        fn pages_are_gapless_there_and_back(mut list in proptest::collection::vec(-1000_i64..1000, 0..60), limit in 1_u32..8, descending: bool) {
            list.sort_unstable();
            list.dedup();
            let order = if descending { Order::Descending } else { Order::Ascending };
            let read = |cursor| {
                let keyset = Keyset::new(&PageRequest::first(limit).at(cursor), "list", order).unwrap();
                keyset.page(fetch(&list, &keyset), |n| key(*n))
            };
            let mut expected = list.clone();
            if descending { expected.reverse(); }
            let mut pages = vec![read(None)];
            while let Some(next) = pages.last().unwrap().next.clone() {
                pages.push(read(Some(next)));
            }
            let there: Vec<i64> = pages.iter().flat_map(|page| page.items.clone()).collect();
            proptest::prop_assert_eq!(&there, &expected);
            let mut back = vec![pages.pop().unwrap()];
            while let Some(previous) = back.last().unwrap().previous.clone() {
                back.push(read(Some(previous)));
            }
            let again: Vec<i64> = back.iter().rev().flat_map(|page| page.items.clone()).collect();
            proptest::prop_assert_eq!(again, expected);
        }
    }

    #[test]
    fn cursors_of_other_lists_and_made_up_ones_are_refused() {
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
