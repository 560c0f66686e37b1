//! Imports calendar files, each to an account of its own.
#![no_main]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use eventcore::accounts::NewUser;
use eventcore::{Actor, EventCore, Quotas};
use tokio::runtime::Runtime;

#[path = "../checks/import.rs"]
mod import;

/// The database of this run, in the folder of temporary files.
fn open() -> (Runtime, EventCore) {
    let runtime = Runtime::new().expect("a runtime");
    let path = std::env::temp_dir().join(format!("fuzz-{}.db", std::process::id()));
    let url = format!("sqlite://{}", path.display());
    let core = runtime.block_on(async {
        EventCore::builder().url(&url).quotas(Quotas::UNLIMITED).open().await.expect("a database")
    });
    (runtime, core)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static DATABASE: OnceLock<(Runtime, EventCore)> = OnceLock::new();
    static USERS: AtomicU64 = AtomicU64::new(0);
    let (runtime, core) = DATABASE.get_or_init(open);
    runtime.block_on(async {
        let name = format!("user{}", USERS.fetch_add(1, Ordering::Relaxed));
        let user = NewUser { email: format!("{name}@example.org"), username: name, ..NewUser::default() };
        let user = core.create_user(&Actor::System, &user).await.expect("a user");
        import::import(core, &Actor::user(user.id, user.role), data).await;
    });
});
