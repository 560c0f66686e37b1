//! The operations on comments, on a database.

use eventcore::comments::{Comment, CommentFilter, CommentInput};
use eventcore::{CommentId, Cursor, EventId, Page, PageRequest, Precondition};
use serde_json::json;

use super::{Library, page};
use crate::api::{CommentsApi, Result};

impl CommentsApi for Library {
    async fn comments(
        &self,
        event: EventId,
        parent: Option<CommentId>,
        cursor: Option<Cursor>,
    ) -> Result<Page<Comment>> {
        let filter = CommentFilter { parent, replies: parent.is_none(), html: false };
        Ok(self.core.comments(&self.actor(), event, &filter, &page(cursor)).await?)
    }

    async fn comment_count(&self, event: EventId) -> Result<i64> {
        let counted = PageRequest { count: true, ..PageRequest::first(1) };
        let page = self.core.comments(&self.actor(), event, &CommentFilter::default(), &counted).await?;
        Ok(page.total.unwrap_or_default())
    }

    async fn add_comment(&self, event: EventId, reply_to: Option<CommentId>, body: String) -> Result<()> {
        let input = CommentInput { body, parent_id: reply_to, ..CommentInput::default() };
        self.core.add_comment(&self.actor(), event, &input).await?;
        Ok(())
    }

    async fn change_comment(&self, comment: CommentId, version: i64, body: String) -> Result<()> {
        let patch = json!({"body": body});
        self.core
            .change_comment(&self.actor(), comment, &patch, Some(&Precondition::version(version)))
            .await?;
        Ok(())
    }

    async fn delete_comment(&self, comment: CommentId) -> Result<()> {
        self.core.delete_comment(&self.actor(), comment, None).await?;
        Ok(())
    }

    async fn hide_comment(&self, comment: CommentId, hidden: bool) -> Result<()> {
        self.core.hide_comment(&self.actor(), comment, hidden, None).await?;
        Ok(())
    }
}
