//! Operation of the daemon: repeated requests, limits, metrics, logs, backups, guesses of passwords.

mod backup;
mod guessing;
mod idempotency;
mod metrics_and_logs;
mod rate_limits;
