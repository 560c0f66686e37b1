"""Fills the database, and writes the files that a round of measurements reads.

`benches/src/bin/prepare.rs` does the same for eventd. It describes arguments and files.

    python -m peer.prepare EVENTS PEOPLE SHARED DIRECTORY
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils.dateparse import parse_duration  # noqa: E402
from rest_framework_simplejwt.tokens import AccessToken  # noqa: E402

from peer.models import Category, Event, Occurrence, Tag, User  # noqa: E402
from peer.serializers import occurrence_of, starts_of  # noqa: E402

BATCH = 2_000
# The measurements of a round take longer than the default of five minutes.
TOKEN_LIFETIME = timedelta(days=1)


def token(user):
    access = AccessToken.for_user(user)
    access.set_exp(lifetime=TOKEN_LIFETIME)
    return str(access)


@transaction.atomic
def create_events(bodies, organizer):
    """Creates events with their occurrences. Returns the occurrences."""
    slugs, names = set(), set()
    for body in bodies:
        slugs |= {body["category"]} if "category" in body else set()
        names |= set(body.get("tags", []))
    for slug in slugs:
        Category.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    Tag.objects.bulk_create((Tag(name=n) for n in names), ignore_conflicts=True)
    categories = {category.slug: category for category in Category.objects.all()}
    tags = dict(Tag.objects.filter(name__in=names).values_list("name", "id"))
    events, starts, labels = [], [], []
    for body in bodies:
        event = Event(
            organizer=organizer,
            title=body["title"],
            description=body["description"],
            location=body["location"],
            starts_at=datetime.fromisoformat(body["starts_at"]),
            duration=parse_duration(body["duration"]),
            timezone=body["timezone"],
            capacity=body["capacity"],
            category=categories.get(body.get("category")),
            rrule=body.get("recurrence", {}).get("rrule", ""),
        )
        events.append(event)
        starts.append(starts_of(vars(event)))
        labels.append(body.get("tags", []))
    Event.objects.bulk_create(events)
    Event.tags.through.objects.bulk_create(
        Event.tags.through(event_id=event.id, tag_id=tags[name])
        for event, names in zip(events, labels, strict=True)
        for name in names
    )
    return Occurrence.objects.bulk_create(
        occurrence_of(event, at)
        for event, starts in zip(events, starts, strict=True)
        for at in starts
    )


def rush(number, seats):
    """The body of an event for registrations."""
    return {
        "title": f"Rush {number}",
        "description": "",
        "location": "Arena",
        "starts_at": "2047-03-04T18:30:00Z",
        "timezone": "UTC",
        "duration": "PT1H",
        "capacity": seats,
    }


def main(events, people, shared, directory):
    people, shared, directory = int(people), int(shared), Path(directory)
    organizer, _ = User.objects.get_or_create(
        username="organizer", email="organizer@example.org"
    )
    if not Event.objects.exists():
        bodies = [json.loads(line) for line in Path(events).read_text().splitlines()]
        for first in range(0, len(bodies), BATCH):
            create_events(bodies[first : first + BATCH], organizer)
        User.objects.bulk_create(
            User(username=f"person{n}", email=f"person{n}@example.org")
            for n in range(people)
        )
    spread = create_events([rush(n, people) for n in range(1_000)], organizer)
    crowded = create_events(
        [rush(n, max(people // 2, 1)) for n in range(shared)], organizer
    )
    users = User.objects.filter(username__startswith="person").order_by("id")[:people]
    lines = {
        "organizer": [token(organizer)],
        "people": [token(user) for user in users],
        "spread": [occurrence.id for occurrence in spread],
        "shared": [occurrence.id for occurrence in crowded],
        "events": Event.objects.order_by("id").values_list("id", flat=True)[:1_000],
    }
    for name, values in lines.items():
        (directory / name).write_text("".join(f"{value}\n" for value in values))


if __name__ == "__main__":
    main(*sys.argv[1:])
