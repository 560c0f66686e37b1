//! Operation of the daemon: repeated requests, limits, metrics, logs, backups.

mod backup;
mod idempotency;
mod limits_and_metrics;
