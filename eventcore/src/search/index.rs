//! Giving the databases the words of texts that are new or have changed.

use sqlx::FromRow;

use super::words::{FILLER, Places};
use crate::db::{Dialect, Queries, Sql, Tx, sql};
use crate::error::{Error, Result};
use crate::id::EventId;

#[derive(FromRow)]
struct Uncut {
    id: i64,
    title: String,
    tags: String,
    location: String,
    description: String,
}

/// Texts, with what stands in them; some are not cut yet.
const TEXTS: &str =
    "SELECT x.id, coalesce(o.title, e.title) AS title, coalesce(o.location, e.location) AS location,
        coalesce(o.description, e.description) AS description, e.tags
     FROM texts x JOIN events e ON e.id = x.event_id
        LEFT JOIN occurrences o ON o.id = (SELECT d.id FROM occurrences d WHERE d.text_id = x.id LIMIT 1)";

/// Cuts the texts of an event that are not cut yet.
pub(crate) async fn feed(tx: &mut Tx, event: EventId) -> Result<()> {
    let uncut = Sql::built(format!("{TEXTS} WHERE x.event_id = $1 AND NOT x.cut"));
    let texts: Vec<Uncut> = tx.query(uncut).bind(event).all().await?;
    store_all(tx, &texts).await
}

/// Cuts some texts of a database that an older program wrote; answers how many.
pub(crate) async fn feed_some(tx: &mut Tx) -> Result<usize> {
    let uncut = Sql::built(format!("{TEXTS} WHERE NOT x.cut ORDER BY x.id LIMIT 500"));
    let texts: Vec<Uncut> = tx.query(uncut).all().await?;
    store_all(tx, &texts).await?;
    Ok(texts.len())
}

async fn store_all(tx: &mut Tx, texts: &[Uncut]) -> Result<()> {
    for text in texts {
        store(tx, text).await?;
    }
    Ok(())
}

/// Beside the index, the words are stored as they are, each between blanks: to look at those of one date is quick, where the index would have to be
/// asked for all.
async fn store(tx: &mut Tx, text: &Uncut) -> Result<()> {
    let tags: Vec<String> = serde_json::from_str(&text.tags).unwrap_or_default();
    let tags = tags.join(" ");
    let parts = [&text.title, &tags, &text.location, &text.description].map(|part| Places::of(part));
    let [title, tags, location, description] = match tx.dialect() {
        Dialect::Sqlite => parts.each_ref().map(Places::in_a_row),
        Dialect::Postgres => parts.each_ref().map(Places::for_tsvector),
    };
    tx.query(sql!(
        sqlite "INSERT OR REPLACE INTO texts_words (rowid, title, tags, location, description) VALUES ($1, $2, $3, $4, $5)",
        postgres "INSERT INTO texts_words (id, words) VALUES ($1, setweight(CAST($2 AS tsvector), 'A') || setweight(CAST($3 AS tsvector), 'B')
                || setweight(CAST($4 AS tsvector), 'C') || setweight(CAST($5 AS tsvector), 'D'))
             ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    ))
    .bind(text.id)
    .bind(title)
    .bind(tags)
    .bind(location)
    .bind(description)
    .execute()
    .await?;
    let [title, tags, location, description] = parts.each_ref().map(Places::in_a_row);
    let title = format!(" {title}");
    let head = format!("{title} {FILLER} {tags} {FILLER} {location}");
    let characters = |text: &str| i64::try_from(text.chars().count()).map_err(Error::internal);
    tx.query(sql!("UPDATE texts SET cut = TRUE, words = $2, title_end = $3, head_end = $4 WHERE id = $1"))
        .bind(text.id)
        .bind(format!("{head} {FILLER} {description} "))
        .bind(characters(&title)?)
        .bind(characters(&head)?)
        .execute()
        .await?;
    Ok(())
}
