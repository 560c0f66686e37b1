//! Creating and editing events: what is typed as people speak, and beside it what was understood.

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use eventcore::events::{Event, Moment, Occurrence, Preview, PreviewInput, Start};
use eventcore::recurrence::{Recurrence, Rule};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use serde_json::{Map, Value, json};

use crate::backend::{Refusal, Request};
use crate::keys::Key;
use crate::look::Look;
use crate::spoken::{self, When};
use crate::status::Status;
use crate::widgets::field::Field;
use crate::widgets::text::clean;

/// What the form is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    New,
    /// All dates of an event.
    Event(Box<Event>),
    /// One date of a series.
    Date(Box<Occurrence>),
    /// A date of a series and all that follow.
    Following(Box<Occurrence>),
}

/// The fields, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Title,
    When,
    Length,
    Repeats,
    Zone,
    Location,
    Seats,
    Category,
    Tags,
    Link,
    Visibility,
    Description,
}

impl Name {
    const ALL: [Self; 12] = [
        Self::Title,
        Self::When,
        Self::Length,
        Self::Repeats,
        Self::Zone,
        Self::Location,
        Self::Seats,
        Self::Category,
        Self::Tags,
        Self::Link,
        Self::Visibility,
        Self::Description,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::When => "When",
            Self::Length => "Length",
            Self::Repeats => "Repeats",
            Self::Zone => "Time zone",
            Self::Location => "Where",
            Self::Seats => "Seats",
            Self::Category => "Category",
            Self::Tags => "Tags",
            Self::Link => "Link",
            Self::Visibility => "Who sees it",
            Self::Description => "Description",
        }
    }

    /// The fields of the API that this one speaks of.
    const fn pointers(self) -> &'static [&'static str] {
        match self {
            Self::Title => &["/title"],
            Self::When => &["/starts_at"],
            Self::Length => &["/duration", "/ends_at"],
            Self::Repeats => &["/recurrence"],
            Self::Zone => &["/timezone"],
            Self::Location => &["/location"],
            Self::Seats => &["/capacity"],
            Self::Category => &["/category"],
            Self::Tags => &["/tags"],
            Self::Link => &["/url"],
            Self::Visibility => &["/visibility"],
            Self::Description => &["/description"],
        }
    }
}

/// A form that is being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) purpose: Purpose,
    fields: Vec<(Name, Field)>,
    /// What the fields held at first: a change names only what differs.
    first: Vec<String>,
    at: usize,
    pub(crate) status: Status,
    refused: Option<Refusal>,
}

/// What was understood of a field, or what is missing.
type Said = Result<String, String>;

impl Form {
    pub(crate) fn new(look: &Look) -> Self {
        Self::of(Purpose::New, |name| match name {
            Name::Length => "1h".to_owned(),
            Name::Zone => look.mine.name().to_owned(),
            Name::Seats => "20".to_owned(),
            Name::Visibility => "public".to_owned(),
            _ => String::new(),
        })
    }

    pub(crate) fn event(event: &Event) -> Self {
        Self::of(Purpose::Event(Box::new(event.clone())), |name| of_event(event, name))
    }

    pub(crate) fn following(date: &Occurrence, event: &Event) -> Self {
        let purpose = Purpose::Following(Box::new(date.clone()));
        Self::of(purpose, |name| match name {
            Name::When => say_start(&date.original_start),
            // The rest of the rule is only known once it is cut.
            Name::Repeats => String::new(),
            name => of_event(event, name),
        })
    }

    pub(crate) fn date(date: &Occurrence) -> Self {
        Self::of(Purpose::Date(Box::new(date.clone())), |name| match name {
            Name::Title => date.title.clone(),
            Name::When => say_start(&date.starts_at),
            Name::Length => lasts(&date.starts_at, &date.ends_at),
            Name::Location => date.location.clone(),
            Name::Seats => date.capacity.to_string(),
            Name::Link => date.url.clone().unwrap_or_default(),
            Name::Description => date.description.clone(),
            _ => String::new(),
        })
    }

    fn of(purpose: Purpose, text: impl Fn(Name) -> String) -> Self {
        let hidden = |name: &Name| match purpose {
            Purpose::Date(_) => {
                matches!(name, Name::Repeats | Name::Zone | Name::Category | Name::Tags | Name::Visibility)
            }
            Purpose::Following(_) => *name == Name::Repeats,
            Purpose::New | Purpose::Event(_) => false,
        };
        let fields: Vec<_> = Name::ALL
            .into_iter()
            .filter(|name| !hidden(name))
            .map(|name| (name, Field::of(&text(name))))
            .collect();
        let first = fields.iter().map(|(_, field)| field.text()).collect();
        Self { purpose, fields, first, at: 0, status: Status::default(), refused: None }
    }

