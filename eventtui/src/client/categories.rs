//! `/categories`.

use eventcore::Page;
use eventcore::categories::Category;

use super::Client;
use crate::api::{CategoriesApi, Result};

impl CategoriesApi for Client {
    async fn categories(&self) -> Result<Vec<Category>> {
        let page: Page<Category> = self.http.get_public("/categories").await?;
        Ok(page.items)
    }
}
