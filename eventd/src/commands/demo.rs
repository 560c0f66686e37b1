//! `eventd demo`: people, events and registrations to look at, dated from now.

use std::process::ExitCode;

use chrono::{Days, NaiveTime};
use chrono_tz::Tz;
use eventcore::accounts::{NewUser, User, UserFilter};
use eventcore::comments::{Comment, CommentInput};
use eventcore::events::{Event, EventInput, EventStatus, Length, Start, Visibility};
use eventcore::recurrence::Recurrence;
use eventcore::{Actor, EventCore, PageRequest, Role};

use crate::config::Config;
use crate::failure::Failure;

/// The password of everyone in the demo.
const PASSWORD: &str = "correct horse 7";

/// Username, display name, time zone, role.
const PEOPLE: &[(&str, &str, &str, Role)] = &[
    ("ada", "Ada", "Europe/London", Role::Admin),
    ("grace", "Grace", "America/New_York", Role::User),
    ("lin", "Lín", "Europe/Berlin", Role::User),
    ("kenji", "健二", "Asia/Tokyo", Role::User),
];

/// What a demo event is.
struct Sample {
    organizer: usize,
    title: &'static str,
    description: &'static str,
    location: &'static str,
    timezone: Tz,
    /// Days from today, and the time of day; a whole day, where there is none.
    day: u64,
    time: Option<(u32, u32)>,
    minutes: i64,
    capacity: i64,
    status: EventStatus,
    visibility: Visibility,
    rrule: Option<&'static str>,
    category: &'static str,
    tags: &'static [&'static str],
}

/// Most events are published, public, and in Berlin.
const USUAL: Sample = Sample {
    organizer: 2,
    title: "",
    description: "",
    location: "",
    timezone: Tz::Europe__Berlin,
    day: 1,
    time: Some((18, 30)),
    minutes: 120,
    capacity: 40,
    status: EventStatus::Published,
    visibility: Visibility::Public,
    rrule: None,
    category: "meetup",
    tags: &[],
};

const SAMPLES: &[Sample] = &[
    Sample {
        title: "Rust evening",
        tags: &["rust", "programming"],
        description: "Talks and *pizza*. Bring a laptop.",
        location: "Hall 2, Berlin",
        day: 3,
        ..USUAL
    },
    Sample {
        title: "Jazz at the quay",
        category: "concert",
        tags: &["jazz", "music"],
        description: "The trio plays two sets.",
        location: "Pier 4, Hamburg",
        time: Some((19, 0)),
        day: 3,
        capacity: 120,
        ..USUAL
    },
    Sample {
        title: "Board games",
        tags: &["games"],
        description: "Old ones, new ones, tea.",
        location: "Café Nord, Köln",
        time: Some((20, 0)),
        day: 3,
        capacity: 12,
        rrule: Some("FREQ=WEEKLY"),
        ..USUAL
    },
    Sample {
        title: "Data days",
        category: "conference",
        tags: &["data", "statistics"],
        description: "Two days of talks about what numbers hide.",
        location: "Congress centre, München",
        time: Some((9, 0)),
        day: 10,
        minutes: 1_980,
        capacity: 200,
        ..USUAL
    },
    Sample {
        title: "Spring fair",
        category: "festival",
        tags: &["music", "open air"],
        description: "Stalls, music, a carousel.",
        location: "Old town, Weimar",
        time: None,
        minutes: 2 * 1_440,
        day: 20,
        capacity: 900,
        ..USUAL
    },
    Sample {
        organizer: 0,
        title: "Analytical engine reading group",
        category: "course",
        tags: &["history", "programming"],
        description: "Note G, slowly.",
        location: "Library, London",
        timezone: Tz::Europe__London,
        time: Some((17, 0)),
        day: 5,
        capacity: 15,
        rrule: Some("FREQ=WEEKLY;INTERVAL=2;COUNT=8"),
        ..USUAL
    },
    Sample {
        organizer: 1,
        title: "Compilers and coffee",
        category: "workshop",
        tags: &["programming", "coffee"],
        description: "What a linker does before breakfast.",
        location: "Room 101, Arlington",
        timezone: Tz::America__New_York,
        time: Some((8, 30)),
        day: 6,
        minutes: 90,
        capacity: 30,
        ..USUAL
    },
    Sample {
        organizer: 3,
        title: "夜桜を見る会",
        category: "other",
        tags: &["花見", "open air"],
        description: "An evening under the cherry trees.",
        location: "上野公園, 東京",
        timezone: Tz::Asia__Tokyo,
        time: Some((18, 0)),
        day: 12,
        capacity: 60,
        ..USUAL
    },
    Sample {
        title: "Sourdough course",
        category: "course",
        tags: &["baking"],
        description: "From flour to loaf in four hours.",
        location: "Kitchen 3, Leipzig",
        time: Some((10, 0)),
        day: 7,
        minutes: 240,
        capacity: 8,
        ..USUAL
    },
    Sample {
        title: "Repair café",
        category: "workshop",
        tags: &["repair"],
        description: "Bring what is broken.",
        location: "Library, Kassel",
        time: Some((14, 0)),
        day: 7,
        minutes: 180,
        capacity: 25,
        rrule: Some("FREQ=MONTHLY"),
        ..USUAL
    },
    Sample {
        title: "Committee meeting",
        category: "other",
        description: "For members.",
        location: "Back room, Berlin",
        day: 4,
        visibility: Visibility::Private,
        capacity: 10,
        ..USUAL
    },
    Sample {
        organizer: 0,
        title: "A talk that is not ready",
        category: "other",
        description: "Still a draft.",
        location: "To be found",
        timezone: Tz::Europe__London,
        day: 40,
        status: EventStatus::Draft,
        ..USUAL
    },
];

