//! Every screen that loads something: loading, failed, empty and full, at 80x24, on a large and on a tiny
//! terminal.

use std::fmt::Write;

use crossterm::event::KeyCode;
use eventcore::registrations::MyRegistration;

use crate::app::driven::{Driven, detail, event, occurrence, page, registration, user};
use crate::backend::{ApiError, Request, Response};
use crate::message::Message;
use crate::screens::{
    account_tests, comments_tests, feedback_tests, inbox_tests, insights_tests, month_tests,
    notification_settings_tests, ratings_tests,
};

/// Recognises a request of the screen.
type Asked = fn(&Request) -> bool;
/// Makes a response.
type Respond = fn() -> Response;

struct Case {
    name: &'static str,
    /// The keys that open the screen from the agenda.
    keys: &'static str,
    asked: &'static [(Asked, Respond, Respond)],
}

fn agenda(request: &Request) -> bool {
    matches!(request, Request::Occurrences { .. })
}

fn days(request: &Request) -> bool {
    matches!(request, Request::OccurrencesOn { .. })
}

fn occurrences() -> Response {
    Response::Occurrences(page((0..60).map(occurrence).collect(), None))
}

fn no_occurrences() -> Response {
    Response::Occurrences(page(Vec::new(), None))
}

/// Each with an empty and a full response.
const SCREENS: &[Case] = &[
    Case { name: "agenda", keys: "", asked: &[(agenda, no_occurrences, occurrences)] },
    Case { name: "search", keys: "/evening is:free", asked: &[(agenda, no_occurrences, occurrences)] },
    Case {
        name: "month",
        keys: "2]hhh",
        asked: &[
            (
                |r| matches!(r, Request::DailyCounts { .. }),
                || month_tests::counts("2027-03-01", &[]),
                || month_tests::counts("2027-03-01", &[3; 30]),
            ),
            (
                days,
                || Response::OccurrencesOn(Vec::new()),
                || Response::OccurrencesOn((69..72).map(occurrence).collect()),
            ),
        ],
    },
    Case {
        name: "week",
        keys: "w]",
        asked: &[(
            days,
            || Response::OccurrencesOn(Vec::new()),
            || Response::OccurrencesOn((0..21).map(occurrence).collect()),
        )],
    },
    Case {
        name: "mine",
        keys: "4",
        asked: &[(
            |r| matches!(r, Request::MyRegistrations { .. }),
            || Response::MyRegistrations(page(Vec::new(), None)),
            || {
                let mine = |n, status| MyRegistration {
                    registration: registration(n, status),
                    occurrence: Some(occurrence(n)),
                };
                let all = ["confirmed", "waitlisted", "attended", "cancelled"];
                Response::MyRegistrations(page(
                    all.iter().zip(1..).map(|(status, n)| mine(n, status)).collect(),
                    None,
                ))
            },
        )],
    },
    Case {
        name: "organize",
        keys: "5",
        asked: &[(
            |r| matches!(r, Request::OrganizedEvents { .. }),
            || Response::Events(page(Vec::new(), None)),
            || Response::Events(page(vec![event(); 4], None)),
        )],
    },
    Case {
        name: "over",
        keys: "5b",
        asked: &[(|r| matches!(r, Request::PastOccurrences { .. }), no_occurrences, occurrences)],
    },
    Case {
        name: "event",
        keys: "\n",
        asked: &[(
            |r| matches!(r, Request::OccurrenceDetail(_)),
            || {
                let mut detail = detail(occurrence(0));
                (detail.registration, detail.occurrences) = (None, Vec::new());
                Response::OccurrenceDetail(Box::new(detail))
            },
            || {
                let mut detail = detail(occurrence(0));
                detail.feedback = ratings_tests::feedback([0, 1, 0, 6, 11], &[]);
                detail.comment_count = Some(1);
                Response::OccurrenceDetail(Box::new(detail))
            },
        )],
    },
    Case {
        name: "attendees",
        keys: "5a",
        asked: &[(
            |r| matches!(r, Request::Attendees { .. }),
            || Response::Attendees { occurrence: Box::new(occurrence(0)), page: page(Vec::new(), None) },
            || {
                let all = ["confirmed", "attended", "waitlisted", "cancelled"];
                let all = all.iter().zip(1..).map(|(status, n)| registration(n, status));
                Response::Attendees { occurrence: Box::new(occurrence(0)), page: page(all.collect(), None) }
            },
        )],
    },
    Case {
        name: "comments",
        keys: "c",
        asked: &[(
            |r| matches!(r, Request::Comments(_)),
            || Response::Comments(Vec::new()),
            || Response::Comments(comments_tests::comments()),
        )],
    },
    Case {
        name: "feedback",
        keys: "F",
        asked: &[(
            |r| matches!(r, Request::Feedback { .. }),
            || Response::Feedback(Box::new(ratings_tests::feedback([0; 5], &[]))),
            feedback_tests::heard,
        )],
    },
    Case {
        name: "insights",
        keys: "5I",
        asked: &[(
            |r| matches!(r, Request::Insights(_)),
            || insights_tests::of_dates(0),
            || insights_tests::of_dates(9),
        )],
    },
    Case {
        name: "inbox",
        keys: "N",
        asked: &[(
            inbox_tests::is_list,
            || inbox_tests::notifications(Vec::new(), None, 0),
            || inbox_tests::notifications(inbox_tests::many(60), None, 0),
        )],
    },
    Case {
        name: "notification_settings",
        keys: "Np",
        asked: &[(
            notification_settings_tests::is_preferences,
            || notification_settings_tests::preferred(false, false),
            || notification_settings_tests::preferred(true, false),
        )],
    },
    Case {
        name: "account",
        keys: "A",
        asked: &[(
            |r| *r == Request::Account,
            || Response::Account { user: Box::new(user()), sessions: Vec::new() },
            || Response::Account { user: Box::new(user()), sessions: account_tests::sessions() },
        )],
    },
];

