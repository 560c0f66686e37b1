//! A task that kills and restarts servers while clients use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tests::Daemon;
use tokio::sync::watch;

/// The servers, and where clients read the addresses of those that are up.
pub(super) struct Servers {
    pub(super) daemons: Vec<Daemon>,
    pub(super) addresses: watch::Sender<Vec<String>>,
    /// The command line options to restart a server with.
    pub(super) options: &'static [&'static str],
}

/// Kills and restarts one server after another, at most every two seconds, until `over` is set. Returns the
/// number of kills.
///
/// Between two kills at least `pause` requests are answered: shorter intervals would leave hardly any
/// responses on a busy machine. Requests that a kill has broken do not count: there are many of them.
pub(super) async fn run(
    servers: Servers,
    answered: impl Fn() -> usize,
    pause: usize,
    over: Arc<AtomicBool>,
) -> usize {
    let Servers { mut daemons, addresses, options } = servers;
    let mut rounds = tokio::time::interval(Duration::from_secs(2));
    rounds.tick().await;
    let (mut killed, mut due) = (0, 0);
    loop {
        rounds.tick().await;
        if over.load(Ordering::SeqCst) {
            return killed;
        }
        let so_far = answered();
        if so_far < due {
            continue;
        }
        due = so_far + pause;
        let daemon = daemons.remove(0);
        let (db, address) = (daemon.db.clone(), daemon.address().to_owned());
        addresses.send_modify(|all| all.retain(|other| *other != address));
        daemon.kill().await;
        killed += 1;
        daemons.push(Daemon::listening(db, &address, options).await);
        addresses.send_modify(|all| all.push(address));
    }
}
