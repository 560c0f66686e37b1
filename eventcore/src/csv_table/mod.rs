//! Tables in CSV (RFC 4180), safe for spreadsheets.

mod formulas;

use crate::error::{Error, Result};

/// Encodes rows, after the column names if given. Every cell is quoted, and none runs as a formula.
pub(crate) fn encode<R: IntoIterator<Item = String>>(
    columns: Option<&[&str]>,
    rows: impl Iterator<Item = R>,
) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    if let Some(columns) = columns {
        writer.write_record(columns).map_err(Error::internal)?;
    }
    for row in rows {
        writer.write_record(row.into_iter().map(|cell| formulas::defuse(&cell))).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()))
}
