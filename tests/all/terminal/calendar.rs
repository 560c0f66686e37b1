//! The month and the week.

use tests::{Kind, Terminal, TestDb, new_event};

/// The days of an all-day event are those of its own time zone, wherever they are read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_all_day_event_of_another_zone_is_shown_once_on_its_own_days() {
    let db = TestDb::in_real_time(Kind::Sqlite).await;
    let ada = db.user("ada").await;
    let fair = new_event().title("Spring fair").set("all_day", true).timezone("Europe/Berlin");
    let fair = fair.starts_at("2031-04-16").ends_at("2031-04-17");
    db.create_event(&ada, fair).await;
    for zone in ["America/New_York", "Pacific/Kiritimati", "Europe/Berlin"] {
        let home = std::sync::Arc::new(tempfile::tempdir().unwrap());
        let mut guest = Terminal::with(&home, &[("TZ", zone)], &["--database", &db.url]);
        guest.shows("Spring fair").await;
        guest.types("2d2031-04-15\r").await.shows("Tue 15 April 2031 · no events").await;
        for (key, day, part) in [("l", "Wed 16", " 1/2 "), ("l", "Thu 17", " 2/2 ")] {
            guest.types(key).await.shows(&format!("{day} April 2031 · 1 event")).await.shows(part).await;
            assert_eq!(guest.text().matches("Spring fair").count(), 1, "{zone}:\n{}", guest.text());
        }
        guest.types("l").await.shows("Fri 18 April 2031 · no events").await;
        guest.types("q").await;
        assert_eq!(guest.ends().await, 0);
    }
}