    /// Whether something was typed that would be lost.
    pub(crate) fn is_changed(&self) -> bool {
        self.fields.iter().zip(&self.first).any(|((_, field), first)| field.text() != *first)
    }

    pub(crate) fn next(&mut self, back: bool) {
        let fields = self.fields.len();
        self.at = if back { self.at + fields - 1 } else { self.at + 1 } % fields;
    }

    pub(crate) fn press(&mut self, key: Key) {
        if let Some((_, field)) = self.fields.get_mut(self.at) {
            field.press(key);
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        if let Some((_, field)) = self.fields.get_mut(self.at) {
            field.paste(text);
        }
    }

    pub(crate) fn description(&self) -> String {
        self.text(Name::Description)
    }

    /// Takes a description that was written elsewhere.
    pub(crate) fn describe(&mut self, text: &str) {
        if let Some(place) = self.fields.iter().position(|(name, _)| *name == Name::Description) {
            self.at = place;
            self.fields[place].1 = Field::of(text);
        }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        let wrong = |name: Name| {
            refusal.fields.iter().any(|w| name.pointers().iter().any(|p| w.pointer.starts_with(p)))
        };
        if let Some(place) = self.fields.iter().position(|(name, _)| wrong(*name)) {
            self.at = place;
        }
        self.refused = Some(refusal);
    }

    fn text(&self, name: Name) -> String {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field.text())
            .unwrap_or_default()
    }

    fn zone(&self) -> Option<Tz> {
        match &self.purpose {
            Purpose::Date(date) => date.timezone.parse().ok(),
            _ => self.text(Name::Zone).trim().parse().ok(),
        }
    }

    /// When it starts, seen from now in its own zone.
    fn when(&self, now: NaiveDateTime) -> Option<When> {
        spoken::when(&self.text(Name::When), now)
    }

    fn start(&self, now: NaiveDateTime) -> Option<Start> {
        Some(match self.when(now)? {
            When::At(at) => Start::Local(at),
            When::AllDay(day) => Start::Day(day),
        })
    }

    /// What repeats it: nothing, a rule of RFC 5545, or a phrase in English.
    fn recurrence(&self, now: NaiveDateTime) -> Result<Option<Recurrence>, String> {
        let text = self.text(Name::Repeats);
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("no") || text.eq_ignore_ascii_case("never") {
            return Ok(None);
        }
        let kept = match &self.purpose {
            Purpose::Event(event) => event.recurrence.clone().unwrap_or_default(),
            _ => Recurrence::default(),
        };
        let rule: Result<Rule, _> = if text.to_uppercase().contains("FREQ=") {
            text.to_uppercase().trim_start_matches("RRULE:").parse()
        } else {
            let day = self.when(now).map_or(now.date(), When::date);
            Rule::from_english(text, day)
        };
        rule.map(|rrule| Some(Recurrence { rrule: Some(rrule), ..kept }))
            .map_err(|error| error.message().to_owned())
    }

    /// The first dates, as far as the fields are understood.
    fn preview(&self, now: NaiveDateTime, limit: i64) -> Option<Preview> {
        let start = self.start(now)?;
        let input = PreviewInput {
            starts_at: Some(start),
            timezone: Some(self.zone()?.name().to_owned()),
            all_day: matches!(start, Start::Day(_)),
            recurrence: self.recurrence(now).ok()?,
            limit: Some(limit),
            ..PreviewInput::default()
        };
        input.preview().ok()
    }

    /// What was understood of a field.
    fn said(&self, name: Name, now: NaiveDateTime) -> Option<Said> {
        let text = self.text(name);
        Some(match name {
            Name::Title if text.trim().is_empty() => Err("says what it is: required".to_owned()),
            Name::Location if text.trim().is_empty() => {
                Err("says where people should go: required".to_owned())
            }
            Name::When => match (self.when(now), self.zone()) {
                (Some(When::At(at)), Some(zone)) => {
                    Ok(format!("{} {zone}", at.format("%a %-d %B %Y, %H:%M")))
                }
                (Some(When::AllDay(day)), _) => Ok(format!("{}, all day", day.format("%a %-d %B %Y"))),
                (Some(_), None) => Err("the time zone is none".to_owned()),
                (None, _) => Err("say a day and a time, such as: fri 18:30".to_owned()),
            },
            Name::Length => match spoken::length(&text) {
                Some(_) => Ok(String::new()),
                None => Err("say how long, such as: 2h, 90m, 2 days".to_owned()),
            },
            Name::Repeats => match self.recurrence(now) {
                Err(why) => Err(why),
                Ok(None) => Ok("once".to_owned()),
                Ok(Some(_)) => Ok(self.say_dates(now)?),
            },
            Name::Zone if self.zone().is_none() => Err("an IANA name, such as Europe/Berlin".to_owned()),
            Name::Seats => match text.trim().parse::<i64>() {
                Ok(1..=1_000_000) => return None,
                _ => Err("a number from 1 to 1,000,000".to_owned()),
            },
            Name::Visibility if !["public", "unlisted", "private"].contains(&text.trim()) => {
                Err("public, unlisted (by link), or private".to_owned())
            }
            _ => return None,
        })
    }

