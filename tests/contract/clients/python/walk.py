"""A life with the client that openapi-generator makes for Python."""

import json
import sys

import eventd_client
from eventd_client import models
from eventd_client.rest import ApiException

PASSWORD = "correct horse 7"


def refused(status, kind, call):
    """Calls, expects a problem, and returns it."""
    try:
        call()
    except ApiException as refusal:
        problem = models.Problem.from_dict(json.loads(refusal.body))
        assert (refusal.status, problem.status) == (status, status), refusal
        assert problem.type == f"/problems/{kind}", problem
        return problem
    raise AssertionError(f"not refused as {kind}")


class Person:
    def __init__(self, base, name):
        self.base = base
        self.sign_up = models.NewUser(username=name, email=f"{name}@example.org", password=PASSWORD)
        self.connect(None)
        user = self.users.users_create(self.sign_up)
        assert (user.username, user.role) == (name, models.Role.USER), user
        self.tokens = self.auth.auth_login(models.Credentials(login=name, password=PASSWORD))
        self.connect(self.tokens.access_token)

    def connect(self, token):
        client = eventd_client.ApiClient(eventd_client.Configuration(host=self.base, access_token=token))
        self.auth = eventd_client.AuthApi(client)
        self.users = eventd_client.UsersApi(client)
        self.events = eventd_client.EventsApi(client)
        self.occurrences = eventd_client.OccurrencesApi(client)
        self.registrations = eventd_client.RegistrationsApi(client)


def walk(base):
    ada, bob = Person(base, "python-ada"), Person(base, "python-bob")
    refused(409, "username-taken", lambda: ada.users.users_create(ada.sign_up))
    wrong = models.Credentials(login="python-ada", password="wrong horse 8")
    refused(401, "invalid-credentials", lambda: ada.auth.auth_login(wrong))
    account = bob.users.users_read("me").actual_instance
    assert account.email == "python-bob@example.org", account

    evening = dict(title="Pythonists evening", location="Room 2", starts_at="2099-03-05T18:30:00",
                   timezone="Europe/Berlin", capacity=4, recurrence=models.Recurrence(
                       rrule="FREQ=WEEKLY;COUNT=3", rdate=[], exdate=[]))
    event = ada.events.events_create(models.NewEvent(**evening, registration_closes_before="PT2H"))
    assert (event.occurrence_count, event.registration_closes_before) == (3, "PT2H"), event
    assert event.next_occurrence.starts_at == "2099-03-05T18:30:00+01:00", event
    # The generated model checks capacity itself, so that the violation is one that it does not know.
    problem = refused(400, "invalid-input", lambda: ada.events.events_create(
        models.NewEvent(**{**evening, "starts_at": "yesterday"})))
    assert [error.pointer for error in problem.errors] == ["/starts_at"], problem
    changed = ada.events.events_change(str(event.id), models.EventChange(capacity=5))
    assert (changed.capacity, changed.version) == (5, event.version + 1), changed
    refused(412, "version-mismatch", lambda: ada.events.events_change(
        str(event.id), models.EventChange(capacity=6), if_match='"1"'))

    first = bob.occurrences.occurrences_list(q="pythonists", limit=2, count=True)
    rest = bob.occurrences.occurrences_list(q="pythonists", limit=2, cursor=first.next)
    assert (first.total, len(first.items), len(rest.items), rest.next) == (3, 2, 1, None), first
    occurrence = str(first.items[0].id)
    registration = bob.registrations.registrations_register(occurrence, party_input=models.PartyInput(party_size=2))
    assert registration.status == models.RegistrationStatus.CONFIRMED and registration.ticket_code, registration
    assert bob.occurrences.occurrences_read(occurrence).seats_left == 3
    [mine] = bob.registrations.registrations_list_mine().items
    assert (mine.id, mine.occurrence.title) == (registration.id, "Pythonists evening"), mine
    [attendee] = ada.registrations.registrations_list(occurrence).items
    assert attendee.user.username == "python-bob", attendee
    assert b"PNG" in bob.registrations.registrations_ticket_png(str(registration.id))[:8]
    bob.registrations.registrations_cancel(occurrence)
    assert bob.occurrences.occurrences_read(occurrence).seats_left == 5
    refused(404, "not-found", lambda: bob.events.events_read("01890000-0000-7000-8000-000000000000"))

    assert ada.events.events_cancel(str(event.id)).status == models.EventStatus.CANCELLED
    token = models.RefreshToken(refresh_token=bob.tokens.refresh_token)
    tokens = bob.auth.auth_refresh(token)
    assert tokens.refresh_token != bob.tokens.refresh_token
    bob.auth.auth_logout(models.RefreshToken(refresh_token=tokens.refresh_token))
    refused(401, "invalid-credentials", lambda: bob.users.users_read("me"))


walk(sys.argv[1])