/// Who says what on the first event, and whether in reply to the first word.
const COMMENTS: &[(usize, &str, bool)] = &[
    (1, "Is there a way in *without stairs*?", false),
    (2, "There is: ring at the yard door, and someone comes down.", true),
    (1, "Thank you!", true),
    (3, "Last time was good. I bring `cargo` stickers.", false),
];

/// Fills an empty database.
pub(crate) async fn demo(config: &Config) -> Result<ExitCode, Failure> {
    let core = super::open(config).await?;
    if !is_empty(&core).await? {
        return Err("the database has accounts already: name an empty one with --database".into());
    }
    fill(&core).await?;
    core.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Fills the database if nothing is in it; says so if something is.
pub(crate) async fn fill_if_empty(core: &EventCore) -> Result<(), Failure> {
    if is_empty(core).await? {
        return fill(core).await;
    }
    eprintln!("the database has accounts already, so the demo leaves it as it is");
    Ok(())
}

async fn is_empty(core: &EventCore) -> eventcore::Result<bool> {
    Ok(core.users(&Actor::System, &UserFilter::default(), &PageRequest::first(1)).await?.items.is_empty())
}

async fn fill(core: &EventCore) -> Result<(), Failure> {
    let mut people = Vec::new();
    for (username, name, timezone, role) in PEOPLE {
        let user = NewUser {
            username: (*username).to_owned(),
            email: format!("{username}@events.example"),
            password: Some(PASSWORD.to_owned()),
            display_name: Some((*name).to_owned()),
            timezone: Some((*timezone).to_owned()),
            role: Some(*role),
            ..NewUser::default()
        };
        people.push(core.create_user(&Actor::System, &user).await?);
    }
    let mut events = Vec::new();
    for sample in SAMPLES {
        let Some(organizer) = people.get(sample.organizer) else { continue };
        events
            .push(core.create_event(&Actor::user(organizer.id, organizer.role), &input(core, sample)).await?);
    }
    let registrations = super::demo_guests::come(core, &people, &events).await?;
    let comments = talk(core, &people, &events).await?;
    println!(
        "demo: {} hosts, {} events, {registrations} registrations and {comments} comments; sign in as ada (admin), grace, lin or kenji with the password: {PASSWORD}",
        people.len(),
        events.len()
    );
    Ok(())
}

/// What is said on the first event: a question, two replies, praise. Answers how much.
async fn talk(core: &EventCore, people: &[User], events: &[Event]) -> eventcore::Result<usize> {
    let Some(event) = events.first() else { return Ok(0) };
    let mut said: Vec<Comment> = Vec::new();
    for (person, body, reply) in COMMENTS {
        let Some(author) = people.get(*person) else { continue };
        let parent_id = said.first().filter(|_| *reply).map(|question| question.id);
        let input = CommentInput { body: (*body).to_owned(), parent_id, ..CommentInput::default() };
        said.push(core.add_comment(&Actor::user(author.id, author.role), event.id, &input).await?);
    }
    Ok(said.len())
}

fn input(core: &EventCore, sample: &Sample) -> EventInput {
    let today = core.now().in_zone(sample.timezone).date_naive();
    let day = today.checked_add_days(Days::new(sample.day)).unwrap_or(today);
    let time = sample.time.and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0));
    EventInput {
        title: sample.title.to_owned(),
        description: sample.description.to_owned(),
        location: sample.location.to_owned(),
        starts_at: Some(time.map_or(Start::Day(day), |time| Start::Local(day.and_time(time)))),
        all_day: time.is_none(),
        duration: Some(Length::from_seconds(sample.minutes * 60)),
        timezone: Some(sample.timezone.name().to_owned()),
        capacity: Some(sample.capacity),
        status: Some(sample.status),
        visibility: Some(sample.visibility),
        category: Some(sample.category.to_owned()),
        tags: sample.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        recurrence: sample.rrule.and_then(|rule| rule.parse().ok()).map(Recurrence::of),
        ..EventInput::default()
    }
}
