//! Parameters that several routes declare.

use utoipa::IntoParams;

/// Pagination of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `Query::page` reads")]
pub(crate) struct PageParameters {
    /// Maximum number of items; default 20
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Position in the list: the `next` or `previous` of another page
    cursor: Option<String>,
    /// Whether to add the `total` number of items; default false
    count: Option<bool>,
}

/// The precondition of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header that `etag::expected_version` reads")]
pub(crate) struct IfMatch {
    /// The `ETag` of the version to change. If it was changed since, the response is 412
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}
