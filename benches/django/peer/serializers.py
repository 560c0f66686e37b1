"""Events, occurrences and registrations in JSON, in the shapes of eventd."""

from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrulestr
from django.db import transaction
from django.utils import timezone
from rest_framework import serializers

from peer.models import Category, Event, Occurrence, Registration, Tag, User

MAX_OCCURRENCES = 2_000
ZONES = available_timezones()


class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["slug", "name"]


class OrganizerSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "display_name"]


class WallClockField(serializers.DateTimeField):
    """An instant, or a local time when read. Shown in the zone of the event."""

    def enforce_timezone(self, value):
        return value

    def get_attribute(self, instance):
        event = instance if isinstance(instance, Event) else instance.event
        return super().get_attribute(instance).astimezone(ZoneInfo(event.timezone))

    def to_representation(self, value):
        return value.isoformat()


class TagsField(serializers.ListField):
    child = serializers.CharField(max_length=50)

    def get_attribute(self, instance):
        event = instance if isinstance(instance, Event) else instance.event
        return [tag.name for tag in event.tags.all()]


def calendar_links(title, location, starts_at, ends_at, tz):
    compact = "%Y%m%dT%H%M%SZ"
    starts_at, ends_at = (at.astimezone(ZoneInfo("UTC")) for at in (starts_at, ends_at))
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{starts_at:{compact}}/{ends_at:{compact}}",
        "location": location,
        "ctz": tz,
    }
    outlook = {
        "rru": "addevent",
        "subject": title,
        "startdt": f"{starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "allday": "false",
        "location": location,
    }
    return {
        "google": "https://calendar.google.com/calendar/render?" + urlencode(google),
        "outlook": "https://outlook.live.com/calendar/0/deeplink/compose?"
        + urlencode(outlook),
    }


class OccurrenceSerializer(serializers.ModelSerializer):
    title = serializers.CharField(source="event.title")
    description = serializers.CharField(source="event.description")
    location = serializers.CharField(source="event.location")
    url = serializers.CharField(source="event.url")
    original_start = WallClockField()
    starts_at = WallClockField()
    ends_at = WallClockField()
    timezone = serializers.CharField(source="event.timezone")
    seats_left = serializers.SerializerMethodField()
    waitlist_enabled = serializers.BooleanField(source="event.waitlist_enabled")
    registration_open = serializers.SerializerMethodField()
    registration_opens_at = serializers.DateTimeField(
        source="event.registration_opens_at"
    )
    registration_closes_at = serializers.DateTimeField(
        source="event.registration_closes_at"
    )
    category = serializers.CharField(source="event.category.slug", default=None)
    tags = TagsField()
    organizer = OrganizerSerializer(source="event.organizer")
    recurrence = serializers.CharField(source="event.rrule")
    links = serializers.SerializerMethodField()

    class Meta:
        model = Occurrence
        fields = [
            "id",
            "event_id",
            "title",
            "description",
            "location",
            "url",
            "original_start",
            "starts_at",
            "ends_at",
            "timezone",
            "status",
            "capacity",
            "seats_taken",
            "seats_left",
            "waitlist_length",
            "waitlist_enabled",
            "registration_open",
            "registration_opens_at",
            "registration_closes_at",
            "category",
            "tags",
            "organizer",
            "recurrence",
            "links",
            "version",
        ]

    def get_seats_left(self, occurrence):
        return max(occurrence.capacity - occurrence.seats_taken, 0)

    def get_registration_open(self, occurrence):
        event, now = occurrence.event, timezone.now()
        return (
            event.status == Event.Status.PUBLISHED
            and occurrence.status == Occurrence.Status.SCHEDULED
            and now < occurrence.starts_at
            and now >= (event.registration_opens_at or now)
            and now < (event.registration_closes_at or occurrence.starts_at)
        )

    def get_links(self, occurrence):
        event = occurrence.event
        links = calendar_links(
            event.title,
            event.location,
            occurrence.starts_at,
            occurrence.ends_at,
            event.timezone,
        )
        path = f"/api/v1/occurrences/{occurrence.id}.ics"
        return links | {"ics": self.context["request"].build_absolute_uri(path)}


