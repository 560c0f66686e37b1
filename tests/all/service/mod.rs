//! Operation of the daemon: repeated requests, limits, metrics, logs, backups, guesses of passwords.

mod backup;
mod bodies;
mod demo;
mod dependencies;
mod framing;
mod guessing;
mod idempotency;
mod jobs;
mod mail;
mod metrics_and_logs;
mod operator;
mod pipes;
mod places;
mod rate_limits;
mod readme;
mod sockets;
mod unusable_databases;
mod zones;
