//! The test kit: databases of both kinds, the real daemon on a real socket, and clients to talk to it.

mod client;
mod daemon;
mod database;
mod html;
mod postgres;
mod random;
mod terminal;

pub use client::{Answer, Client};
pub use daemon::{Daemon, command};
pub use database::{Kind, START, TestDb, at, id_of};
pub use html::{harm, tries};
pub use random::Random;
pub use terminal::{Terminal, tui};
