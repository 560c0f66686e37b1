//! What is said on an event, put together in the same way wherever it comes from, in as few questions as can be.

use std::future::Future;

use eventcore::comments::Comment;
use eventcore::{CommentId, Cursor, EventId, Page};

/// Comments that reply to none, and replies to one, that are shown at most.
const MOST: usize = 200;

/// Where comments come from, page by page.
pub(super) trait Talk: Sync {
    type Error: Send;

    /// A page of the comments that reply to none, with the first replies to each; or of all replies to one.
    fn page(
        &self,
        event: EventId,
        parent: Option<CommentId>,
        cursor: Option<Cursor>,
    ) -> impl Future<Output = Result<Page<Comment>, Self::Error>> + Send;

    /// All that is said on an event, each comment with its replies behind it.
    fn conversations(
        &self,
        event: EventId,
    ) -> impl Future<Output = Result<Vec<Comment>, Self::Error>> + Send {
        async move {
            let mut said = Vec::new();
            for mut comment in self.all(event, None).await? {
                let (id, many) = (comment.id, usize::try_from(comment.reply_count).unwrap_or(0));
                let first = comment.replies.take().unwrap_or_default();
                said.push(comment);
                said.extend(if first.len() < many { self.all(event, Some(id)).await? } else { first });
            }
            Ok(said)
        }
    }

    /// The comments that reply to one, or to none: as many as are shown.
    fn all(
        &self,
        event: EventId,
        parent: Option<CommentId>,
    ) -> impl Future<Output = Result<Vec<Comment>, Self::Error>> + Send {
        async move {
            let (mut said, mut cursor) = (Vec::new(), None);
            while said.len() < MOST {
                let page = self.page(event, parent, cursor).await?;
                said.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            Ok(said)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::{Value, json};

    use super::*;

    fn comment(n: usize, changes: &Value) -> Comment {
        let mut comment = json!({"id": format!("01890000-0000-7000-8000-{n:012}"), "event_id": "01890000-0000-7000-8000-000000000000",
            "parent_id": null, "author": null, "by_organizer": false, "body": format!("{n}"), "status": "visible", "reply_count": 0,
            "created_at": "2027-02-20T10:00:00Z", "edited_at": null, "version": 1});
        comment.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(comment).unwrap()
    }

    /// 150 comments, of which the first has 30 replies, and every other one has one.
    #[derive(Default)]
    struct Crowd {
        asked: AtomicUsize,
    }

    impl Talk for Crowd {
        type Error = ();

        async fn page(
            &self,
            _: EventId,
            parent: Option<CommentId>,
            cursor: Option<Cursor>,
        ) -> Result<Page<Comment>, ()> {
            self.asked.fetch_add(1, Ordering::Relaxed);
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
    }

    #[tokio::test]
    async fn conversations_come_in_few_questions() {
        let crowd = Crowd::default();
        let event = comment(0, &json!({})).event_id;
        let said = crowd.conversations(event).await.unwrap();
        assert_eq!(crowd.asked.load(Ordering::Relaxed), 3, "two pages, and the rest of the long one");
        let bodies: Vec<_> = said.iter().map(|comment| comment.body.clone().unwrap()).collect();
        assert_eq!(bodies.len(), 150 + 30 + 149);
        assert_eq!((&*bodies[0], &*bodies[30], &*bodies[31], &*bodies[32]), ("0", "1029", "1", "2000"));
    }
}
