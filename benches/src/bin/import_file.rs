//! Imports a calendar file of many new events, and measures how many a second, and the memory that it takes.
//!
//! `import_file DATABASE-URL EVENTS OCCURRENCES`: each event is weekly, with so many occurrences, or single.

use std::fmt::Write as _;
use std::time::Instant;

use benches::Failure;
use eventcore::EventCore;
use eventcore::calendars::ImportOptions;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, events, occurrences] = arguments.as_slice() else {
        return Err("usage: import_file DATABASE-URL EVENTS OCCURRENCES".into());
    };
    let (events, occurrences): (usize, usize) = (events.parse()?, occurrences.parse()?);
    let core = benches::open(url).await?;
    let organizer = benches::organizer(&core).await?;
    let file = calendar(events, occurrences)?;
    let size = file.len();
    for what in ["new", "known"] {
        let file = file.clone().into_bytes();
        let begun = Instant::now();
        let report = core.import_calendar(&organizer, file, &ImportOptions::default()).await?;
        let took = begun.elapsed().as_secs_f64();
        let (created, unchanged) = (report.created, report.unchanged);
        println!(
            "{what}: {events} events with {} occurrences, {:.1} MiB, in {took:.2} s: {:.0} events a second \
             ({created} created, {unchanged} unchanged); at most {:.0} MiB of memory",
            events * occurrences,
            f64::from(u32::try_from(size)?) / 1_048_576.0,
            f64::from(u32::try_from(events)?) / took,
            peak_mib()?
        );
        drop(report);
    }
    core.close().await;
    Ok(())
}

/// A calendar of new events, at most as large as an import may be.
fn calendar(events: usize, occurrences: usize) -> Result<String, Failure> {
    let mut file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".to_owned();
    let description = "Talks and pizza. Bring a laptop, a friend, and a question. ".repeat(3);
    for number in 0..events {
        let (day, month, year) = (number % 28 + 1, number / 28 % 12 + 1, 2037 + number / 336 % 20);
        write!(
            file,
            "BEGIN:VEVENT\r\nUID:event-{number}@example.org\r\n\
             DTSTART;TZID=Europe/Berlin:{year}{month:02}{day:02}T183000\r\nDURATION:PT2H\r\n\
             SUMMARY:Evening {number}\r\nLOCATION:Hall {}\\, Berlin\r\nDESCRIPTION:{description}\r\n",
            number % 500
        )?;
        if occurrences > 1 {
            write!(file, "RRULE:FREQ=WEEKLY;COUNT={occurrences}\r\n")?;
        }
        file.push_str("END:VEVENT\r\n");
    }
    file.push_str("END:VCALENDAR\r\n");
    if file.len() > EventCore::MAX_IMPORT {
        return Err("the file is too large".into());
    }
    Ok(file)
}

/// The greatest resident memory of this process.
fn peak_mib() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no memory is told")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1_024.0)
}
