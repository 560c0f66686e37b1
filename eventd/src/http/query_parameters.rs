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
#[expect(dead_code, reason = "describes a header that `etag::precondition` reads")]
pub(crate) struct IfMatch {
    /// The `ETag` of the version to change, or several: any of them may be current. If it was changed since,
    /// the response is 412
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// Texts as HTML.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a parameter that `Query::html` reads")]
pub(crate) struct HtmlParameter {
    /// Whether to add `description_html`: the description as sanitized HTML
    html: Option<bool>,
}
