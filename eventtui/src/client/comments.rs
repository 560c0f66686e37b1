//! `/events/{id}/comments` and `/comments`.

use eventcore::comments::Comment;
use eventcore::{CommentId, Cursor, EventId, Page};
use serde_json::json;

use super::connection::Call;
use super::{Client, query};
use crate::api::{CommentsApi, Result};

impl CommentsApi for Client {
    async fn comments(
        &self,
        event: EventId,
        parent: Option<CommentId>,
        cursor: Option<Cursor>,
    ) -> Result<Page<Comment>> {
        let (parent, replies) = match parent {
            Some(parent) => (parent.to_string(), ""),
            None => (String::new(), "true"),
        };
        let query = query::page(&[("parent", &parent), ("replies", replies)], cursor.as_ref());
        Ok(self.http.get(&format!("/events/{event}/comments{query}")).await?)
    }

    async fn comment_count(&self, event: EventId) -> Result<i64> {
        let path = format!("/events/{event}/comments?limit=1&count=true");
        let page: Page<Comment> = self.http.get(&path).await?;
        Ok(page.total.unwrap_or_default())
    }

    async fn add_comment(&self, event: EventId, reply_to: Option<CommentId>, body: String) -> Result<()> {
        let path = format!("/events/{event}/comments");
        self.http.send(Call::post(&path).json(json!({"body": body, "parent_id": reply_to}))).await?;
        Ok(())
    }

    async fn change_comment(&self, comment: CommentId, version: i64, body: String) -> Result<()> {
        let path = format!("/comments/{comment}");
        self.http.send(Call::patch(&path).json(json!({"body": body})).if_match(version)).await?;
        Ok(())
    }

    async fn delete_comment(&self, comment: CommentId) -> Result<()> {
        self.http.send(Call::delete(&format!("/comments/{comment}"))).await?;
        Ok(())
    }

    async fn hide_comment(&self, comment: CommentId, hidden: bool) -> Result<()> {
        let path = format!("/comments/{comment}/hide");
        self.http.send(if hidden { Call::post(&path) } else { Call::delete(&path) }).await?;
        Ok(())
    }
}
