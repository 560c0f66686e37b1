//! Waking readers in other processes, by LISTEN and NOTIFY of PostgreSQL.
//!
//! That only makes them quicker: readers look at the log every second in any case, so that a lost connection
//! or a process that ends before it has notified loses nothing.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::changes::ChangeBus;
use crate::db::{Db, NotificationServer, Queries, Sql};
use crate::error::Result;

/// The least time between two notifications of a process. One after the other, they would keep the
/// transactions of others from their commits.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a listener waits before it connects again.
const RECONNECT: Duration = Duration::from_secs(1);

/// The tasks that connect this process with others. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct ProcessLink {
    _tasks: JoinSet<()>,
}

/// Notifies other processes after commits, and listens to them, on a connection of its own to `listen_url` or
/// to the server of the database. Without a URL there is no listener if a connection pooler is in between.
///
/// # Errors
/// `unavailable` if the URL is not valid.
pub(crate) fn reach(db: &Db, listen_url: Option<&str>) -> Result<ProcessLink> {
    let mut tasks = JoinSet::new();
    // A process does not listen to itself.
    let name = Uuid::new_v4().to_string();
    match db.notification_server(listen_url)? {
        NotificationServer::Absent => return Ok(ProcessLink { _tasks: tasks }),
        NotificationServer::At(options) => {
            _ = tasks.spawn(listen(
                db.change_bus().clone(),
                *options,
                db.notification_channel(),
                name.clone(),
            ));
        }
        NotificationServer::BehindPooler => tracing::info!(
            "a connection pooler is in front of PostgreSQL: changes of other processes are seen within a \
             second, or at once with a direct connection (DATABASE_LISTEN_URL)"
        ),
    }
    tasks.spawn(announce(db.clone(), name));
    Ok(ProcessLink { _tasks: tasks })
}

/// Notifies other processes of commits.
async fn announce(db: Db, name: String) {
    let mut committed = db.change_bus().committed();
    while committed.changed().await.is_ok() {
        if let Err(error) = notify(&db, &name).await {
            tracing::debug!(%error, "other processes are not notified of changes: they look by themselves");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn notify(db: &Db, name: &str) -> Result<()> {
    let mut reader = db.read().await?;
    let notify = Sql::portable("SELECT pg_notify($1, $2)");
    reader.query(notify).bind(db.notification_channel()).bind(name.to_owned()).execute().await?;
    Ok(())
}

/// Listens to other processes, and connects again when the connection is lost.
async fn listen(bus: ChangeBus, options: PgConnectOptions, channel: String, name: String) {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options);
    let mut is_known = false;
    loop {
        let lost = match PgListener::connect_with(&pool).await {
            Ok(listener) => hear(&bus, listener, &channel, &name, &mut is_known).await,
            Err(error) => error,
        };
        if !std::mem::replace(&mut is_known, true) {
            tracing::warn!(
                error = %lost,
                "PostgreSQL cannot notify this process of changes: it looks for them every second"
            );
        }
        tokio::time::sleep(RECONNECT).await;
        // What was notified meanwhile.
        bus.hear();
    }
}

/// Passes notifications on until the connection is lost.
async fn hear(
    bus: &ChangeBus,
    mut listener: PgListener,
    channel: &str,
    name: &str,
    is_known: &mut bool,
) -> sqlx::Error {
    listener.eager_reconnect(false);
    if let Err(error) = listener.listen(channel).await {
        return error;
    }
    *is_known = false;
    bus.hear();
    loop {
        match listener.try_recv().await {
            Ok(Some(notification)) if notification.payload() == name => {}
            Ok(Some(_)) => bus.hear(),
            Ok(None) => return sqlx::Error::Protocol("the server ended the connection".to_owned()),
            Err(error) => return error,
        }
    }
}
