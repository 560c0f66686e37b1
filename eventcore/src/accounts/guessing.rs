//! Delays after wrong passwords. They grow with the failures, so that passwords cannot be guessed, and nobody
//! can delay another's sign-in with them.
//!
//! Three numbers of failures count:
//!
//! - of one *origin* at one *account*: after [`FREE`] of them, each next attempt waits twice as long;
//! - of one origin at any accounts, whose first [`ORIGIN_FREE`] are free;
//! - of all origins at one account. From [`PRESSURE`] on, someone guesses from many networks. An origin that
//!   has failed at that account then waits longer, and from its first failure on.
//!
//! An origin without failures never waits, whatever others do. One from which an account was signed in to
//! waits at that account for its own failures there alone, so that a guesser in a shared network does not
//! delay the other people in it.
//!
//! Failures are forgotten one by one. They are kept in the memory of the process. With several processes, a
//! guesser has the free attempts at each; the delays, which decide how many passwords can be tried in a year,
//! grow in each as fast. In return, wrong passwords cost no write to the database.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::id::SessionId;
use crate::time::Timestamp;

/// Failures of an origin at an account that have no consequence.
const FREE: u32 = 5;
/// Failures of an origin at all accounts that have no consequence: offices share an address.
const ORIGIN_FREE: u32 = 30;
/// Failures of all origins at an account from which on every failure delays the next attempt of its origin.
const PRESSURE: u32 = 20;
/// The first delay.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The first delay at an account under [`PRESSURE`].
const PRESSURE_DELAY: Duration = Duration::from_secs(15);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// After how long one failure of an origin at an account is forgotten.
const FORGET: Duration = Duration::from_mins(15);
/// After how long one failure of an origin at any account is forgotten.
const ORIGIN_FORGET: Duration = Duration::from_secs(20);
/// After how long one failure of any origin at an account is forgotten.
const ACCOUNT_FORGET: Duration = Duration::from_mins(1);

/// The greatest number of entries of each table. Beyond it, the entries that were used least recently go.
const CAPACITY: usize = 50_000;

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// A client network.
    Network(IpAddr),
    /// A session whose user gives the password again. Only who has the session can make it wait.
    Session(SessionId),
}

/// The failures counted for one key.
#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    /// Attempts whose outcome is not known yet.
    running: u32,
    /// The last failure or success.
    last: Timestamp,
    /// Whether the last attempt that ended succeeded.
    succeeded: bool,
}

impl Failures {
    const fn none(now: Timestamp) -> Self {
        Self { count: 0, running: 0, last: now, succeeded: false }
    }

    /// The failures that are not forgotten yet.
    fn count(&self, forget: Duration, now: Timestamp) -> u32 {
        let forgotten = now.since(self.last).as_micros() / forget.as_micros();
        self.count.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }

    fn fail(&mut self, forget: Duration, now: Timestamp) {
        self.count = self.count(forget, now).saturating_add(1);
        (self.last, self.succeeded) = (now, false);
    }
}

/// The delay of the attempt after `failures`, of which `free` have no consequence.
fn delay(failures: u32, free: u32, first: Duration) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(doublings) => first.saturating_mul(1 << doublings.min(20)).min(LONGEST_DELAY),
    }
}

/// How long an attempt must still wait. `here` are the failures of the origin at the account, `origin` those
/// of the origin at all accounts, and `account` is the number of failures of all origins at the account.
fn wait(here: &Failures, origin: &Failures, account: u32, now: Timestamp) -> Duration {
    let remaining = |failures: &Failures, free: u32, forget: Duration| {
        let count = failures.count(forget, now) + failures.running;
        // An attempt that is running may fail any moment.
        let since = if failures.running > 0 { Duration::ZERO } else { now.since(failures.last) };
        delay(count, free, FIRST_DELAY).saturating_sub(since)
    };
    let mut longest = remaining(here, FREE, FORGET);
    if account >= PRESSURE {
        let under_pressure = delay(here.count(FORGET, now), 1, PRESSURE_DELAY);
        longest = longest.max(under_pressure.saturating_sub(now.since(here.last)));
    }
    if !here.succeeded {
        longest = longest.max(remaining(origin, ORIGIN_FREE, ORIGIN_FORGET));
    }
    longest
}

