//! How the library is built: a guide for those who change it.
//!
//! It begins with the [modules](#the-modules-by-layer), follows [three requests](#three-requests) from the
//! route of eventd to the rows of the database, names the [rules](#rules-that-hold-everywhere) that hold
//! everywhere, and ends with the steps to [add an operation](#adding-an-operation). Names without a link are
//! private: `cargo doc --document-private-items` shows them.
//!
//! # The modules, by layer
//!
//! A module imports only from layers below its own, and within a layer from modules named before it.
//!
//! 1. [`error`], [`fold`], [`time`], [`id`], [`changes`], the values that tell what a transaction has
//!    changed, and [`db`], which do not depend on the domain; the crate [`recurrence`] has the rules of
//!    recurrence, instants and time zones, and depends on no module;
//! 2. [`phase`], [`actor`], [`quotas`], [`page`], [`precondition`], [`input`], [`markdown`], `csv_table`,
//!    [`jobs`], the table of work that follows from transactions, `change_log`, the tables of what they have
//!    changed, `signed_link`, the tokens of links in mails, `reminder_list`, the lead times of a user,
//!    `zone_edition`, the time-zone data of all processes, and [`mails`], which the operations of all modules
//!    use;
//! 3. `seats`, the rules of admission and waitlists; [`search`], the word index; `counters`, the numbers of
//!    occurrences by day and label; [`accounts`] and [`categories`];
//! 4. [`events`]: events and their occurrences, which are one aggregate;
//! 5. [`agenda`], [`registrations`], [`comments`], [`feedback`], [`calendars`], [`insights`], [`webhooks`],
//!    [`subscriptions`], [`notifications`], which refer to events;
//! 6. [`privacy`]: export and deletion of all data of a user; [`idempotency`]: execution of any operation
//!    once per key; [`live`]: following what changes; `refold`: stored texts after a change of the folding;
//! 7. [`workers`]: who do the jobs, by the operations of all modules;
//! 8. `core`: [`EventCore`], the composition root. Every module adds its operations to that type, so all of
//!    them import it, and it holds the state of `accounts` and `registrations`. This is the only import
//!    cycle. [`Builder`] opens it, `transaction` runs several of its operations as one, and `page_stream`
//!    reads its long lists.
//!
//! # Three requests
//!
//! In eventd, `http/edge.rs` finds the route of a request in the table of all routes and checks the limits of
//! the client; `http/route.rs` reads the body and calls the handler. Each handler is a function below
//! `http/routes`: it reads the request, calls the library once, and writes the response. `http/problem.rs`
//! writes an [`Error`] as a problem document. What follows begins at the handler.
//!
//! ## Registering: `PUT /api/v1/occurrences/{id}/registration`
//!
//! 1. `routes/registrations.rs`, `register`: checks the signature of the access token, but not the session,
//!    which is read later together with all else ([`accounts::Caller`]).
//! 2. `registrations/register.rs`, [`EventCore::register`]: checks the size of the party, and hands the
//!    request to `admission`, the one path on which registrations are made, changed and cancelled.
//! 3. `registrations/admission/batch.rs`: requests that come while a batch runs form the next one, of up to
//!    64. A batch is one transaction.
//! 4. `admission/load.rs`: on PostgreSQL, one statement locks the attendees and the occurrences, and leaves
//!    out those that others have locked: their requests continue in transactions of their own. Another
//!    statement reads for each request the session of the caller, the occurrence, their registration, and
//!    the first of the waitlist.
//! 5. `admission/decide.rs`: decides one request after another in memory, by the pure rules of
//!    `seats/rules.rs`, each with the seats that the one before has left.
//! 6. `admission/store.rs`: writes all that has changed in one statement: registrations, and the counts of
//!    their occurrences.
//! 7. The hook of the commit tells people: see [below](#what-follows-from-a-transaction).
//!
//! A registration alone takes the same path, as a batch of one.
//!
//! ## Moving a weekly event: `PATCH /api/v1/events/{id}`
//!
//! 1. `routes/events.rs`, `change`: reads the merge patch and `If-Match`.
//! 2. `events/change.rs`, [`EventCore::change_event`]: runs `edit_locked` in a transaction.
//! 3. `events/aggregate.rs`: one statement locks and loads the event, with what the actor may do to it;
//!    another its occurrences that can still change. Between them, the category and the quota are locked,
//!    where the [order of locks](#locks) has them.
//! 4. `events/input.rs`: the patch and the stored event make an [`events::EventInput`], which is validated
//!    as that of a new event is. The recurrence engine gives the occurrences of the new schedule.
//! 5. `schedule/reschedule.rs`: `recurrence::ScheduleDiff` matches the stored occurrences with the new ones:
//!    which move, which are added, and which are deleted, or cancelled because they have registrations.
//! 6. `events/change_plan.rs`: compares all rows as they are with those that are to be, without a database.
//!    An occurrence gets a new version once, if the change alters anything that is shown of it.
//! 7. `events/store_plan.rs`: writes the plan, and promotes from waitlists where seats have become free.
//!
//! ## A page of the agenda: `GET /api/v1/occurrences`
//!
//! 1. `routes/occurrences.rs`, `list`: reads the page and, by `agenda_query.rs`, the filter.
//! 2. `agenda/list.rs`, [`EventCore::occurrences`]: checks what the actor may see, and makes a plan of the
//!    filter (`agenda/plan.rs`), a value that is made without the database.
//! 3. `agenda/pages.rs`: without words, one statement reads the page from an index of occurrences in order of
//!    their starts. With words it first probes the next occurrences, and counts the matches in the index of
//!    words if few of them match.
//! 4. `agenda/statement.rs`: writes plans as SQL that leaves the database no choice of how to execute it. So
//!    no plan changes with the size or the statistics of the database.
//!
//! Conditions and order need the rows of occurrences alone, onto which all that they depend on is
//! [copied](#copies). Events are read only for the occurrences that the page shows.
//!
//! # Rules that hold everywhere
//!
//! - The actor is the first argument of an operation, which checks their permission. Frontends check nothing.
//! - Time comes from the [clock](crate::time::Clock) of the library, and is read once in an operation.
//! - Rules are pure functions of plain values, and stand beside the SQL that loads these.
//! - Unique indexes decide what is unique: an operation inserts, and maps the violation to its error.
//! - SQL is written once for both databases, with `$1`. What differs is in the module [`db`].
//!
//! ## The event aggregate
//!
//! An event and its occurrences change together: a new rule, time zone or category changes rows of both. A
//! change therefore locks the event first, whatever it changes, and then the occurrences that can still
//! change: those that are not over. An occurrence that is over keeps what it was: before the first change of
//! the event that would alter it, the old values are copied to its row.
//!
//! An occurrence is known by its original start, as RECURRENCE-ID in RFC 5545: it stays the same when it is
//! moved. It may override texts, times, capacity and the window of registration. Overrides stay when the
//! event changes. Occurrences of series without an end are stored up to the [horizon](Builder::horizon), and
//! a daily job stores those that come into reach.
//!
//! Registrations, comments and feedback are not part of the aggregate. They refer to it, and registrations
//! are written under the lock of their occurrence.
//!
//! ## Copies
//!
//! What is stored twice, and who keeps it. `eventd check` verifies it:
//!
//! | copies | of | kept by |
//! | --- | --- | --- |
//! | `organizer_id`, `category_id`, `tags`, `listed`, `all_day` ¹ | the event | `events/copies.rs` |
//! | `capacity`, `registration_opens_at`, `registration_closes_at` ¹ | event or override | the same |
//! | `seats_taken`, `waitlist_length`, `next_waitlist_number` ¹ | `registrations` | `admission`, `seats` |
//! | `search_documents`, and the indexes of words and substrings | texts | `search`, triggers |
//! | `event_tags` | `events.tags` | `events/classification.rs` |
//! | `agenda_counts`, `counted_events` | `occurrences` | triggers, the job `CountChanges` |
//!
//! ¹ of `occurrences`. [`EventCore::check_consistency`] verifies all but the last two, and
//! [`EventCore::check_counters`] recounts the counters.
//!
//! Values that depend on the present time, such as whether registration is open, are never stored.
//!
//! ## Locks
//!
//! Transactions that lock several rows do so in one order, which `db/lock_order.rs` has: the event, its
//! category and the users, the occurrences by id, then what belongs to them. Rows are read after they are
//! locked. On SQLite there is one writer, and no row locks.
//!
//! ## Transactions
//!
//! `transaction!(self.db(), |tx| verb(tx, …))` runs a function in a transaction, in a task of its own: a
//! caller who is dropped, or not polled any more, keeps nobody waiting. If PostgreSQL aborts it for a
//! deadlock, or it returns `Error::Contended`, it runs again. The function has no effects outside of the
//! transaction.
//!
//! Commits are what writing costs most, because each waits until the disk has it. They are shared in two
//! ways:
//!
//! - **Group commit**, on SQLite (`db/sqlite/group_commit`): transactions that queue up for the writer run
//!   one after another as savepoints of one transaction, up to 256. One that fails rolls back to its
//!   savepoint. Each gets its outcome after the common COMMIT, so that an `Ok` is durable.
//! - **Batches**, on both databases (`db/joint.rs`): registrations and new events that come at once are
//!   loaded, decided and stored together, by as many statements as one takes. If the transaction of a batch
//!   fails, each request gets one of its own.
//!
//! ## What follows from a transaction
//!
//! An operation records on its transaction what it has changed, as values ([`changes::Change`]). Before the
//! commit, a hook (`notifications/hook.rs`) maps them to rows in the same transaction:
//!
//! - notifications of those who should know (`notifications/decision.rs`), which a job mails later;
//! - jobs that spread news to large audiences and to webhooks (`webhooks/decision.rs`);
//! - the log of changes (`change_log`), by which streams in all processes learn of it.
//!
//! After the commit the changes are published to [`EventCore::changes`], in the order of the commits.
//! [Workers](crate::workers) do the [jobs]: each is stored with what caused it, taken under a lease that
//! another worker can take over, and done at least once, or exactly once if it only writes to the database.
//!
//! # Adding an operation
//!
//! 1. **Library.** Add a file named after the operation to the module of its subject, such as
//!    `registrations/transfer.rs`. Write the rule as a pure function with unit tests. Write
//!    `impl EventCore { pub async fn … }` with the actor as the first argument: check the permission, load,
//!    decide, store, record a [`changes::Change`]; decide in `notifications/decision.rs` who is told of a new
//!    kind of change, and in `webhooks/decision.rs` what webhooks are told. Everything that writes goes into
//!    an `async fn verb(tx: &mut Tx, …)`, called as `transaction!(self.db(), |tx| verb(tx, …))`. Write
//!    statements with `sql!`: a test finds those and prepares each of them on both databases. Compose those
//!    with variable parts with `SqlWriter`, and hand it many rows as one `RowList`. Name the operation
//!    in the list at [`EventCore`](EventCore#operations).
//! 2. **HTTP.** Add a route to the file of the same name in `eventd/src/http/routes`: it parses the request,
//!    calls the operation once, and writes the response. A new [`Error`] also needs a row in the table of
//!    `problem.rs`.
//! 3. **Client.** Add a method to the API trait of `eventtui`, and implement it for the library and for HTTP.
//! 4. **Tests.** Add a test of the operation to `tests/all/library` and one of the route to `tests/all/http`.

#[cfg(doc)]
use crate::{
    Builder, Error, EventCore, accounts, actor, agenda, calendars, categories, changes, comments, db, error,
    events, feedback, fold, id, idempotency, input, insights, jobs, live, mails, markdown, notifications,
    page, phase, precondition, privacy, quotas, recurrence, registrations, search, subscriptions, time,
    webhooks, workers,
};
