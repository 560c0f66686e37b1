//! The comments on an event, with their replies.

use eventcore::comments::Comment;
use eventcore::{CommentId, EventId};

use crate::api::{CommentsApi, Result};

/// How many top-level comments are shown, and how many replies to each.
const MOST: usize = 200;

/// The top-level comments, each followed by its replies. A page of comments has the first replies to each;
/// further requests are made only for those with more.
pub(super) async fn load(api: &impl CommentsApi, event: EventId) -> Result<Vec<Comment>> {
    let mut comments = Vec::new();
    for mut comment in pages(api, event, None).await? {
        let (id, count) = (comment.id, usize::try_from(comment.reply_count).unwrap_or(0));
        let first = comment.replies.take().unwrap_or_default();
        comments.push(comment);
        comments.extend(if first.len() < count { pages(api, event, Some(id)).await? } else { first });
    }
    Ok(comments)
}

async fn pages(api: &impl CommentsApi, event: EventId, parent: Option<CommentId>) -> Result<Vec<Comment>> {
    let (mut comments, mut cursor) = (Vec::new(), None);
    while comments.len() < MOST {
        let page = api.comments(event, parent, cursor).await?;
        comments.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(comments)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use eventcore::{Cursor, Page};
    use serde_json::{Value, json};

    use super::*;

    fn comment(n: usize, changes: &Value) -> Comment {
        let mut comment = json!({
            "id": format!("01890000-0000-7000-8000-{n:012}"),
            "event_id": "01890000-0000-7000-8000-000000000000", "parent_id": null, "author": null,
            "by_organizer": false, "body": format!("{n}"), "status": "visible", "reply_count": 0,
            "created_at": "2027-02-20T10:00:00Z", "edited_at": null, "version": 1
        });
        comment.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(comment).unwrap()
    }

    /// 150 comments; the first has 30 replies, every other has one.
    #[derive(Default)]
    struct Busy {
        requests: AtomicUsize,
    }

    impl CommentsApi for Busy {
        async fn comments(
            &self,
            _: EventId,
            parent: Option<CommentId>,
            cursor: Option<Cursor>,
        ) -> Result<Page<Comment>> {
            self.requests.fetch_add(1, Ordering::Relaxed);
            let replies = |n: usize, count: usize| {
                (0..count).map(move |reply| comment(1_000 * (n + 1) + reply, &json!({})))
            };
            if parent.is_some() {
                return Ok(Page::whole(replies(0, 30).collect()));
            }
            let first = usize::from(cursor.is_some()) * 100;
            let roots = (first..(first + 100).min(150)).map(|n| {
                let count = if n == 0 { 30 } else { 1 };
                Comment {
                    replies: Some(replies(n, count.min(20)).collect()),
                    ..comment(n, &json!({"reply_count": count}))
                }
            });
            let next = cursor.is_none().then(|| Cursor::from("more".to_owned()));
            Ok(Page { next, ..Page::whole(roots.collect()) })
        }

        async fn comment_count(&self, _: EventId) -> Result<i64> {
            unreachable!()
        }

        async fn add_comment(&self, _: EventId, _: Option<CommentId>, _: String) -> Result<()> {
            unreachable!()
        }

        async fn change_comment(&self, _: CommentId, _: i64, _: String) -> Result<()> {
            unreachable!()
        }

        async fn delete_comment(&self, _: CommentId) -> Result<()> {
            unreachable!()
        }

        async fn hide_comment(&self, _: CommentId, _: bool) -> Result<()> {
            unreachable!()
        }
    }

    #[tokio::test]
    async fn conversations_take_few_requests() {
        let api = Busy::default();
        let event = comment(0, &json!({})).event_id;
        let comments = load(&api, event).await.unwrap();
        assert_eq!(
            api.requests.load(Ordering::Relaxed),
            3,
            "two pages, and the replies to the first comment"
        );
        let bodies: Vec<_> = comments.iter().map(|comment| comment.body.clone().unwrap()).collect();
        assert_eq!(bodies.len(), 150 + 30 + 149);
        assert_eq!((&*bodies[0], &*bodies[30], &*bodies[31], &*bodies[32]), ("0", "1029", "1", "2000"));
    }
}
