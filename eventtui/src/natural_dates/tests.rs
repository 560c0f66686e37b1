//! The grammar: what is understood and how, what is named where it is not, and that all that is printed reads
//! back.

use chrono::TimeDelta;
use proptest::prelude::*;

use chrono::NaiveDateTime;

use super::*;

/// A Monday at noon.
fn context() -> DateContext {
    DateContext { now: "2026-11-23T12:00:00".parse().unwrap(), order: DayOrder::DayFirst }
}

fn when(text: &str) -> When {
    match text.len() {
        10 => When::AllDay(text.parse().unwrap()),
        _ => When::At(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()),
    }
}

fn start(text: &str, context: DateContext) -> Result<When, String> {
    read(text, context).map(|spoken| spoken.start).map_err(|fault| fault.to_string())
}

#[test]
fn starts_are_understood() {
    for (text, meant) in [
        ("tomorrow 7pm", "2026-11-24 19:00"),
        ("tomorrow 7 pm", "2026-11-24 19:00"),
        ("tomorrow at 7 in the evening", "2026-11-24 19:00"),
        ("tomorrow evening at 7", "2026-11-24 19:00"),
        ("tomorrow morning 9:30", "2026-11-24 09:30"),
        ("the day after tomorrow", "2026-11-25"),
        ("tonight 8pm", "2026-11-23 20:00"),
        ("tonight at 8", "2026-11-23 20:00"),
        ("tonight 12", "2026-11-24 00:00"),
        ("this evening 19:30", "2026-11-23 19:30"),
        ("in 3 days 19:00", "2026-11-26 19:00"),
        ("in three days 19:00", "2026-11-26 19:00"),
        ("19:00 in a week", "2026-11-30 19:00"),
        ("in 2 months", "2027-01-23"),
        ("in 2 hours", "2026-11-23 14:00"),
        ("in 90 minutes", "2026-11-23 13:30"),
        ("this friday 18:30", "2026-11-27 18:30"),
        ("this monday 18:30", "2026-11-23 18:30"),
        ("next friday 18:30", "2026-11-27 18:30"),
        ("fri 18:30", "2026-11-27 18:30"),
        ("fri 18.30", "2026-11-27 18:30"),
        ("fri 18h30", "2026-11-27 18:30"),
        ("fri. 18h", "2026-11-27 18:00"),
        ("fri 18 uhr", "2026-11-27 18:00"),
        ("fri at 18", "2026-11-27 18:00"),
        ("fri 10.12", "2026-11-27 10:12"),
        ("19h", "2026-11-23 19:00"),
        ("6:30 p.m.", "2026-11-23 18:30"),
        ("6.30 P.M. fri", "2026-11-27 18:30"),
        ("12:15 a.m. fri", "2026-11-27 00:15"),
        ("fri 7 o'clock", "2026-11-27 07:00"),
        ("12 noon tuesday", "2026-11-24 12:00"),
        ("Monday at noon", "2026-11-30 12:00"),
        ("2027-03-04 18:30", "2027-03-04 18:30"),
        ("2027-03-04T18:30:00", "2027-03-04 18:30"),
        ("2027/3/4 18:30", "2027-03-04 18:30"),
        ("24/12/2026 18:00", "2026-12-24 18:00"),
        ("24/12/26 18:00", "2026-12-24 18:00"),
        ("12/24/2026 18:00", "2026-12-24 18:00"),
        ("12/24 9am", "2026-12-24 09:00"),
        ("3/2", "2027-02-03"),
        ("24-12-2026", "2026-12-24"),
        ("thursday", "2026-11-26"),
        ("24.12. 9:00", "2026-12-24 09:00"),
        ("24.12.2026 9:00", "2026-12-24 09:00"),
        ("24.12", "2026-12-24"),
        ("3.2.", "2027-02-03"),
        ("11:00", "2026-11-24 11:00"),
        ("13:00", "2026-11-23 13:00"),
        ("today 9am", "2026-11-23 09:00"),
        ("12am today", "2026-11-23 00:00"),
        ("+3 8am", "2026-11-26 08:00"),
        ("+2w", "2026-12-07"),
        ("4 dec", "2026-12-04"),
        ("4. Dezember", ""),
        ("4. december", "2026-12-04"),
        ("the 4th", "2026-12-04"),
        ("December 4th 9:00", "2026-12-04 09:00"),
        ("december 4, 2026, 9:00", "2026-12-04 09:00"),
        ("3 march", "2027-03-03"),
        ("Fri 4 December 2026, 18:30", "2026-12-04 18:30"),
        ("18:30 on the 1st of may 2028", "2028-05-01 18:30"),
        ("29 feb", "2028-02-29"),
        ("christmas 10:00", "2026-12-25 10:00"),
        ("new year’s eve 10pm", "2026-12-31 22:00"),
        ("easter monday", "2027-03-29"),
    ] {
        let meant = Some(meant).filter(|meant| !meant.is_empty()).map(when);
        assert_eq!(start(text, context()).ok(), meant, "{text}: {:?}", start(text, context()));
    }
}

