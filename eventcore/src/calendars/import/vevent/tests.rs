use super::super::content;
use super::*;

fn read_event(lines: &str) -> Result<(Vevent, Vec<String>), String> {
    let file = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let calendars = content::read(file.as_bytes()).unwrap();
    let raw = &calendars[0].components[0];
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let mut zones = Zones::new(&calendars[0], None, Tz::Europe__Berlin, now);
    let mut report = ImportedComponent::of(raw);
    let event = read(raw, &mut zones, &mut report).map_err(|note| format!("{}:{}", note.line, note.code))?;
    Ok((event, report.notes.iter().map(|note| note.code.to_string()).collect()))
}

#[test]
fn times_are_dates_local_times_and_instants() {
    let start = |line: &str| read_event(line).map(|(event, _)| event.start);
    let local = "2027-03-04T18:30:00".parse().unwrap();
    for line in [
        "DTSTART:20270304T183000",
        "DTSTART;TZID=Europe/Berlin:20270304T183000",
        "DTSTART;TZID=\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\":20270304T183000",
        "DTSTART;X-A=\"b:c;d\";TZID=W. Europe Standard Time:20270304T183000",
        "DTSTART;tzid=tzone://Europe/Berlin:20270304T183000",
    ] {
        assert_eq!(start(line), Ok(When::Local(local, Tz::Europe__Berlin)), "{line}");
    }
    let date = When::Date("2027-03-04".parse().unwrap());
    for line in [
        "DTSTART:20270304",
        "DTSTART;VALUE=DATE:20270304",
        "DTSTART;VALUE=\"DATE\":20270304",
        "DTSTART;VALUE=DATE:20270304T000000",
    ] {
        assert_eq!(start(line), Ok(date), "{line}");
    }
    let utc = When::Utc("2027-03-04T17:30:00Z".parse().unwrap());
    assert_eq!(start("DTSTART:20270304T173000Z"), Ok(utc));
    assert_eq!(start("DTSTART;TZID=Europe/Berlin:20270304T173000z"), Ok(utc));
    for (line, code) in [
        ("SUMMARY:x", "2:start_missing"),
        ("DTSTART:soon", "3:invalid_time"),
        ("DTSTART:20270230", "3:invalid_time"),
        ("DTSTART:20270304T1830Z", "3:invalid_time"),
        ("DTSTART;TZID=Mars/Olympus:20270304T183000", "3:unknown_timezone"),
    ] {
        assert_eq!(start(line), Err(code.to_owned()), "{line}");
    }
}

#[test]
fn the_length_is_that_of_the_end_or_the_duration() {
    for (lines, length) in [
        ("DTSTART:20270304T183000\nDTEND:20270304T203000", Ok(7_200)),
        (
            "DTSTART;TZID=Europe/Berlin:20270304T183000\nDTEND;TZID=America/New_York:20270304T183000",
            Ok(21_600),
        ),
        ("DTSTART:20270304T183000\nDURATION:PT1H30M", Ok(5_400)),
        ("DTSTART:20270304T183000\nDURATION:P1W", Ok(604_800)),
        ("DTSTART:20270304T183000", Ok(3_600)),
        ("DTSTART:20270304T183000\nDTEND:20270304T183000", Ok(3_600)),
        ("DTSTART:20270304", Ok(DAY)),
        ("DTSTART:20270304\nDTEND:20270304", Ok(DAY)),
        ("DTSTART:20270304\nDTEND:20270307", Ok(3 * DAY)),
        ("DTSTART:20270304\nDURATION:P2D", Ok(2 * DAY)),
        ("DTSTART:20270304\nDURATION:PT2H", Err("4:invalid_end")),
        ("DTSTART:20270304\nDTEND:20270304T183000", Err("4:invalid_end")),
        ("DTSTART:20270304T183000\nDTEND:20270304T173000", Err("4:ends_before_start")),
        ("DTSTART:20270304T183000\nDURATION:-PT1H", Err("4:ends_before_start")),
        ("DTSTART:20270304T183000\nDURATION:long", Err("4:invalid_end")),
    ] {
        let read = read_event(lines).map(|(event, _)| event.seconds);
        assert_eq!(read, length.map_err(str::to_owned), "{lines}");
    }
}

