"""Registering for an occurrence: seats and waitlist.

Each operation locks the row of the occurrence first, so that one transaction at a time
changes its seats.
"""

import secrets

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import APIException, NotFound

from peer.models import Event, Occurrence, Registration

Status = Registration.Status


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


def lock(occurrence_id):
    occurrences = (
        Occurrence.objects.select_related("event")
        .defer("event__search")
        .exclude(event__visibility=Event.Visibility.PRIVATE)
        .select_for_update(of=("self",))
    )
    return get_object_or_404(occurrences, pk=occurrence_id)


def live(occurrence_id, user):
    registrations = Registration.objects.exclude(status=Status.CANCELLED)
    return registrations.filter(occurrence=occurrence_id, user=user).first()


@transaction.atomic
def register(user, occurrence_id, party_size):
    """Registers a user, or changes the size of the party.

    Returns the registration and whether it is new.
    """
    occurrence = lock(occurrence_id)
    registration = live(occurrence_id, user)
    if registration and registration.party_size == party_size:
        return registration, False
    must_be_open(occurrence, party_size)
    if registration:
        return change(occurrence, registration, party_size), False
    registration = Registration(
        occurrence=occurrence,
        user=user,
        party_size=party_size,
        ticket_code=secrets.token_hex(16),
    )
    free = occurrence.capacity - occurrence.seats_taken
    if party_size <= free and occurrence.waitlist_length == 0:
        registration.status = Status.CONFIRMED
        occurrence.seats_taken += party_size
    elif occurrence.event.waitlist_enabled:
        registration.status = Status.WAITLISTED
        registration.waitlist_number = occurrence.next_waitlist_number
        occurrence.next_waitlist_number += 1
        occurrence.waitlist_length += 1
        registration.position = occurrence.waitlist_length
    else:
        raise Conflict("the occurrence is full", "event_full")
    registration.save(force_insert=True)
    save_seats(occurrence)
    return registration, True


def change(occurrence, registration, party_size):
    more = party_size - registration.party_size
    if registration.status != Status.WAITLISTED:
        free = occurrence.capacity - occurrence.seats_taken
        if more > 0 and (more > free or occurrence.waitlist_length):
            raise Conflict("too few seats are left", "event_full")
        occurrence.seats_taken += more
    registration.party_size = party_size
    registration.save(update_fields=["party_size", "updated_at"])
    promote(occurrence)
    registration.refresh_from_db(fields=["status"])
    return registration


@transaction.atomic
def cancel(user, occurrence_id):
    occurrence = lock(occurrence_id)
    registration = live(occurrence_id, user)
    if registration is None:
        raise NotFound
    if registration.status == Status.WAITLISTED:
        occurrence.waitlist_length -= 1
    else:
        occurrence.seats_taken -= registration.party_size
    registration.status = Status.CANCELLED
    registration.save(update_fields=["status", "updated_at"])
    promote(occurrence)


def promote(occurrence):
    """Gives free seats to the head of the waitlist while it fits. Saves the seats."""
    waitlist = Registration.objects.filter(
        occurrence=occurrence, status=Status.WAITLISTED, auto_promote=True
    ).order_by("waitlist_number")
    while occurrence.waitlist_length and (first := waitlist.first()):
        if first.party_size > occurrence.capacity - occurrence.seats_taken:
            break
        first.status = Status.CONFIRMED
        first.save(update_fields=["status", "updated_at"])
        occurrence.seats_taken += first.party_size
        occurrence.waitlist_length -= 1
    save_seats(occurrence)


def save_seats(occurrence):
    occurrence.save(
        update_fields=["seats_taken", "waitlist_length", "next_waitlist_number"]
    )


def must_be_open(occurrence, party_size):
    event, now = occurrence.event, timezone.now()
    if event.status != Event.Status.PUBLISHED:
        raise Conflict("the event is not published", "event_not_published")
    if occurrence.status != Occurrence.Status.SCHEDULED:
        raise Conflict("the occurrence is cancelled", "occurrence_cancelled")
    if occurrence.starts_at <= now:
        raise Conflict("the occurrence has started", "occurrence_past")
    if event.registration_opens_at and now < event.registration_opens_at:
        raise Conflict("registration has not opened yet", "registration_not_open")
    if event.registration_closes_at and now >= event.registration_closes_at:
        raise Conflict("registration is closed", "registration_closed")
    if party_size > event.max_party_size:
        raise Conflict("the party is too large", "party_too_large")
