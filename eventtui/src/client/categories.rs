//! `/categories`.

use eventcore::Page;
use eventcore::categories::Category;
use serde_json::Value;

use super::connection::Call;
use super::{Client, query};
use crate::api::{CategoriesApi, Result};

impl CategoriesApi for Client {
    async fn categories(&self) -> Result<Vec<Category>> {
        let page: Page<Category> = self.http.get_public("/categories").await?;
        Ok(page.items)
    }

    async fn create_category(&self, input: Value) -> Result<()> {
        self.http.send(Call::post("/categories").json(input)).await?;
        Ok(())
    }

    async fn change_category(&self, slug: &str, version: i64, changes: &Value) -> Result<()> {
        let path = format!("/categories/{}", query::segment(slug));
        self.http.send(Call::patch(&path).json(changes.clone()).if_match(version)).await?;
        Ok(())
    }

    async fn delete_category(&self, slug: &str, version: i64, move_to: Option<&str>) -> Result<()> {
        let query = move_to.map(|slug| format!("?move_to={}", query::segment(slug))).unwrap_or_default();
        let path = format!("/categories/{}{query}", query::segment(slug));
        self.http.send(Call::delete(&path).if_match(version)).await?;
        Ok(())
    }
}