#[test]
fn texts_are_unescaped_and_cut() {
    let long = "x".repeat(201);
    let lines = format!(
        "DTSTART:20270304\nSUMMARY:{long}\nLOCATION:Hall 2\\, left\\nside\n\
         DESCRIPTION:one\\ntwo\\; \\\\n\nURL:mailto:a@example.org\nCATEGORIES:A\\,B,c\nCATEGORIES:D"
    );
    let (event, notes) = read_event(&lines).unwrap();
    assert_eq!(event.title.map(|title| title.chars().count()), Some(200));
    assert_eq!(event.location.as_deref(), Some("Hall 2, left side"));
    assert_eq!(event.description.as_deref(), Some("one\ntwo; \\n"));
    assert_eq!(event.url, None);
    assert_eq!(event.categories.unwrap(), ["A,B", "c", "D"]);
    assert_eq!(notes, ["url_left_out", "text_shortened"]);
}

#[test]
fn rules_that_are_not_supported_are_named_with_their_line() {
    for (lines, fault) in [
        ("DTSTART:20270304\nRRULE:FREQ=MINUTELY", "4:unsupported"),
        ("DTSTART:20270304\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "5:unsupported"),
        ("DTSTART:20270304\nEXRULE:FREQ=DAILY", "4:unsupported"),
        ("DTSTART:20270304\nRRULE:EVERY DAY", "4:invalid_rule"),
        ("DTSTART:20270304\nRRULE:FREQ=DAILY;COUNT=1 0", "4:invalid_rule"),
        ("DTSTART:20270304\nRRULE:RSCALE=HEBREW;FREQ=DAILY", "4:unsupported"),
        ("DTSTART:20270304\nRRULE:RSCALE=GREGORIAN;SKIP=FORWARD;FREQ=MONTHLY", "4:unsupported"),
        ("DTSTART:20270304\nRECURRENCE-ID;RANGE=THISANDPRIOR:20270305", "4:unsupported"),
        ("DTSTART:20270304T1\nRDATE:x", "3:invalid_time"),
        (
            "DTSTART:20270304T183000\nRDATE;VALUE=PERIOD:20270305T183000/20270305T173000",
            "4:ends_before_start",
        ),
    ] {
        assert_eq!(read_event(lines).err().as_deref(), Some(fault), "{lines}");
    }
    let (event, _) = read_event(
        "DTSTART:20270304T183000\nRDATE;VALUE=PERIOD:20270305T183000/PT2H,20270306T183000Z/20270306T190000Z\n\
         RDATE:20270307T183000",
    )
    .unwrap();
    let lengths: Vec<_> = event.rdates.iter().map(|(_, seconds)| *seconds).collect();
    assert_eq!(lengths, [Some(7_200), Some(1_800), None]);
}

#[test]
fn blanks_and_defaults_of_rules_and_empty_lists_say_nothing() {
    let rule = |line: &str| {
        let (event, _) = read_event(&format!("DTSTART:20270304\n{line}")).unwrap();
        event.rule.map(|rule| rule.to_string())
    };
    let weekly = Some("FREQ=WEEKLY;BYDAY=MO,TU".to_owned());
    assert_eq!(rule("RRULE:FREQ=WEEKLY ; BYDAY = MO, TU"), weekly);
    assert_eq!(rule("RRULE:RSCALE=GREGORIAN;FREQ=WEEKLY;SKIP=omit;BYDAY=MO,TU"), weekly);
    for line in ["RDATE:", "EXDATE:", "RDATE;VALUE=PERIOD:,"] {
        let (event, _) = read_event(&format!("DTSTART:20270304\n{line}")).unwrap();
        assert!(event.rdates.is_empty() && event.exdates.is_empty(), "{line}");
    }
}

#[test]
fn a_zone_without_offsets_of_a_known_one_is_told_from_one_that_is_not_defined() {
    let message = |zone: &str| {
        let file = format!(
            "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
             TZOFFSETFROM:+0517\nTZOFFSETTO:+0517\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\n\
             DTSTART;TZID={zone}:20270304T183000\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let calendars = content::read(file.as_bytes()).unwrap();
        let raw = &calendars[0].components[0];
        let mut zones = Zones::new(&calendars[0], None, Tz::UTC, "2026-11-23T10:00:00Z".parse().unwrap());
        read(raw, &mut zones, &mut ImportedComponent::of(raw)).unwrap_err().message
    };
    assert_eq!(
        message("x"),
        "the time zone x is unknown, and no known one has the offsets that the file defines"
    );
    assert_eq!(message("y"), "the time zone y is unknown, and the file does not define it");
}