/// The failures of all origins. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Guesses(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Logins are kept as hashes, whose key only this process knows.
    hasher: RandomState,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    here: HashMap<(Origin, u64), Failures>,
    origins: HashMap<Origin, Failures>,
    accounts: HashMap<u64, Failures>,
}

/// An attempt whose outcome is not known yet. Dropped without an outcome, it does not count.
#[derive(Debug)]
#[must_use = "the outcome must be told"]
pub(crate) struct Attempt(Option<(Guesses, Origin, u64)>);

impl Attempt {
    /// An attempt that is not counted.
    pub(crate) const fn uncounted() -> Self {
        Self(None)
    }

    /// Counts the outcome.
    pub(crate) fn end(mut self, succeeded: bool, now: Timestamp) {
        if let Some((guesses, origin, account)) = self.0.take() {
            guesses.tables().end(origin, account, Some((succeeded, now)));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some((guesses, origin, account)) = self.0.take() {
            guesses.tables().end(origin, account, None);
        }
    }
}

impl Guesses {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { hasher: RandomState::new(), tables: Mutex::default() }))
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an attempt at an account, which may be a login that nobody has.
    ///
    /// # Errors
    /// The time to wait before the next attempt.
    pub(crate) fn begin(
        &self,
        origin: Origin,
        account: impl Hash,
        now: Timestamp,
    ) -> Result<Attempt, Duration> {
        let account = self.0.hasher.hash_one(account);
        self.tables().begin(origin, account, now)?;
        Ok(Attempt(Some((self.clone(), origin, account))))
    }
}