    fn say_dates(&self, now: NaiveDateTime) -> Option<String> {
        let preview = self.preview(now, 5)?;
        let day = |moment: &Moment| match moment {
            Moment::Day(day) => day.format("%-d %b").to_string(),
            Moment::At(at) => at.format("%-d %b").to_string(),
        };
        let days: Vec<String> = preview.items.iter().map(|date| day(&date.starts_at)).collect();
        let more = if preview.complete { "" } else { " …" };
        Some(format!("{} → {}{more}", preview.text, days.join(" · ")))
    }

    /// What to ask to save it; none while a field is not understood, which is gone to.
    pub(crate) fn request(&mut self, now: NaiveDateTime) -> Option<Request> {
        let unclear = |(name, _): &(Name, Field)| matches!(self.said(*name, now), Some(Err(_)));
        if let Some(place) = self.fields.iter().position(unclear) {
            self.at = place;
            return None;
        }
        let body = Value::Object(self.body(now)?);
        self.refused = None;
        Some(match &self.purpose {
            Purpose::New => Request::Create(body),
            Purpose::Event(event) => Request::Change { event: event.id, version: event.version, patch: body },
            Purpose::Date(date) => {
                Request::ChangeDate { occurrence: date.id, version: date.version, patch: body }
            }
            Purpose::Following(date) => Request::Split { occurrence: date.id, patch: body },
        })
    }

    /// What differs from what was there at first; all that is not empty, of a new event.
    fn body(&self, now: NaiveDateTime) -> Option<Map<String, Value>> {
        let mut body = Map::new();
        let new = matches!(self.purpose, Purpose::New);
        for ((name, field), first) in self.fields.iter().zip(&self.first) {
            let text = field.text();
            // The start of a split, and of another zone or rule, is said even where it stays.
            if !new && text == *first {
                continue;
            }
            let trimmed = text.trim();
            match name {
                Name::Title => _ = body.insert("title".to_owned(), json!(trimmed)),
                Name::When => {
                    let start = self.start(now)?;
                    body.insert("starts_at".to_owned(), json!(start.to_string()));
                    if !matches!(self.purpose, Purpose::Date(_)) {
                        body.insert("all_day".to_owned(), json!(matches!(start, Start::Day(_))));
                    }
                }
                Name::Length => {
                    let seconds = spoken::length(trimmed)?;
                    // A whole day is the least that an all-day event lasts.
                    let all_day = matches!(self.when(now), Some(When::AllDay(_)));
                    let seconds = if all_day { seconds.max(86_400) } else { seconds };
                    let length = eventcore::events::Length::from_seconds(seconds);
                    body.insert("duration".to_owned(), json!(length.to_string()));
                }
                Name::Repeats => _ = body.insert("recurrence".to_owned(), json!(self.recurrence(now).ok()?)),
                Name::Zone => _ = body.insert("timezone".to_owned(), json!(trimmed)),
                Name::Location => _ = body.insert("location".to_owned(), json!(trimmed)),
                Name::Seats => _ = body.insert("capacity".to_owned(), json!(trimmed.parse::<i64>().ok()?)),
                Name::Category if trimmed.is_empty() => _ = body.insert("category".to_owned(), Value::Null),
                Name::Category => _ = body.insert("category".to_owned(), json!(trimmed.to_lowercase())),
                Name::Tags => {
                    let words = trimmed.split([',', ' ']).map(|tag| tag.trim_start_matches('#'));
                    let tags: Vec<&str> = words.filter(|tag| !tag.is_empty()).collect();
                    body.insert("tags".to_owned(), json!(tags));
                }
                Name::Link if trimmed.is_empty() => _ = body.insert("url".to_owned(), Value::Null),
                Name::Link => _ = body.insert("url".to_owned(), json!(trimmed)),
                Name::Visibility => _ = body.insert("visibility".to_owned(), json!(trimmed)),
                Name::Description => _ = body.insert("description".to_owned(), json!(text)),
            }
        }
        Some(body)
    }

