//! Admission: the one path on which registrations are made, changed and cancelled.
//!
//! Requests run in batches, each in one transaction: [`load`] locks the occurrences and reads all that
//! decides, [`decide`] decides one request after another in memory, and [`store`] writes what has changed.
//! [`batch`] forms the batches.

mod batch;
mod decide;
#[cfg(test)]
mod decide_tests;
mod load;
mod queue;
mod request;
mod run;
mod store;

pub(crate) use queue::Admissions;
pub(super) use request::{Act, AdmissionRequest, Admitted};
pub(super) use run::admit_in;
