//! `/occurrences/{id}/registration`, `/occurrences/{id}/registrations`, `/registrations` and `/check-in`.

use eventcore::registrations::{CheckIn, MyRegistration, Registration};
use eventcore::{Cursor, OccurrenceId, Page, RegistrationId};
use serde_json::json;

use super::connection::Call;
use super::{Client, query};
use crate::api::{RegistrationsApi, Result};

impl RegistrationsApi for Client {
    async fn my_registrations(&self, cursor: Option<Cursor>) -> Result<Page<MyRegistration>> {
        Ok(self.http.get(&format!("/registrations{}", query::page(&[], cursor.as_ref()))).await?)
    }

    async fn my_registration(&self, occurrence: OccurrenceId) -> Result<Option<Registration>> {
        if !self.http.is_signed_in().await? {
            return Ok(None);
        }
        Ok(self.http.get_optional(&format!("/occurrences/{occurrence}/registration")).await?)
    }

    async fn register(&self, occurrence: OccurrenceId, party: i64) -> Result<Registration> {
        let path = format!("/occurrences/{occurrence}/registration");
        Ok(self.http.call(Call::put(&path).json(json!({"party_size": party}))).await?)
    }

    async fn set_auto_promote(
        &self,
        occurrence: OccurrenceId,
        version: i64,
        auto_promote: bool,
    ) -> Result<Registration> {
        let path = format!("/occurrences/{occurrence}/registration");
        let call = Call::put(&path).json(json!({"auto_promote": auto_promote})).if_match(version);
        Ok(self.http.call(call).await?)
    }

    async fn cancel_registration(&self, occurrence: OccurrenceId) -> Result<()> {
        self.http.send(Call::delete(&format!("/occurrences/{occurrence}/registration"))).await?;
        Ok(())
    }

    async fn registrations(
        &self,
        occurrence: OccurrenceId,
        cursor: Option<Cursor>,
    ) -> Result<Page<Registration>> {
        let query = query::page(&[], cursor.as_ref());
        Ok(self.http.get(&format!("/occurrences/{occurrence}/registrations{query}")).await?)
    }

    async fn add_registration(
        &self,
        occurrence: OccurrenceId,
        username: &str,
        party: i64,
    ) -> Result<Registration> {
        let path = format!("/occurrences/{occurrence}/registrations");
        let attendee = json!({"username": username, "party_size": party});
        Ok(self.http.call(Call::post(&path).json(attendee)).await?)
    }

    async fn remove_registration(
        &self,
        occurrence: OccurrenceId,
        registration: RegistrationId,
    ) -> Result<()> {
        let path = format!("/occurrences/{occurrence}/registrations/{registration}");
        self.http.send(Call::delete(&path)).await?;
        Ok(())
    }

    async fn check_in(&self, registration: RegistrationId) -> Result<CheckIn> {
        Ok(self.http.call(Call::post(&format!("/registrations/{registration}/check-in"))).await?)
    }

    async fn check_in_by_code(&self, occurrence: Option<OccurrenceId>, code: &str) -> Result<CheckIn> {
        let ticket = json!({"code": code, "occurrence_id": occurrence});
        Ok(self.http.call(Call::post("/check-in").json(ticket)).await?)
    }

    async fn undo_check_in(&self, registration: RegistrationId) -> Result<Registration> {
        // The response has no content.
        self.http.send(Call::delete(&format!("/registrations/{registration}/check-in"))).await?;
        Ok(self.http.get(&format!("/registrations/{registration}")).await?)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_undone_check_in_is_read_again() {
        let registration = json!({
            "id": "01890000-0000-7000-9000-000000000000",
            "occurrence_id": "01890000-0000-7000-8000-000000000001",
            "event_id": "01890000-0000-7000-8000-000000000000",
            "user": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"},
            "status": "confirmed", "party_size": 2, "position": null, "auto_promote": true,
            "ticket_code": "K7QM-3XFD", "created_at": "2026-11-23T10:00:00Z",
            "updated_at": "2026-11-23T10:00:00Z", "checked_in_at": null, "checked_in_by": null,
            "links": {"page": null}
        });
        let (listener, body) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), registration.to_string());
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = async {
            for (request, response) in [
                ("DELETE ", "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()),
                ("GET ", format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")),
            ] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 4_096];
                let read = stream.read(&mut head).await.unwrap();
                assert!(head[..read].starts_with(request.as_bytes()));
                stream.write_all(response.as_bytes()).await.unwrap();
            }
        };
        let id = "01890000-0000-7000-9000-000000000000".parse().unwrap();
        let (undone, ()) = tokio::join!(client.undo_check_in(id), server);
        assert_eq!(serde_json::to_value(undone.unwrap()).unwrap(), registration);
    }
}
