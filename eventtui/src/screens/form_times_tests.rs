//! Times, zones, categories and rules in the form, as people say them.

use crossterm::event::KeyCode;
use eventcore::categories::Category;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use serde_json::{Value, json};

use crate::app::driven::{Driven, user};
use crate::backend::{Request, Response};
use crate::theme::Theme;
use crate::view;

/// A form for a new event, on Saturday 27 February 2027 at 10:00 in Berlin.
fn new_event() -> Driven {
    let mut driven = Driven::new().with_agenda(0).signed_in();
    driven.press(KeyCode::Char('n')).type_in("Tea").press(KeyCode::Tab);
    driven
}

/// The screen as one line, so that notes below a field can be found.
fn screen(driven: &Driven) -> String {
    let picture = driven.picture(120, 40).replace('"', " ");
    picture.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn created(driven: &Driven) -> Option<Value> {
    driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::CreateEvent(body) => Some(body.clone()),
        _ => None,
    })
}

#[test]
fn a_past_or_impossible_start_is_said_as_it_is_typed() {
    for (text, said) in [
        ("tonight 8pm", "→ Sat 27 February 2027, 20:00 Europe/Berlin"),
        ("today 9am", "! in the past: Sat 27 February 2027, 09:00"),
        ("24/12/2026 18:00", "! in the past: Thu 24 December 2026, 18:00"),
        ("26 feb 2027", "! in the past: Fri 26 February 2027, all day"),
        ("today", "→ Sat 27 February 2027, all day"),
        ("31 nov", "! there is no 31 November"),
        ("fri 25:00", "! 25:00 is not a time of day"),
        ("28 mar 02:30", "! 2027-03-28 02:30:00 does not exist in Europe/Berlin"),
        ("fri 18:30 sharpish", "! “sharpish” is not understood"),
    ] {
        let mut driven = new_event();
        driven.type_in(text);
        assert!(screen(&driven).contains(said), "{text}: {}", screen(&driven));
        driven.control('s');
        assert_eq!(created(&driven), None, "the location is missing, if nothing else");
    }
}

/// The colour of the first "!" on the screen.
fn colour_of_fault(driven: &Driven) -> Option<Color> {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| view::draw(frame, &driven.app)).unwrap();
    terminal.backend().buffer().content().iter().find(|cell| cell.symbol() == "!").map(|cell| cell.fg)
}

#[test]
fn what_cannot_be_is_red() {
    let mut driven = new_event();
    let theme = Theme::open("dark").unwrap();
    driven.app.cx.view.theme = theme;
    driven.type_in("today 9am");
    assert_eq!(colour_of_fault(&driven), theme.bad.fg);
    driven.control('u').type_in("soon");
    assert_eq!(colour_of_fault(&driven), theme.warn.fg);
    assert_ne!(theme.bad.fg, theme.warn.fg);
}

#[test]
fn a_range_says_when_it_ends() {
    let mut driven = new_event();
    driven.type_in("sat 7pm-9pm");
    let said = screen(&driven);
    assert!(said.contains("→ Sat 6 March 2027, 19:00–21:00 Europe/Berlin"), "{said}");
    assert!(said.contains("Length 1h → as in When"), "{said}");
    for _ in 0..4 {
        driven.press(KeyCode::Tab);
    }
    driven.type_in("Kitchen").control('s');
    let body = created(&driven).unwrap();
    assert_eq!((&body["starts_at"], &body["duration"]), (&json!("2027-03-06T19:00:00"), &json!("PT2H")));
}

fn category(slug: &str, name: &str) -> Category {
    serde_json::from_value(json!({
        "id": "01890000-0000-7000-8000-000000000009", "slug": slug, "name": name, "description": "",
        "colour": "#808080", "upcoming_events": 0, "created_at": "2026-11-23T10:00:00Z",
        "updated_at": "2026-11-23T10:00:00Z", "version": 1
    }))
    .unwrap()
}