    const fn heading(&self) -> &'static str {
        match self.purpose {
            Purpose::New => "New event",
            Purpose::Event(_) => "All dates of the event",
            Purpose::Date(_) => "This date",
            Purpose::Following(_) => "This date and all that follow",
        }
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let theme = look.theme;
        let mut lines = vec![
            Line::from(vec![
                Span::styled(format!(" {}", self.heading()), theme.accent),
                Span::styled(
                    "   ^S saves · Tab next field · Esc leaves, and keeps what you typed",
                    theme.muted,
                ),
            ]),
            Line::raw(""),
        ];
        let room = (usize::from(area.width) / 2).saturating_sub(16).clamp(16, 48);
        for (place, (name, field)) in self.fields.iter().enumerate() {
            let here = place == self.at;
            let style = if here { theme.selected } else { Style::new() };
            let shown = scrolled(field, room, here);
            let mut line = vec![
                Span::styled(format!("{}{:<12}", if here { "▌" } else { " " }, name.label()), theme.muted),
                Span::styled(format!("{shown} "), style),
            ];
            line.push(match (self.wrong(*name), self.said(*name, look.today)) {
                (Some(wrong), _) => Span::styled(format!("! {}", clean(&wrong)), theme.bad),
                (None, Some(Err(unclear))) => Span::styled(format!("! {unclear}"), theme.warn),
                (None, Some(Ok(said))) if !said.is_empty() => Span::styled(format!("→ {said}"), theme.good),
                _ => Span::raw(""),
            });
            lines.push(Line::from(line));
        }
        lines.push(Line::raw(""));
        if let Some(refusal) = &self.refused {
            lines.push(Line::styled(format!(" ✗ {}", clean(&refusal.message)), theme.bad));
        }
        lines.truncate(usize::from(area.height));
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn wrong(&self, name: Name) -> Option<String> {
        let fields = self.refused.iter().flat_map(|refusal| &refusal.fields);
        let mut wrong =
            fields.filter(|wrong| name.pointers().iter().any(|pointer| wrong.pointer.starts_with(pointer)));
        wrong.next().map(|wrong| wrong.message.clone())
    }
}

/// The part of a field around its cursor.
fn scrolled(field: &Field, room: usize, here: bool) -> String {
    // Lines of a description stand beside each other here.
    let line = |text: &str| text.replace('\n', "⏎");
    let text = line(&field.text());
    if !here {
        return crate::widgets::text::fit(&text, room);
    }
    let before = line(&field.before());
    let after: String = text.chars().skip(before.chars().count()).collect();
    let mut shown = format!("{}▏{}", clean(&before), clean(&after));
    while crate::widgets::text::columns(&clean(&before)) >= room
        && crate::widgets::text::columns(&shown) > room
        && !shown.starts_with('▏')
    {
        shown.remove(0);
    }
    crate::widgets::text::fit(&shown, room)
}

fn of_event(event: &Event, name: Name) -> String {
    match name {
        Name::Title => event.title.clone(),
        Name::When => say_start(&event.starts_at),
        Name::Length => lasts(&event.starts_at, &event.ends_at),
        Name::Repeats => {
            let rule = event.recurrence.as_ref().and_then(|recurrence| recurrence.rrule.as_ref());
            rule.map(ToString::to_string).unwrap_or_default()
        }
        Name::Zone => event.timezone.clone(),
        Name::Location => event.location.clone(),
        Name::Seats => event.capacity.to_string(),
        Name::Category => event.category.clone().unwrap_or_default(),
        Name::Tags => event.tags.join(", "),
        Name::Link => event.url.clone().unwrap_or_default(),
        Name::Visibility => event.visibility.to_string(),
        Name::Description => event.description.clone(),
    }
}

fn say_start(start: &Moment) -> String {
    match start {
        Moment::Day(day) => day.to_string(),
        Moment::At(at) => at.format("%Y-%m-%d %H:%M").to_string(),
    }
}

fn lasts(start: &Moment, end: &Moment) -> String {
    spoken::say_length(match (start, end) {
        (Moment::At(start), Moment::At(end)) => (*end - *start).num_seconds(),
        (Moment::Day(first), Moment::Day(last)) => ((*last - *first).num_days() + 1) * 86_400,
        _ => 3_600,
    })
}
