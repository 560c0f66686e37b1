//! `eventd demo`: sample users, events, registrations and comments, dated relative to today.

use std::process::ExitCode;

use chrono::{Days, NaiveTime};
use chrono_tz::Tz;
use eventcore::accounts::{NewUser, User, UserFilter};
use eventcore::comments::{Comment, CommentInput};
use eventcore::events::{Event, EventInput, EventStatus, Visibility};
use eventcore::recurrence::Recurrence;
use eventcore::time::{IsoDuration, TimeInput};
use eventcore::{Actor, EventCore, PageRequest, Role};

use crate::config::Config;
use crate::failure::Failure;
use crate::output::{print_line, report};

/// The password of all sample users who can sign in.
const PASSWORD: &str = "correct horse 7";

/// Username, display name, time zone and role.
const USERS: &[(&str, &str, &str, Role)] = &[
    ("ada", "Ada", "Europe/London", Role::Admin),
    ("grace", "Grace", "America/New_York", Role::User),
    ("lin", "Lín", "Europe/Berlin", Role::User),
    ("kenji", "健二", "Asia/Tokyo", Role::User),
];

/// A sample event.
struct Sample {
    /// Index in `USERS`.
    organizer: usize,
    title: &'static str,
    description: &'static str,
    location: &'static str,
    timezone: Tz,
    /// Days from today.
    day: u64,
    /// Hour and minute. `None` for an all-day event.
    time: Option<(u32, u32)>,
    minutes: i64,
    capacity: i64,
    status: EventStatus,
    visibility: Visibility,
    rrule: Option<&'static str>,
    category: &'static str,
    tags: &'static [&'static str],
}

/// The defaults: a published, public event in Berlin.
const DEFAULTS: Sample = Sample {
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
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
        ..DEFAULTS
    },
    Sample {
        title: "Committee meeting",
        category: "other",
        description: "For members.",
        location: "Back room, Berlin",
        day: 4,
        visibility: Visibility::Private,
        capacity: 10,
        ..DEFAULTS
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
        ..DEFAULTS
    },
];

/// Comments on the first event: author (index in `USERS`), body, and whether it replies to the first comment.
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
        return Err("the database already has accounts: name an empty one with --database".into());
    }
    fill(&core).await?;
    core.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Fills the database if it is empty, otherwise prints a notice.
pub(crate) async fn fill_if_empty(core: &EventCore) -> Result<(), Failure> {
    if is_empty(core).await? {
        return fill(core).await;
    }
    report("the database already has accounts: no sample data added");
    Ok(())
}

async fn is_empty(core: &EventCore) -> eventcore::Result<bool> {
    Ok(core.users(&Actor::System, &UserFilter::default(), &PageRequest::first(1)).await?.items.is_empty())
}

async fn fill(core: &EventCore) -> Result<(), Failure> {
    let mut users = Vec::new();
    for (username, name, timezone, role) in USERS {
        let user = NewUser {
            username: (*username).to_owned(),
            email: format!("{username}@events.example"),
            password: Some(PASSWORD.to_owned()),
            display_name: Some((*name).to_owned()),
            timezone: Some((*timezone).to_owned()),
            role: Some(*role),
            ..NewUser::default()
        };
        users.push(core.create_user(&Actor::System, &user).await?);
    }
    let mut events = Vec::new();
    for sample in SAMPLES {
        let Some(organizer) = users.get(sample.organizer) else { continue };
        let actor = Actor::user(organizer.id, organizer.role);
        events.push(core.create_event(&actor, &input(core, sample)).await?);
    }
    let registrations = super::demo_registrations::create(core, &users, &events).await?;
    let comments = add_comments(core, &users, &events).await?;
    print_line(format!(
        "created {} organizers, {} events, {registrations} registrations and {comments} comments; \
         sign in as ada (admin), grace, lin or kenji with the password: {PASSWORD}",
        users.len(),
        events.len()
    ))
}

/// Adds the comments, and returns their number.
async fn add_comments(core: &EventCore, users: &[User], events: &[Event]) -> eventcore::Result<usize> {
    let Some(event) = events.first() else { return Ok(0) };
    let mut comments: Vec<Comment> = Vec::new();
    for (author, body, is_reply) in COMMENTS {
        let Some(author) = users.get(*author) else { continue };
        let parent_id = comments.first().filter(|_| *is_reply).map(|first| first.id);
        let input = CommentInput { body: (*body).to_owned(), parent_id, ..CommentInput::default() };
        comments.push(core.add_comment(&Actor::user(author.id, author.role), event.id, &input).await?);
    }
    Ok(comments.len())
}

fn input(core: &EventCore, sample: &Sample) -> EventInput {
    let today = core.now().in_zone(sample.timezone).date_naive();
    let day = today.checked_add_days(Days::new(sample.day)).unwrap_or(today);
    let time = sample.time.and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0));
    EventInput {
        title: sample.title.to_owned(),
        description: sample.description.to_owned(),
        location: sample.location.to_owned(),
        starts_at: Some(time.map_or(TimeInput::Day(day), |time| TimeInput::Local(day.and_time(time)))),
        all_day: time.is_none(),
        duration: Some(IsoDuration::from_seconds(sample.minutes * 60)),
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
