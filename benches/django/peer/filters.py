"""The filters of the agenda."""

import re

import django_filters
from django.contrib.postgres.search import SearchQuery
from django.db.models import F

from peer.models import Occurrence


class AgendaFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="filter_words")
    title = django_filters.CharFilter("event__title", "icontains")
    location = django_filters.CharFilter("event__location", "icontains")
    to = django_filters.IsoDateTimeFilter("starts_at", "lt")
    category = django_filters.CharFilter("event__category__slug")
    tag = django_filters.CharFilter("event__tags__name", "iexact")
    organizer = django_filters.CharFilter("event__organizer__username")
    available = django_filters.BooleanFilter(method="filter_available")

    class Meta:
        model = Occurrence
        fields = ["event", "status"]

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["from"] else queryset.upcoming()

    def filter_words(self, queryset, name, value):
        """All words, in any text of the event, each also as a prefix."""
        words = " & ".join(f"{word}:*" for word in re.findall(r"\w+", value))
        query = SearchQuery(words, search_type="raw", config="simple")
        return queryset.filter(event__search=query) if words else queryset

    def filter_available(self, queryset, name, value):
        free = {"seats_taken__lt": F("capacity"), "waitlist_length": 0}
        return queryset.filter(**free) if value else queryset


# `from` is a keyword of Python.
AgendaFilter.base_filters["from"] = django_filters.IsoDateTimeFilter("starts_at", "gte")
