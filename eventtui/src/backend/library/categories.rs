//! The categories, on a database.

use eventcore::categories::{Category, CategoryInput};
use eventcore::{Error, Precondition};
use serde_json::Value;

use super::Library;
use crate::api::{CategoriesApi, Result};

impl CategoriesApi for Library {
    async fn categories(&self) -> Result<Vec<Category>> {
        Ok(self.core.categories().await?)
    }

    async fn create_category(&self, input: Value) -> Result<()> {
        let input: CategoryInput = serde_json::from_value(input).map_err(Error::internal)?;
        self.core.create_category(&self.actor(), &input).await?;
        Ok(())
    }

    async fn change_category(&self, slug: &str, version: i64, patch: &Value) -> Result<()> {
        let expected = Precondition::version(version);
        self.core.change_category(&self.actor(), slug, patch, Some(&expected)).await?;
        Ok(())
    }

    async fn delete_category(&self, slug: &str, version: i64, move_to: Option<&str>) -> Result<()> {
        let expected = Precondition::version(version);
        Ok(self.core.delete_category(&self.actor(), slug, move_to, Some(&expected)).await?)
    }
}
