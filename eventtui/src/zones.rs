//! Finding a time zone by what was typed: `berlin`, `new york`, `europe/b`.

use chrono_tz::{TZ_VARIANTS, Tz};

/// The zones that a text may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ZoneMatch {
    One(Tz),
    /// In the order of the database.
    Several(Vec<Tz>),
    None,
}

/// The zone of a name or a city, without regard to case; a beginning suffices if no other begins so.
pub(crate) fn find(text: &str) -> ZoneMatch {
    let typed = normal(text);
    if typed.is_empty() {
        return ZoneMatch::None;
    }
    let city = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let tests: [&dyn Fn(&str) -> bool; 4] =
        [&|name| name == typed, &|name| city(name) == typed, &|name| name.starts_with(&typed), &|name| {
            city(name).starts_with(&typed)
        }];
    for test in tests {
        let mut found: Vec<Tz> = TZ_VARIANTS.into_iter().filter(|zone| test(&normal(zone.name()))).collect();
        // `europe/b` and not `Etc`, `SystemV` and other names that no city has.
        if found.len() > 1 {
            let of_cities = |zone: &Tz| zone.name().contains('/') && !zone.name().starts_with("Etc/");
            let cities: Vec<Tz> = found.iter().copied().filter(of_cities).collect();
            found = if cities.is_empty() { found } else { cities };
        }
        match found.as_slice() {
            [] => {}
            [one] => return ZoneMatch::One(*one),
            _ => return ZoneMatch::Several(found),
        }
    }
    ZoneMatch::None
}

/// Lower case, with underscores for blanks.
fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_without_regard_to_case() {
        for (text, zone) in [
            ("Europe/Berlin", Tz::Europe__Berlin),
            ("europe/berlin", Tz::Europe__Berlin),
            (" BERLIN ", Tz::Europe__Berlin),
            ("berl", Tz::Europe__Berlin),
            ("new york", Tz::America__New_York),
            ("New_Y", Tz::America__New_York),
            ("utc", Tz::UTC),
            ("kathmandu", Tz::Asia__Kathmandu),
        ] {
            assert_eq!(find(text), ZoneMatch::One(zone), "{text}");
        }
        let ZoneMatch::Several(several) = find("europe/b") else { panic!("several") };
        assert!(several.contains(&Tz::Europe__Berlin) && several.contains(&Tz::Europe__Bratislava));
        assert!(several.iter().all(|zone| zone.name().starts_with("Europe/B")));
        assert_eq!((find(""), find("mars/olympus")), (ZoneMatch::None, ZoneMatch::None));
        for zone in TZ_VARIANTS {
            assert_eq!(find(&zone.name().to_lowercase()), ZoneMatch::One(zone));
        }
    }
}