#[test]
fn zones_and_categories_complete_without_regard_to_case() {
    let mut traveller = user();
    traveller.timezone = "Asia/Tokyo".to_owned();
    let mut driven = Driven::new().with_agenda(0).signed_in();
    driven.app.cx.me = Some(Box::new(traveller));
    driven.press(KeyCode::Char('n')).type_in("Tea").press(KeyCode::Tab).type_in("tonight 9pm");
    let categories =
        vec![category("concert", "Concert"), category("course", "Course"), category("talk", "Talk")];
    driven.respond(|r| matches!(r, Request::Categories), Ok(Response::Categories(categories)));
    let said = screen(&driven);
    assert!(said.contains("→ Sat 27 February 2027, 21:00 Asia/Tokyo"), "the zone of the account: {said}");
    for _ in 0..3 {
        driven.press(KeyCode::Tab);
    }
    driven.control('u').type_in("europe/b");
    assert!(screen(&driven).contains("! Europe/Belfast, Europe/Belgrade"), "{}", screen(&driven));
    driven.control('u').type_in("NEW YOR");
    assert!(screen(&driven).contains("→ America/New_York"), "{}", screen(&driven));
    driven.press(KeyCode::Tab).type_in("Kitchen");
    assert!(screen(&driven).contains("Time zone America/New_York"), "written out on leaving");
    for _ in 0..6 {
        driven.press(KeyCode::Tab);
    }
    driven.type_in("co");
    assert!(screen(&driven).contains("! concert, course"), "{}", screen(&driven));
    driven.control('u').type_in("opera");
    assert!(screen(&driven).contains("! no such category: concert, course, talk"), "{}", screen(&driven));
    driven.control('u').type_in("CONC");
    assert!(screen(&driven).contains("→ concert"), "{}", screen(&driven));
    driven.control('s');
    let body = created(&driven).unwrap();
    assert_eq!((&body["timezone"], &body["category"]), (&json!("America/New_York"), &json!("concert")));
}

#[test]
fn rules_are_said_with_what_is_not_by_them() {
    let mut driven = new_event();
    driven.type_in("thu 18:30").press(KeyCode::Tab).press(KeyCode::Tab);
    for (text, said) in [
        (
            "every weekday until easter",
            "→ every weekday until 28 March 2027 → 4 Mar · 5 Mar · 8 Mar · 9 Mar · 10 Mar …",
        ),
        ("twice a week", "→ 4 Mar · 7 Mar"),
        ("every week except 18 mar", "except on 18 March 2027 → 4 Mar · 11 Mar · 25 Mar"),
        ("every friday", "the start, Thu 4 Mar, is not by the rule and takes place as well"),
        ("every week except 19 mar", "no occurrence to exclude on Fri 19 Mar 2027"),
        ("every 6 hours", "→ 4 Mar 18:30 · 5 Mar 00:30 · 06:30 · 12:30"),
        ("every year", "→ 4 Mar 2027 · 4 Mar 2028 · 4 Mar 2029"),
        ("every friday until whenever", "! “whenever” is not understood"),
    ] {
        driven.control('u').type_in(text);
        assert!(screen(&driven).contains(said), "{text}: {}", screen(&driven));
    }
    driven.control('u').type_in("every friday");
    assert!(screen(&driven).contains("Europe/Berlin · not by"), "beside the start, too: {}", screen(&driven));
}

#[test]
fn single_dates_are_added_and_excluded() {
    let mut driven = new_event();
    driven
        .type_in("thu 18:30")
        .press(KeyCode::Tab)
        .press(KeyCode::Tab)
        .type_in("weekly 4 times except 11 mar");
    driven.press(KeyCode::Tab).press(KeyCode::Tab).type_in("Kitchen");
    while !driven.picture(120, 40).contains("▌Also on") {
        driven.press(KeyCode::Tab);
    }
    driven.type_in("6 mar, 7 mar 20:00").press(KeyCode::Tab).type_in("18 mar");
    let said = screen(&driven);
    assert!(said.contains("→ Sat 6 Mar 2027 · Sun 7 Mar 2027 20:00"), "{said}");
    driven.control('s');
    let recurrence = json!({
        "rrule": "FREQ=WEEKLY;COUNT=4", "rdate": ["2027-03-06", "2027-03-07T20:00:00"],
        "exdate": ["2027-03-18", "2027-03-11"]
    });
    assert_eq!(created(&driven).map(|body| body["recurrence"].clone()), Some(recurrence));
}
