//! Replays the corpus of the fuzz targets.

#[path = "../../../../tests/fuzz/checks/recurrence.rs"]
mod checks;

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = format!("{}/../../tests/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 20, "{target} has a corpus of {count}");
}

#[test]
fn texts() {
    replay("rule_parse", checks::parse);
}

#[test]
fn rules_and_starts() {
    replay("rule_expand", checks::expand);
}
