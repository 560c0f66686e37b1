//! Replays the corpus of the fuzz target of imports, the files of `data/import`, and damaged copies of all.

use std::path::Path;

use rstest::rstest;
use tests::{Kind, Random, TestDb};

#[path = "../../fuzz/checks/import.rs"]
mod checks;

/// Damaged copies of each file.
const COPIES: usize = 6;

fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["fuzz/corpus/calendar_import", "data/import"];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files: Vec<_> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(files.len() > 100, "a corpus of {}", files.len());
    files
}

/// A copy with a few bytes changed, a line repeated, moved or left out, lines of another file, or its end cut
/// off.
fn damaged(file: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let others: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
    for _ in 0..=random.below(3) {
        let (at, to) = (random.below(lines.len().max(1)), random.below(lines.len().max(1)));
        match random.below(6) {
            _ if lines.is_empty() => {}
            0 => lines.insert(to, lines[at].clone()),
            1 => _ = lines.remove(at),
            2 => lines.swap(at, to),
            3 if !others.is_empty() => lines.insert(at, random.pick(&others).to_vec()),
            4 if !lines[at].is_empty() => {
                let place = random.below(lines[at].len());
                lines[at][place] = *random.pick(b"0123456789:;,=-+TZ\"\\ \r\n\0\xff");
            }
            _ => lines.truncate(at + 1),
        }
    }
    lines.concat()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_of_the_corpus_is_imported_as_its_dry_run_says_and_only_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    for (n, file) in corpus().iter().enumerate() {
        // An account for each: UIDs are told apart by account.
        let user = db.user(&format!("user{n}")).await;
        checks::import(&db.core, &user, file).await;
    }
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_files_are_imported_as_their_dry_runs_say_or_refused(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (files, mut random) = (corpus(), Random(19));
    for n in 0..files.len() * COPIES {
        let other = random.pick(&files);
        let file = damaged(&files[n % files.len()], other, &mut random);
        let user = db.user(&format!("user{n}")).await;
        checks::import(&db.core, &user, &file).await;
    }
    db.check().await;
}