/// The screen before the response.
fn come_to(screen: &Case) -> Driven {
    let mut driven = Driven::new();
    if !screen.keys.is_empty() {
        driven = driven.with_agenda(9);
    }
    driven = driven.signed_in();
    for key in screen.keys.chars() {
        driven.press(if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) });
        if key == '5' && screen.keys.len() > 1 {
            let all = Response::Events(page(vec![event()], None));
            driven.respond(|r| matches!(r, Request::OrganizedEvents { .. }), Ok(all));
        }
    }
    driven
}

/// The picture without blank rows.
fn seen(driven: &mut Driven) -> String {
    let mut seen = String::new();
    for (width, height) in [(80, 24), (120, 40), (40, 15)] {
        driven.send(Message::Resized { width, height });
        writeln!(seen, "\n{width} by {height}").unwrap();
        let picture = driven.picture(width, height);
        for line in picture.lines() {
            let line =
                line.rsplit_once('"').map_or(line, |(line, _)| line).trim_start_matches('"').trim_end();
            if !line.is_empty() {
                writeln!(seen, "{line}").unwrap();
            }
        }
    }
    seen
}

#[test]
fn every_screen_in_every_state_and_size() {
    for screen in SCREENS {
        let mut all = String::new();
        let mut driven = come_to(screen);
        write!(all, "# loading\n{}", seen(driven.wait(200))).unwrap();
        for (asked, ..) in screen.asked {
            driven.respond(asked, Err(ApiError::unavailable("the server does not answer")));
        }
        write!(all, "\n# failed, and a while later\n{}", seen(driven.wait(5_000))).unwrap();
        for much in [false, true] {
            let mut driven = come_to(screen);
            for (asked, nothing, everything) in screen.asked {
                driven.respond(asked, Ok(if much { everything() } else { nothing() }));
            }
            write!(all, "\n# {}\n{}", if much { "full" } else { "empty" }, seen(driven.wait(5_000))).unwrap();
        }
        insta::assert_snapshot!(format!("states_{}", screen.name), all);
    }
}
