"""A life with the client that openapi-python-client makes."""

import sys

from eventd_httpx import AuthenticatedClient, Client
from eventd_httpx import models
from eventd_httpx.api.auth import auth_login, auth_logout, auth_refresh
from eventd_httpx.api.events import events_cancel, events_change, events_create, events_read
from eventd_httpx.api.occurrences import occurrences_list, occurrences_read
from eventd_httpx.api.registrations import (registrations_cancel, registrations_list, registrations_list_mine,
                                            registrations_register)
from eventd_httpx.api.users import users_create, users_read

PASSWORD = "correct horse 7"


def refused(status, kind, answer):
    """Expects a problem, and returns it."""
    problem = answer.parsed
    assert isinstance(problem, models.Problem), answer
    assert (answer.status_code, problem.status, problem.type_) == (status, status, f"/problems/{kind}"), answer
    return problem


def done(answer, kind):
    """Expects a body of this type, and returns it."""
    assert isinstance(answer.parsed, kind), answer
    return answer.parsed


class Person:
    def __init__(self, base, name):
        self.anonymous = Client(base_url=base, raise_on_unexpected_status=True)
        self.sign_up = models.NewUser(username=name, email=f"{name}@example.org", password=PASSWORD)
        user = done(users_create.sync_detailed(client=self.anonymous, body=self.sign_up), models.User)
        assert user.username == name, user
        credentials = models.Credentials(login=name, password=PASSWORD)
        self.tokens = done(auth_login.sync_detailed(client=self.anonymous, body=credentials), models.TokenPair)
        self.client = AuthenticatedClient(base_url=base, token=self.tokens.access_token,
                                          raise_on_unexpected_status=True)


def walk(base):
    ada, bob = Person(base, "httpx-ada"), Person(base, "httpx-bob")
    refused(409, "username-taken", users_create.sync_detailed(client=ada.anonymous, body=ada.sign_up))
    wrong = models.Credentials(login="httpx-ada", password="wrong horse 8")
    refused(401, "invalid-credentials", auth_login.sync_detailed(client=ada.anonymous, body=wrong))
    account = done(users_read.sync_detailed("me", client=bob.client), models.User)
    assert account.email == "httpx-bob@example.org", account

    evening = models.NewEvent(title="Httpx evening", location="Room 2", starts_at="2099-03-05T18:30:00",
                              timezone="Europe/Berlin", capacity=4, registration_closes_before="PT2H",
                              recurrence=models.Recurrence(rrule="FREQ=WEEKLY;COUNT=3", rdate=[], exdate=[]))
    event = done(events_create.sync_detailed(client=ada.client, body=evening), models.Event)
    assert (event.occurrence_count, event.registration_closes_before) == (3, "PT2H"), event
    evening.capacity = 0
    problem = refused(400, "invalid-input", events_create.sync_detailed(client=ada.client, body=evening))
    assert [error.pointer for error in problem.errors] == ["/capacity"], problem
    change = models.EventChange(capacity=5)
    changed = done(events_change.sync_detailed(str(event.id), client=ada.client, body=change), models.Event)
    assert (changed.capacity, changed.version) == (5, event.version + 1), changed
    refused(412, "version-mismatch", events_change.sync_detailed(
        str(event.id), client=ada.client, body=change, if_match='"1"'))

    first = done(occurrences_list.sync_detailed(client=bob.client, q="httpx", limit=2, count=True),
                 models.PageOccurrence)
    rest = done(occurrences_list.sync_detailed(client=bob.client, q="httpx", limit=2, cursor=first.next_),
                models.PageOccurrence)
    assert (first.total, len(first.items), len(rest.items), rest.next_) == (3, 2, 1, None), first
    occurrence = str(first.items[0].id)
    registration = done(registrations_register.sync_detailed(
        occurrence, client=bob.client, body=models.PartyInput(party_size=2)), models.Registration)
    assert registration.status == models.RegistrationStatus.CONFIRMED and registration.ticket_code, registration
    read = done(occurrences_read.sync_detailed(occurrence, client=bob.client), models.Occurrence)
    assert read.seats_left == 3, read
    [mine] = done(registrations_list_mine.sync_detailed(client=bob.client), models.PageMyRegistration).items
    assert (mine.id, mine.occurrence.title) == (registration.id, "Httpx evening"), mine
    [attendee] = done(registrations_list.sync_detailed(occurrence, client=ada.client),
                      models.PageRegistration).items
    assert attendee.user.username == "httpx-bob", attendee
    assert registrations_cancel.sync_detailed(occurrence, client=bob.client).status_code == 204
    nobody = "01890000-0000-7000-8000-000000000000"
    refused(404, "not-found", events_read.sync_detailed(nobody, client=bob.client))

    cancelled = done(events_cancel.sync_detailed(str(event.id), client=ada.client), models.Event)
    assert cancelled.status == models.EventStatus.CANCELLED, cancelled
    token = models.RefreshToken(refresh_token=bob.tokens.refresh_token)
    tokens = done(auth_refresh.sync_detailed(client=bob.anonymous, body=token), models.TokenPair)
    token = models.RefreshToken(refresh_token=tokens.refresh_token)
    assert auth_logout.sync_detailed(client=bob.anonymous, body=token).status_code == 204
    refused(401, "invalid-credentials", users_read.sync_detailed("me", client=bob.client))


walk(sys.argv[1])
