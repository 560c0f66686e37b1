//! Counters of the agenda by day and label: what can be counted without looking at occurrences.
//!
//! Triggers of `occurrences` write each change of a listed occurrence to `uncounted_changes`, so that no
//! operation can forget it, and so that transactions which change occurrences of the same day do not wait for
//! each other. The job [`CountChanges`](crate::jobs::Job::CountChanges) adds the changes to `agenda_counts`
//! and deletes them. A reader takes the counters and the changes that are left in one statement: its counts
//! are exact at any time, and without workers they are only slower.
//!
//! | scope | series | buckets | label |
//! | --- | --- | --- | --- |
//! | all, or a category | quarters | quarters of an hour; only timed occurrences | none |
//! | all, or a category | days, months | in UTC; all-day occurrences by their own day | none |
//! | all | categories by day, by month | as above | the category, if there is one |
//! | all | tags by day, by month | as above | folded form and spelling |
//! | a category | tags by month | as above | folded form and spelling |
//! | events | categories and tags by day, by month | the day on which the last one stops being upcoming | |
//!
//! Quarters of an hour are enough for the days of every time zone since 1972. An event counts once, by its
//! last scheduled occurrence: it is upcoming as long as that one is. `counted_events` has what was counted of
//! it, so that this can be taken back.
//!
//! `eventd check` recounts all of it.

mod audit;
mod count_changes;
mod counted;
mod key;
mod query;
mod upcoming;

pub(crate) use count_changes::{count_changes, recount};
pub(crate) use key::{
    CountScope, CountSeries, LABEL_SEPARATOR, MAX_OFFSET, MICROS_OF_DAY, QUARTERS_OF_DAY, category_of_label,
    date_of_day, day_of, first_day_of_month, month_of_day, quarter_of, spelling_of_label,
};
pub(crate) use query::{CountQuery, Counted, Grouping, Slice};
pub(crate) use upcoming::{UpcomingLabels, upcoming_events};
