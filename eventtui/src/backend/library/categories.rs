//! The categories, on a database.

use eventcore::categories::Category;

use super::Library;
use crate::api::{CategoriesApi, Result};

impl CategoriesApi for Library {
    async fn categories(&self) -> Result<Vec<Category>> {
        Ok(self.core.categories().await?)
    }
}
