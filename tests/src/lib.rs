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

/// Makes a test of each database from one async function that takes a [`TestDb`].
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($db:ident: $type:ty) $body:block) => {
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn story($db: $type) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(<$type>::new($crate::Kind::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story(<$type>::new($crate::Kind::Postgres).await).await;
            }
        }
    };
}

/// Makes a test of each database from one async function that takes a [`Kind`].
#[macro_export]
macro_rules! for_each_kind {
    ($story:path) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn sqlite() {
            $story($crate::Kind::Sqlite).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() {
            $story($crate::Kind::Postgres).await;
        }
    };
}
