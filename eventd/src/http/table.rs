//! Tables (RFC 4180): how they are asked for, written and sent.

use eventcore::Error;
use futures_util::Stream;
use http::{HeaderValue, header};
use hyper::body::Bytes;
use warp::Reply;
use warp::reply::Response;

use super::accept;
use super::call::Call;

/// Whether a table is wanted more than JSON, or as much and named more exactly.
pub(crate) fn is_wanted(call: &Call) -> bool {
    accept::wish(&call.headers, "text/csv") > accept::wish(&call.headers, "application/json")
}

/// Some rows, below their head where they are the first.
pub(crate) fn piece<R: IntoIterator<Item = String>>(
    head: Option<&[&str]>,
    rows: impl Iterator<Item = R>,
) -> Result<Bytes, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if let Some(head) = head {
        writer.write_record(head).map_err(Error::internal)?;
    }
    for row in rows {
        writer.write_record(row.into_iter().map(defused)).map_err(Error::internal)?;
    }
    Ok(writer.into_inner().map_err(|error| Error::internal(error.to_string()))?.into())
}

/// The answer: a file by that name, piece by piece as the client takes them.
pub(crate) fn answer(
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + Sync + 'static,
    name: &str,
) -> Response {
    let mut response = warp::reply::stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\""));
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment")),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front.
fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("Ada = Bob", "Ada = Bob"),
            ("", ""),
        ] {
            assert_eq!(defused(cell.to_owned()), safe);
        }
    }
}