impl Tables {
    fn begin(&mut self, origin: Origin, account: u64, now: Timestamp) -> Result<(), Duration> {
        let none = Failures::none(now);
        let here = self.here.get(&(origin, account)).copied().unwrap_or(none);
        let at_all = self.origins.get(&origin).copied().unwrap_or(none);
        let pressure = self.accounts.get(&account).map_or(0, |failures| failures.count(ACCOUNT_FORGET, now));
        let wait = wait(&here, &at_all, pressure, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        make_room(&mut self.here);
        make_room(&mut self.origins);
        self.here.entry((origin, account)).or_insert(none).running += 1;
        self.origins.entry(origin).or_insert(none).running += 1;
        Ok(())
    }

    /// Ends an attempt. The entries of a running attempt are never removed.
    fn end(&mut self, origin: Origin, account: u64, outcome: Option<(bool, Timestamp)>) {
        if let Some(here) = self.here.get_mut(&(origin, account)) {
            here.running = here.running.saturating_sub(1);
            match outcome {
                None => {}
                Some((true, now)) => (here.count, here.last, here.succeeded) = (0, now, true),
                Some((false, now)) => here.fail(FORGET, now),
            }
            if here.count == 0 && here.running == 0 && !here.succeeded {
                self.here.remove(&(origin, account));
            }
        }
        if let Some(at_all) = self.origins.get_mut(&origin) {
            at_all.running = at_all.running.saturating_sub(1);
            if let Some((false, now)) = outcome {
                at_all.fail(ORIGIN_FORGET, now);
            }
            if at_all.count == 0 && at_all.running == 0 {
                self.origins.remove(&origin);
            }
        }
        if let Some((false, now)) = outcome {
            make_room(&mut self.accounts);
            self.accounts.entry(account).or_insert(Failures::none(now)).fail(ACCOUNT_FORGET, now);
        }
    }
}

/// Removes the half of the entries that were used least recently, once there are [`CAPACITY`] of them.
fn make_room<K: Eq + Hash>(table: &mut HashMap<K, Failures>) {
    if table.len() < CAPACITY {
        return;
    }
    let mut times: Vec<Timestamp> = table.values().map(|failures| failures.last).collect();
    let (_, median, _) = times.select_nth_unstable(CAPACITY / 2);
    let median = *median;
    table.retain(|_, failures| failures.running > 0 || failures.last > median);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADA: &str = "ada";

    fn network(number: u16) -> Origin {
        let [high, low] = number.to_be_bytes();
        Origin::Network(IpAddr::from([198, 51, high, low]))
    }

    fn at(seconds: u64) -> Timestamp {
        let start: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        start.plus(Duration::from_secs(seconds))
    }

    /// Tries until refused, at most `times` times; returns the number of attempts and the wait.
    fn fail(guesses: &Guesses, origin: Origin, login: &str, times: u32, now: Timestamp) -> (u32, u64) {
        for tried in 0..times {
            match guesses.begin(origin, login, now) {
                Ok(attempt) => attempt.end(false, now),
                Err(wait) => return (tried, wait.as_secs()),
            }
        }
        (times, 0)
    }

    #[test]
    fn delays_double_after_the_free_failures() {
        let guesses = Guesses::new();
        let (mut now, mut waits) = (0, Vec::new());
        assert_eq!(fail(&guesses, network(1), ADA, 60, at(now)), (5, 1));
        for _ in 0..12 {
            let Err(wait) = guesses.begin(network(1), ADA, at(now)) else { panic!("it must wait") };
            waits.push(wait.as_secs());
            now += wait.as_secs();
            assert_eq!(fail(&guesses, network(1), ADA, 1, at(now)), (1, 0));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn concurrent_attempts_count_before_their_outcome() {
        let guesses = Guesses::new();
        let running: Vec<_> = (0..5).map(|_| guesses.begin(network(1), ADA, at(0)).unwrap()).collect();
        assert_eq!(guesses.begin(network(1), ADA, at(0)).unwrap_err(), FIRST_DELAY);
        // Without an outcome they do not count.
        drop(running);
        assert_eq!(fail(&guesses, network(1), ADA, 60, at(0)).0, 5);
    }

    #[test]
    fn a_success_forgets_the_failures_at_the_account() {
        let guesses = Guesses::new();
        assert_eq!(fail(&guesses, network(1), ADA, 4, at(0)), (4, 0));
        guesses.begin(network(1), ADA, at(0)).unwrap().end(true, at(0));
        assert_eq!(fail(&guesses, network(1), ADA, 60, at(0)).0, 5);
    }

    #[test]
    fn an_origin_without_failures_is_let_in_whatever_others_do() {
        let guesses = Guesses::new();
        for number in 1..400 {
            fail(&guesses, network(number), ADA, 60, at(0));
        }
        guesses.begin(network(1_000), ADA, at(0)).unwrap().end(true, at(0));
        // Under pressure one failure suffices to wait for longer.
        assert_eq!(fail(&guesses, network(1_001), ADA, 60, at(0)), (1, 15));
        assert_eq!(fail(&guesses, network(1_001), "bob", 60, at(0)), (5, 1));
        // An hour later the pressure is gone.
        assert_eq!(fail(&guesses, network(1_002), ADA, 60, at(24 * 3_600)).0, 5);
    }

    #[test]
    fn many_accounts_from_one_network_wait_as_well_but_not_those_that_signed_in_there() {
        let guesses = Guesses::new();
        guesses.begin(network(1), ADA, at(0)).unwrap().end(true, at(0));
        let tried: u32 = (0..60).map(|n| fail(&guesses, network(1), &format!("user{n}"), 1, at(0)).0).sum();
        assert_eq!(tried, ORIGIN_FREE);
        guesses.begin(network(1), ADA, at(0)).unwrap().end(true, at(0));
        assert!(guesses.begin(network(1), "bob", at(0)).is_err());
        // In an hour the network has its free failures again.
        assert_eq!(fail(&guesses, network(1), "bob", 60, at(3_600)).0, 5);
    }

    #[test]
    fn the_tables_are_bounded() {
        let guesses = Guesses::new();
        for number in 0..=u16::MAX {
            fail(&guesses, network(number), &format!("user{number}"), 1, at(u64::from(number)));
        }
        let tables = guesses.tables();
        assert!(tables.here.len() <= CAPACITY && tables.origins.len() <= CAPACITY);
        assert!(tables.accounts.len() <= CAPACITY && tables.accounts.len() > CAPACITY / 4);
    }

    proptest! {
        /// However attempts are spread over a day, few of one origin at one account are let through.
        #[test]
        fn few_attempts_a_day_get_through(steps in prop::collection::vec(0_u64..2_000, 1..400)) {
            let (guesses, mut now, mut tried) = (Guesses::new(), 0, 0);
            for step in steps {
                now += step;
                if now > 24 * 3_600 {
                    break;
                }
                tried += fail(&guesses, network(1), ADA, 60, at(now)).0;
            }
            // The free ones, the doublings up to the longest delay, and one each 15 minutes.
            prop_assert!(tried <= 5 + 11 + 2 * 96, "{tried}");
        }
    }
}
