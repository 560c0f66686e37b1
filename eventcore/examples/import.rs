//! Imports events from a CSV file with the columns `id`, `title`, `location`, `start`, `timezone`,
//! `duration`, `capacity` and `rrule`: `import DATABASE-URL ORGANIZER FILE`. Repeat it after an interruption,
//! or with a newer file: events that were imported before are changed, and not created again.

use std::io::Read;

use eventcore::accounts::ExternalUser;
use eventcore::calendars::{EventImport, ImportMode, ListedEvent};
use eventcore::events::EventInput;
use eventcore::{EventCore, Quotas};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, organizer, file] = arguments.as_slice() else {
        return Err("usage: import DATABASE-URL ORGANIZER FILE".into());
    };
    let core = EventCore::builder().url(url).quotas(Quotas::UNLIMITED).open().await?;
    let imported = import(&core, organizer, std::fs::File::open(file)?).await?;
    println!("{imported:?}");
    core.close().await;
    Ok(())
}

/// How many events of a file were new, had changed, had not, and were refused, the latter with the reasons.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub refused: Vec<String>,
}

/// Imports the events of a CSV file for a user whom the program knows by their e-mail address.
pub async fn import(core: &EventCore, organizer: &str, file: impl Read) -> Result<Imported, Failure> {
    let user = core.user_for(organizer, &ExternalUser::new(organizer, "Importer")).await?;
    let mut events = Vec::new();
    for line in csv::Reader::from_reader(file).deserialize::<CsvLine>() {
        let line = line?;
        events.push(ListedEvent::new(line.id.clone(), line.event()?));
    }
    let uids: Vec<String> = events.iter().map(|event| event.uid.clone()).collect();
    let outcomes = core.import_events(&user.actor(), events, ImportMode::EventByEvent).await?;
    let mut imported = Imported::default();
    for (uid, outcome) in uids.iter().zip(outcomes) {
        match outcome {
            EventImport::Created(_) => imported.created += 1,
            EventImport::Updated(_) => imported.updated += 1,
            EventImport::Unchanged(_) => imported.unchanged += 1,
            EventImport::Failed(error) => imported.refused.push(format!("{uid}: {error}")),
            other => return Err(format!("{uid}: {other:?}").into()),
        }
    }
    Ok(imported)
}

/// A line of the file.
#[derive(serde::Deserialize)]
struct CsvLine {
    id: String,
    title: String,
    location: String,
    start: String,
    timezone: String,
    duration: String,
    capacity: u32,
    rrule: Option<String>,
}

impl CsvLine {
    fn event(self) -> Result<EventInput, Failure> {
        let recurrence = self.rrule.map_or(Value::Null, |rrule| json!({"rrule": rrule}));
        // Fields that are wrong are reported by the import, together with all others.
        Ok(serde_json::from_value(json!({
            "title": self.title, "location": self.location, "starts_at": self.start,
            "timezone": self.timezone, "duration": self.duration, "capacity": self.capacity,
            "recurrence": recurrence,
        }))?)
    }
}
