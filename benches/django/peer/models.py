"""Users, categories, tags, events, their occurrences, and registrations."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone


class User(AbstractUser):
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=100, blank=True)


class Category(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)


class Tag(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Event(models.Model):
    class Visibility(models.TextChoices):
        PUBLIC = "public"
        UNLISTED = "unlisted"
        PRIVATE = "private"

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        CANCELLED = "cancelled"

    organizer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="events"
    )
    co_organizers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="co_organized_events"
    )
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=20_000, blank=True)
    location = models.CharField(max_length=300)
    url = models.URLField(blank=True)
    starts_at = models.DateTimeField()
    duration = models.DurationField()
    timezone = models.CharField(max_length=64)
    capacity = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )
    category = models.ForeignKey(Category, models.PROTECT, null=True)
    tags = models.ManyToManyField(Tag)
    visibility = models.CharField(
        max_length=10, choices=Visibility, default=Visibility.PUBLIC
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.PUBLISHED)
    waitlist_enabled = models.BooleanField(default=True)
    registration_opens_at = models.DateTimeField(null=True)
    registration_closes_at = models.DateTimeField(null=True)
    max_party_size = models.PositiveIntegerField(
        default=10, validators=[MinValueValidator(1)]
    )
    rrule = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="simple")
        + SearchVector("location", weight="C", config="simple")
        + SearchVector("description", weight="D", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            GinIndex(fields=["search"]),
            # What `icontains` compares.
            GinIndex(OpClass(Upper("title"), "gin_trgm_ops"), name="event_title"),
        ]


class OccurrenceQuerySet(models.QuerySet):
    def listed(self):
        """What anyone may find."""
        return self.filter(
            event__status=Event.Status.PUBLISHED,
            event__visibility=Event.Visibility.PUBLIC,
        )

    def upcoming(self):
        return self.filter(starts_at__gt=timezone.now())


class Occurrence(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled"
        CANCELLED = "cancelled"

    # The indexes below begin with it.
    event = models.ForeignKey(
        Event, models.CASCADE, related_name="occurrences", db_index=False
    )
    original_start = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.SCHEDULED)
    capacity = models.PositiveIntegerField()
    # Kept by the transactions that change registrations.
    seats_taken = models.PositiveIntegerField(default=0)
    waitlist_length = models.PositiveIntegerField(default=0)
    next_waitlist_number = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)

    objects = OccurrenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "original_start"], name="occurrence_once"
            )
        ]
        indexes = [
            models.Index(fields=["starts_at", "id"]),
            models.Index(fields=["event", "starts_at"]),
        ]


class Registration(models.Model):
    class Status(models.TextChoices):
        CONFIRMED = "confirmed"
        WAITLISTED = "waitlisted"
        CANCELLED = "cancelled"
        ATTENDED = "attended"

    occurrence = models.ForeignKey(
        Occurrence, models.PROTECT, related_name="registrations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="registrations"
    )
    status = models.CharField(max_length=10, choices=Status)
    party_size = models.PositiveIntegerField(default=1)
    waitlist_number = models.PositiveIntegerField(null=True)
    auto_promote = models.BooleanField(default=True)
    ticket_code = models.CharField(max_length=32, unique=True)
    checked_in_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["occurrence", "user"],
                condition=~Q(status="cancelled"),
                name="registration_live",
            ),
            models.UniqueConstraint(
                fields=["occurrence", "waitlist_number"],
                condition=Q(status="waitlisted"),
                name="registration_waitlist",
            ),
            models.CheckConstraint(
                condition=~Q(status="waitlisted") | Q(waitlist_number__isnull=False),
                name="registration_waitlist_number",
            ),
        ]

    @property
    def position(self):
        """The position on the waitlist, from 1; none unless waitlisted."""
        if self.status != self.Status.WAITLISTED:
            return None
        if not hasattr(self, "_position"):
            self._position = Registration.objects.filter(
                occurrence=self.occurrence_id,
                status=self.Status.WAITLISTED,
                waitlist_number__lte=self.waitlist_number,
            ).count()
        return self._position

    @position.setter
    def position(self, position):
        self._position = position
