//! The time zones of PyPI's tzdata, as eventcore reads them and as Python's zoneinfo does.

use std::path::PathBuf;
use std::process::Stdio;

use chrono_tz::{TZ_VARIANTS, Tz};
use eventcore::Timestamp;
use eventcore::time::{ZoneOrigin, ZoneSource, use_zones, zones_in_force};
use tokio::process::Command;

/// 2024-01-01T00:00:00Z, in seconds since 1970.
const FIRST: i64 = 1_704_067_200;
/// The hours from 2024 to 2040.
const HOURS: i64 = 149_040;

/// Compares every zone in every hour. Returns what differs.
pub(crate) async fn compare() -> Option<String> {
    let folder = PathBuf::from(std::env::var_os("ZONES").expect("tests/contract/run sets it"));
    use_zones(&ZoneSource::Folder(folder.clone())).expect("the zones can be used");
    let in_force = zones_in_force();
    let output = Command::new(std::env::var_os("PYTHON").expect("tests/contract/run sets it"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/contract/zones.py"))
        .arg(&folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Python runs");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    println!("contract: zones {in_force}: {} lines", printed.lines().count());
    if in_force.origin != ZoneOrigin::Folder(folder) {
        return Some(format!("== zones: {in_force}, and not the pinned one of PyPI"));
    }
    tokio::task::spawn_blocking(move || {
        let lines = || printed.lines().filter(|line| !line.starts_with('#'));
        let compared: usize = lines().map(|line| line.split(',').count()).sum();
        let differ: Vec<String> = lines().flat_map(differences).collect();
        (compared != TZ_VARIANTS.len() || !differ.is_empty())
            .then(|| format!("== zones: {compared} compared\n{}", differ.join("\n")))
    })
    .await
    .expect("a comparison")
}

/// The zones of a line that differ, each with the first hour.
fn differences(line: &str) -> Vec<String> {
    let (names, runs) = line.split_once(' ').expect("names and offsets");
    let (first, later) = runs.split_once(' ').unwrap_or((runs, ""));
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let mut offsets = vec![number(first)];
    for (hour, offset) in later.split_whitespace().filter_map(|run| run.split_once(':')) {
        let last = *offsets.last().expect("an offset");
        offsets.resize(usize::try_from(number(hour)).expect("an hour"), last);
        offsets.push(number(offset));
    }
    let last = *offsets.last().expect("an offset");
    offsets.resize(usize::try_from(HOURS).expect("an hour"), last);
    let differs = |name: &&str| {
        let Ok(tz) = name.parse::<Tz>() else { return Some(format!("{name} is not known")) };
        offsets.iter().zip((0..HOURS).map(|hour| FIRST + hour * 3_600)).find_map(|(offset, at)| {
            let local = Timestamp::from_micros(at * 1_000_000).in_zone(tz);
            let ours = i64::from(local.offset().local_minus_utc());
            (ours != *offset).then(|| format!("{name} at {local}: {offset}"))
        })
    };
    names.split(',').collect::<Vec<_>>().iter().filter_map(differs).collect()
}
