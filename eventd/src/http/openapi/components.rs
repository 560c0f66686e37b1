//! The component schemas: pages refer to their items, and components that nothing refers to are left out.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr};

use super::responses::{closure, collect_components, nested_components};

/// The prefix of the names of pages, such as `Page_Event`.
const PAGE: &str = "Page_";

/// Replaces the items of each page, which the derived schema repeats in full, by a reference to their
/// component.
pub(super) fn refer_to_items(document: &mut Document) {
    let Some(components) = &mut document.components else { return };
    let names: BTreeSet<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let Some(item) = name.strip_prefix(PAGE).filter(|item| names.contains(*item)) else { continue };
        let RefOr::T(Schema::Object(page)) = schema else { continue };
        if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
            items.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
        }
    }
}

/// Removes the components that no operation refers to, directly or not.
pub(super) fn remove_unused(document: &mut Document) {
    let paths = serde_json::to_value(&document.paths).unwrap_or(Value::Null);
    let mut used = BTreeSet::new();
    collect_components(&paths, &mut used);
    let Some(components) = &mut document.components else { return };
    let used = closure(used, &nested_components(components));
    components.schemas.retain(|name, _| used.contains(name));
}
