//! Rebuilds the crate when a migration changes: `sqlx::migrate!` embeds them. `migrations` is a link to the
//! folder at the top of the repository. Its files are in the archive that `cargo package` makes.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
