//! `eventd demo`: sample users, events of every kind, registrations, check-ins, ratings and comments, dated
//! relative to now.

mod accounts;
mod events;
mod history;
mod samples;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use eventcore::accounts::{DemoClaim, User};
use eventcore::db::PoolSettings;
use eventcore::events::Event;
use eventcore::{Actor, Clock, EventCore, ManualClock, Timestamp};

use crate::config::Config;
use crate::failure::Failure;
use crate::output::print_line;

/// How to sign in: the first line that the command prints ends with it.
const SIGN_IN: &str = "sign in as ada (admin), grace, lin or kenji with the password: correct horse 7";

/// Creates the demo, or tells again how to sign in to it.
pub(crate) async fn demo(config: &Config) -> Result<ExitCode, Failure> {
    let core = super::open(config).await?;
    let created = create(config, &core).await;
    core.close().await;
    print_line(created?)?;
    Ok(ExitCode::SUCCESS)
}

/// Creates the demo in the migrated database, unless it has it already. Returns what to print.
///
/// # Errors
/// If the database has other accounts.
pub(crate) async fn create(config: &Config, core: &EventCore) -> Result<String, Failure> {
    let now = core.now();
    // The clock is turned back, so that there are events that are over.
    let clock = Arc::new(ManualClock::new(now));
    // Between its operations passwords are hashed, which takes long on a slow machine.
    let idle_transaction_timeout = Duration::from_mins(5);
    let sizes = PoolSettings { sqlite_readers: 1, postgres: 2, ..PoolSettings::default() };
    let pools = PoolSettings { idle_transaction_timeout, ..sizes };
    let core = super::database(config).pools(pools).clock(clock.clone()).must_exist(true).connect().await?;
    let created = create_at_once(&core, &clock, now).await;
    core.close().await;
    created
}

/// Creates the demo in one transaction, so that a failure leaves nothing behind.
async fn create_at_once(core: &EventCore, clock: &ManualClock, now: Timestamp) -> Result<String, Failure> {
    let transaction = core.begin_transaction().await?;
    match transaction.core().claim_for_demo(&Actor::System).await? {
        DemoClaim::Claimed => {}
        DemoClaim::IsDemo => return Ok(format!("the database has the demo already; {SIGN_IN}")),
        DemoClaim::HasAccounts => {
            let why = "the database has accounts that are not of the demo: name another one with --database";
            return Err(why.into());
        }
    }
    let created = Demo::new(transaction.core(), clock, now).fill().await?;
    transaction.commit().await?;
    Ok(format!("{created}; {SIGN_IN}"))
}

/// The demo while it is created.
struct Demo<'a> {
    core: &'a EventCore,
    clock: &'a ManualClock,
    now: Timestamp,
    /// The users who organize and can sign in.
    organizers: Vec<User>,
    /// The users who only attend.
    guests: Vec<User>,
    registrations: usize,
    comments: usize,
    ratings: usize,
}

impl<'a> Demo<'a> {
    fn new(core: &'a EventCore, clock: &'a ManualClock, now: Timestamp) -> Self {
        let (organizers, guests) = (Vec::new(), Vec::new());
        Self { core, clock, now, organizers, guests, registrations: 0, comments: 0, ratings: 0 }
    }

    async fn fill(mut self) -> eventcore::Result<String> {
        self.set_days_ago(60);
        self.create_accounts().await?;
        let mut events = 0;
        for sample in samples::SAMPLES {
            self.set_days_ago(sample.announced);
            let event = self.create_event(sample).await?;
            self.live_through(sample, &event).await?;
            events += 1;
        }
        self.clock.set(self.now);
        Ok(format!(
            "created {} users, {events} events, {} registrations, {} comments and {} ratings",
            self.organizers.len() + self.guests.len(),
            self.registrations,
            self.comments,
            self.ratings
        ))
    }

    /// Turns the clock to this many days before the present.
    fn set_days_ago(&self, days: u64) {
        self.clock.set(self.now.minus(Duration::from_hours(24 * days)));
    }

    /// Turns the clock to an instant, but never into the future.
    fn set(&self, at: Timestamp) {
        self.clock.set(at.min(self.now));
    }

    /// Turns the clock on by some minutes.
    fn pass(&self, minutes: u64) {
        self.set(self.clock.now().plus(Duration::from_mins(minutes)));
    }

    fn organizer(&self, number: usize) -> Option<&User> {
        self.organizers.get(number)
    }

    /// All users but the organizer of an event.
    fn others(&self, event: &Event) -> Vec<User> {
        let all = self.organizers.iter().chain(&self.guests);
        all.filter(|user| user.id != event.organizer.id).cloned().collect()
    }
}

fn acting(user: &User) -> Actor {
    Actor::user(user.id, user.role)
}
