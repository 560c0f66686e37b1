//! What programs that use a part of the library have to build.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The names of the crates that `cargo tree` shows for a package.
fn tree(package: &str, more: &[&str]) -> BTreeSet<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--prefix",
            "none",
            "--format",
            "{lib}",
            "--package",
            package,
        ])
        .args(more)
        .current_dir(workspace)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    text.lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn the_recurrence_engine_needs_neither_a_database_nor_a_runtime() {
    let found = tree("eventcore-recurrence", &["--edges", "normal"]);
    assert!(found.contains("chrono"), "{found:?}");
    for heavy in ["sqlx", "argon2", "ammonia", "tokio", "jsonwebtoken", "serde"] {
        assert!(!found.contains(heavy), "{heavy} is in {found:?}");
    }
    assert!(found.len() <= 22, "{} crates: {found:?}", found.len());
    // The tree of the whole library has them: the names are right.
    let whole = tree("eventcore", &["--edges", "normal"]);
    for heavy in ["sqlx", "argon2", "ammonia", "tokio", "jsonwebtoken", "serde"] {
        assert!(whole.contains(heavy), "{heavy} is not in {whole:?}");
    }
}

#[test]
fn tokens_bring_no_rsa() {
    // RUSTSEC-2023-0071.
    let found = tree("eventcore", &["--edges", "normal,build", "--all-features"]);
    assert!(!found.contains("rsa"), "{found:?}");
}