class EventSerializer(serializers.ModelSerializer):
    starts_at = WallClockField()
    ends_at = serializers.SerializerMethodField()
    duration = serializers.DurationField(default=timedelta(hours=1), write_only=True)
    category = serializers.SlugRelatedField(
        slug_field="slug", queryset=Category.objects, default=None, allow_null=True
    )
    tags = TagsField(default=list, max_length=10)
    organizer = OrganizerSerializer(read_only=True)
    co_organizers = OrganizerSerializer(many=True, read_only=True)
    next_occurrence = serializers.SerializerMethodField()
    occurrence_count = serializers.IntegerField(read_only=True)
    links = serializers.SerializerMethodField()

    class Meta:
        model = Event
        fields = [
            "id",
            "title",
            "description",
            "location",
            "url",
            "starts_at",
            "ends_at",
            "duration",
            "timezone",
            "capacity",
            "category",
            "tags",
            "visibility",
            "status",
            "waitlist_enabled",
            "registration_opens_at",
            "registration_closes_at",
            "max_party_size",
            "rrule",
            "organizer",
            "co_organizers",
            "next_occurrence",
            "occurrence_count",
            "links",
            "created_at",
            "updated_at",
            "version",
        ]
        read_only_fields = ["created_at", "updated_at", "version"]

    def validate_timezone(self, name):
        if name not in ZONES:
            raise serializers.ValidationError("must be an IANA time zone")
        return name

    def validate(self, event):
        if event["starts_at"].tzinfo is None:
            zone = ZoneInfo(event["timezone"])
            event["starts_at"] = event["starts_at"].replace(tzinfo=zone)
        if event["starts_at"] <= timezone.now():
            raise serializers.ValidationError({"starts_at": "must be in the future"})
        event["starts"] = starts_of(event)
        return event

    @transaction.atomic
    def create(self, fields):
        tags, starts = fields.pop("tags"), fields.pop("starts")
        event = Event.objects.create(**fields)
        occurrences = Occurrence.objects.bulk_create(
            occurrence_of(event, starts_at) for starts_at in starts
        )
        tags = tags_named(tags)
        event.tags.add(*tags)
        # What the answer shows is known: nothing is read again.
        event.next_occurrence = next(iter(occurrences), None)
        event.occurrence_count = len(occurrences)
        event._prefetched_objects_cache = {"tags": tags, "co_organizers": []}
        return event

    def get_ends_at(self, event):
        ends_at = event.starts_at + event.duration
        return ends_at.astimezone(ZoneInfo(event.timezone)).isoformat()

    def get_next_occurrence(self, event):
        # By a query of its own: a prefetch of one row costs a window function.
        if not hasattr(event, "next_occurrence"):
            upcoming = event.occurrences.upcoming().order_by("starts_at", "id")
            event.next_occurrence = upcoming.first()
        if event.next_occurrence is None:
            return None
        event.next_occurrence.event = event
        return OccurrenceSerializer(event.next_occurrence, context=self.context).data

    def get_links(self, event):
        ends_at = event.starts_at + event.duration
        links = calendar_links(
            event.title, event.location, event.starts_at, ends_at, event.timezone
        )
        path = f"/api/v1/events/{event.id}.ics"
        return links | {"ics": self.context["request"].build_absolute_uri(path)}


def starts_of(event):
    """The starts of all occurrences, by the wall clock of the event."""
    zone = ZoneInfo(event["timezone"])
    first = event["starts_at"].astimezone(zone)
    if not event.get("rrule"):
        return [first]
    try:
        rule = rrulestr(event["rrule"], dtstart=first.replace(tzinfo=None))
    except ValueError as error:
        raise serializers.ValidationError({"rrule": str(error)}) from error
    starts = []
    for start in rule:
        starts.append(start.replace(tzinfo=zone))
        if len(starts) > MAX_OCCURRENCES:
            raise serializers.ValidationError({"rrule": "too many occurrences"})
    return starts


def occurrence_of(event, starts_at):
    return Occurrence(
        event=event,
        original_start=starts_at,
        starts_at=starts_at,
        ends_at=starts_at + event.duration,
        capacity=event.capacity,
    )


def tags_named(names):
    """The tags with these names; missing ones are created."""
    tags = list(Tag.objects.filter(name__in=names))
    missing = set(names) - {tag.name for tag in tags}
    if missing:
        Tag.objects.bulk_create((Tag(name=n) for n in missing), ignore_conflicts=True)
        tags = list(Tag.objects.filter(name__in=names))
    return tags


class RegistrationSerializer(serializers.ModelSerializer):
    user = OrganizerSerializer(read_only=True)
    position = serializers.IntegerField(read_only=True)

    class Meta:
        model = Registration
        fields = [
            "id",
            "occurrence_id",
            "user",
            "status",
            "party_size",
            "position",
            "auto_promote",
            "ticket_code",
            "created_at",
            "updated_at",
            "checked_in_at",
        ]
        read_only_fields = [
            "status",
            "auto_promote",
            "ticket_code",
            "checked_in_at",
        ]