#[test]
fn ends_and_durations_are_understood_with_a_start() {
    for (text, printed, minutes) in [
        ("sat 7pm-9pm", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat 7-9pm", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat 11-1pm", "Sat 28 November 2026, 11:00–13:00", 120),
        ("sat 7pm-9", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat 19:00 – 21:30", "Sat 28 November 2026, 19:00–21:30", 150),
        ("sat 19-21h", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat from 7 to 9", "Sat 28 November 2026, 07:00–09:00", 120),
        ("sat between 7 and 9 pm", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat evening 7-9", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat 10pm - 2am", "Sat 28 November 2026, 22:00 – Sun 29 November 2026, 02:00", 240),
        ("sat 10pm until midnight", "Sat 28 November 2026, 22:00 – Sun 29 November 2026, 00:00", 120),
        ("fri 18:00 - sun 16:00", "Fri 27 November 2026, 18:00 – Sun 29 November 2026, 16:00", 2_760),
        ("4-6 dec", "Fri 4 December 2026 – Sun 6 December 2026, all day", 4_320),
        ("4 dec - 6 dec", "Fri 4 December 2026 – Sun 6 December 2026, all day", 4_320),
        ("2026-12-31 - 2027-01-01", "Thu 31 December 2026 – Fri 1 January 2027, all day", 2_880),
        ("4 dec 2026-6 dec 2026", "Fri 4 December 2026 – Sun 6 December 2026, all day", 4_320),
        ("sat to sun", "Sat 28 November 2026 – Sun 29 November 2026, all day", 2_880),
        ("sat 7pm for 2h", "Sat 28 November 2026, 19:00–21:00", 120),
        ("sat 7pm for an hour and a half", "", 0),
        ("sat for 2 days", "Sat 28 November 2026 – Sun 29 November 2026, all day", 2_880),
    ] {
        let spoken = read(text, context());
        match (&spoken, printed) {
            (Err(_), "") => {}
            (Ok(spoken), printed) => {
                assert_eq!(
                    (spoken.to_string().as_str(), spoken.length),
                    (printed, Some(minutes * 60)),
                    "{text}"
                );
            }
            _ => panic!("{text}: {spoken:?}"),
        }
    }
}

#[test]
fn the_locale_decides_the_order_of_day_and_month() {
    let american = DateContext { order: DayOrder::MonthFirst, ..context() };
    for (text, there, here) in [
        ("12/24 9am", "2026-12-24 09:00", "2026-12-24 09:00"),
        ("3/2 9am", "2027-03-02 09:00", "2027-02-03 09:00"),
        ("24/12/2026", "2026-12-24", "2026-12-24"),
        ("3.2. 9am", "2027-02-03 09:00", "2027-02-03 09:00"),
    ] {
        assert_eq!(
            (start(text, american), start(text, context())),
            (Ok(when(there)), Ok(when(here))),
            "{text}"
        );
    }
    let order = |variables: &'static [(&str, &str)]| {
        DayOrder::of_environment(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    for (variables, expected) in [
        (&[("LANG", "en_US.UTF-8")][..], DayOrder::MonthFirst),
        (&[("LANG", "en_GB.UTF-8")], DayOrder::DayFirst),
        (&[("LANG", "C.UTF-8")], DayOrder::DayFirst),
        (&[("LANG", "en_US.UTF-8"), ("LC_TIME", "de_DE.UTF-8")], DayOrder::DayFirst),
        (&[("LC_TIME", "de_DE"), ("LC_ALL", "en_US")], DayOrder::MonthFirst),
        (&[("LC_ALL", ""), ("LC_TIME", "en_US@euro")], DayOrder::MonthFirst),
        (&[], DayOrder::DayFirst),
    ] {
        assert_eq!(order(variables), expected, "{variables:?}");
    }
}

#[test]
fn faults_name_the_part_that_is_wrong() {
    for (text, fault) in [
        ("", "day and time, such as: fri 18:30"),
        ("soon", "“soon” is not understood"),
        ("fri 18:30 sharpish", "“sharpish” is not understood"),
        ("fri 18:30 (Europe/Berlin)", "“(Europe/Berlin)” is not understood"),
        ("fri 18:", "“18:” is not understood"),
        ("fri 7", "“7” is not understood"),
        ("fri 7-9", "“7-9” is not understood"),
        ("dec", "“dec” is not understood"),
        ("fri sat", "“sat” is a second day: keep one"),
        ("fri 7pm 8pm", "“8pm” is a second time: keep one"),
        ("thu 4 dec", "4 December 2026 is a Friday"),
        ("31 nov", "there is no 31 November"),
        ("29 feb 2027", "there is no 29 February 2027"),
        ("24/13/2026", "there is no month 13"),
        ("24.13.2026", "there is no month 13"),
        ("32/33", "there is no month 33"),
        ("fri 25:00", "25:00 is not a time of day"),
        ("fri 18:75", "18:75 is not a time of day"),
        ("13pm", "13pm is not a time of day"),
        ("tonight", "say at what time"),
        ("fri all day 7pm", "a whole day has no time"),
        ("fri 18:00 - thu 17:00", ""),
        ("24.12.2026 18:00 - 23.12.2026 17:00", "the end is before the start"),
        ("fri - sun 18:00", "say at what time it starts"),
        ("fri 18:00 - sun", "say at what time it ends"),
        ("in 999999999 years", "that is after the year 9999"),
        ("in 12345678901 days", "“in” is not understood"),
    ] {
        match read(text, context()) {
            Ok(spoken) => assert_eq!(fault, "", "{text}: {spoken}"),
            Err(found) => assert!(!fault.is_empty() && found.to_string().contains(fault), "{text}: {found}"),
        }
    }
    assert!(matches!(read("31 nov", context()), Err(DateFault::Impossible(_))));
    assert!(matches!(read("soon", context()), Err(DateFault::Unknown(_))));
}

#[test]
fn durations_are_understood() {
    for (text, seconds) in [
        ("2h", Ok(7_200)),
        ("1h30", Ok(5_400)),
        ("1h 30m", Ok(5_400)),
        ("1:30", Ok(5_400)),
        ("1.5h", Ok(5_400)),
        ("2 hours and 15 minutes", Ok(8_100)),
        ("two hours", Ok(7_200)),
        ("half an hour", Ok(1_800)),
        ("90 min", Ok(5_400)),
        ("3 days", Ok(259_200)),
        ("2 weeks", Ok(1_209_600)),
        ("PT2H", Ok(7_200)),
        ("", Err("such as: 2h")),
        ("0h", Err("longer than nothing")),
        ("2", Err("“2” is not understood")),
        ("2h sharp", Err("“sharp” is not understood")),
        ("99999999999999999999h", Err("not understood")),
        ("999999999 weeks", Err("too long")),
    ] {
        match (read_duration(text), seconds) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{text}"),
            (Err(found), Err(wanted)) => assert!(found.contains(wanted), "{text}: {found}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
}

/// Words and signs of the grammar, and some that are none.
fn vocabulary() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "today",
        "tonight",
        "tomorrow",
        "fri",
        "this",
        "next",
        "monday",
        "4",
        "31",
        "dec",
        "feb",
        "2026",
        "the",
        "of",
        "at",
        "in",
        "for",
        "a",
        "half",
        "hours",
        "days",
        "7pm",
        "p.m.",
        "18:30",
        "18.30",
        "18h30",
        "19h",
        "24/12",
        "24.12.",
        "2027-03-04",
        "T",
        "-",
        "–",
        "until",
        "between",
        "and",
        "noon",
        "midnight",
        "evening",
        "night",
        "12",
        "0",
        "999999999",
        "christmas",
        "new",
        "year's",
        "eve",
        "all",
        "day",
        "+",
        "+3",
        ":",
        "/",
        "soon",
        "’",
        "ß",
        "İ",
        "\u{301}",
        "４",
    ];
    let separated = (prop::sample::select(WORDS), prop::sample::select(&["", " ", " ", ", "][..]));
    prop::collection::vec(separated, 0..10)
        .prop_map(|words| words.into_iter().flat_map(|(word, after)| [word, after]).collect())
}

fn local_times() -> impl Strategy<Value = NaiveDateTime> {
    let first: NaiveDateTime = "1000-01-01T00:00:00".parse().unwrap();
    (0..4_700_000_000_i64).prop_map(move |minutes| first + TimeDelta::minutes(minutes))
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), now in local_times(), first in any::<bool>()) {
        let order = if first { DayOrder::DayFirst } else { DayOrder::MonthFirst };
        let _ = read(&text, DateContext { now, order }).map(|spoken| spoken.to_string());
        let _ = read_duration(&text);
    }

    #[test]
    fn no_mixture_of_its_words_panics(text in vocabulary(), now in local_times()) {
        let context = DateContext { now, order: DayOrder::MonthFirst };
        match read(&text, context) {
            // What is understood is printed, and the printed text means the same.
            Ok(spoken) => {
                let printed = spoken.to_string();
                let again = read(&printed, context).map(|spoken| spoken.to_string());
                prop_assert_eq!(again, Ok(printed), "{}", text);
            }
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
        }
        let _ = read_duration(&text);
    }

    #[test]
    fn printed_starts_read_back(
        at in local_times(), now in local_times(), minutes in 1..3_000_i64, first in any::<bool>(),
    ) {
        let order = if first { DayOrder::DayFirst } else { DayOrder::MonthFirst };
        let context = DateContext { now, order };
        for start in [When::At(at), When::AllDay(at.date())] {
            let spoken = Spoken { start, length: None };
            prop_assert_eq!(read(&start.to_string(), context), Ok(spoken));
            prop_assert_eq!(read(&start.write(), context), Ok(spoken));
        }
        let whole_days = (When::AllDay(at.date()), (minutes + 1) * 86_400);
        for (start, seconds) in [(When::At(at), minutes * 60), whole_days] {
            let spoken = Spoken { start, length: Some(seconds) };
            prop_assert_eq!(read(&spoken.to_string(), context), Ok(spoken), "{}", spoken);
        }
    }

    #[test]
    fn forms_of_one_time_mean_the_same(at in local_times()) {
        let context = context();
        for form in [
            "%-d %b %Y %H:%M", "%B %-d, %Y %-I:%M %p", "%-d.%-m.%Y %H.%M", "%d/%m/%Y %-Hh%M",
            "%Y/%m/%d %I:%M%P", "%H:%M on %A %-d %B %Y", "%Y-%m-%dT%H:%M:%S", "%-d-%-m-%Y %-I.%M%P",
        ] {
            let text = at.format(form).to_string();
            prop_assert_eq!(start(&text, context), Ok(When::At(at)), "{}", text);
        }
    }

    #[test]
    fn printed_durations_read_back(minutes in 1..3_660 * 1_440_i64) {
        prop_assert_eq!(read_duration(&write_duration(minutes * 60)), Ok(minutes * 60));
    }
}
