//! Workers: who do the [jobs](crate::jobs). Any number of them may run, in any number of processes.

mod perform;
mod pool;
mod run;

pub use pool::Workers;
