//! Finds the targets of each package: every target is a crate of its own.

use std::collections::BTreeSet;

use crate::workspace::Sources;

/// The root file of each target of each package.
pub(crate) fn roots(sources: &Sources) -> BTreeSet<String> {
    let mut roots = BTreeSet::new();
    for (path, manifest) in sources {
        let Some(directory) = directory_of_manifest(path) else { continue };
        if !manifest.lines().any(|line| line.trim_start().starts_with("[package]")) {
            continue;
        }
        for file in sources.keys() {
            if file.strip_prefix(directory).is_some_and(is_root) {
                roots.insert(file.clone());
            }
        }
        for line in manifest.lines() {
            let file = line.trim().strip_prefix("path").and_then(|rest| rest.trim_start().strip_prefix('='));
            let Some(file) = file.map(|file| format!("{directory}{}", file.trim().trim_matches('"'))) else {
                continue;
            };
            if is_rust(&file) && sources.contains_key(&file) {
                roots.insert(file);
            }
        }
    }
    roots
}

fn directory_of_manifest(path: &str) -> Option<&str> {
    path.strip_suffix("Cargo.toml").filter(|directory| directory.is_empty() || directory.ends_with('/'))
}

fn is_rust(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| end == "rs")
}

/// Whether Cargo makes a target of a file of a package by its place.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["src", "bin", file] | ["tests" | "benches" | "examples", file] => is_rust(file),
        ["build.rs"]
        | ["src", "lib.rs" | "main.rs"]
        | ["src", "bin", _, "main.rs"]
        | ["tests" | "benches" | "examples", _, "main.rs"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_by_place_and_by_manifest() {
        let mut sources = Sources::new();
        for file in [
            "a/build.rs",
            "a/src/lib.rs",
            "a/src/b.rs",
            "a/src/bin/c.rs",
            "a/src/bin/d/main.rs",
            "a/src/bin/d/e.rs",
            "a/tests/f.rs",
            "a/all/main.rs",
            "tests/g/main.rs",
        ] {
            sources.insert(file.to_owned(), String::new());
        }
        sources.insert("Cargo.toml".to_owned(), "[workspace]\n".to_owned());
        let manifest = "[package]\n[[test]]\npath = \"all/main.rs\"\n[dependencies]\nx = { path = \"x\" }\n";
        sources.insert("a/Cargo.toml".to_owned(), manifest.to_owned());
        assert_eq!(
            roots(&sources).into_iter().collect::<Vec<_>>(),
            [
                "a/all/main.rs",
                "a/build.rs",
                "a/src/bin/c.rs",
                "a/src/bin/d/main.rs",
                "a/src/lib.rs",
                "a/tests/f.rs"
            ]
        );
    }
}
