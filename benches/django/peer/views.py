"""The endpoints."""

from django.db.models import Count, Prefetch
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from peer import registrations
from peer.filters import AgendaFilter
from peer.models import Category, Event, Occurrence, User
from peer.serializers import (
    CategorySerializer,
    EventSerializer,
    OccurrenceSerializer,
    RegistrationSerializer,
)


class CategoryViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Category.objects.order_by("slug")
    serializer_class = CategorySerializer
    pagination_class = None
    filter_backends = []


class EventViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    queryset = Event.objects.all()
    serializer_class = EventSerializer
    filter_backends = []

    def get_queryset(self):
        # What a list of organizers shows of each.
        organizers = User.objects.only("id", "username", "display_name")
        return (
            Event.objects.exclude(visibility=Event.Visibility.PRIVATE)
            .exclude(status=Event.Status.DRAFT)
            .select_related("organizer", "category")
            .defer("search")
            .annotate(occurrence_count=Count("occurrences"))
            .prefetch_related(
                "tags",
                Prefetch("co_organizers", organizers),
            )
        )

    def perform_create(self, serializer):
        serializer.save(organizer=self.request.user)

    def get_success_headers(self, data):
        return {"Location": f"{self.request.path}/{data['id']}"}


class OccurrenceViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Occurrence.objects.all()
    serializer_class = OccurrenceSerializer
    filterset_class = AgendaFilter
    search_fields = [
        "event__title",
        "event__description",
        "event__location",
        "event__tags__name",
    ]

    def get_queryset(self):
        return (
            Occurrence.objects.listed()
            .select_related("event__organizer", "event__category")
            .defer("event__search")
            .prefetch_related("event__tags")
        )

    def filter_queryset(self, queryset):
        # Single occurrences are found whenever they take place.
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    @action(
        detail=True,
        methods=["get"],
        permission_classes=[IsAuthenticated],
        serializer_class=RegistrationSerializer,
    )
    def registration(self, request, pk):
        registration = registrations.live(pk, request.user)
        if registration is None:
            raise NotFound
        return Response(self.get_serializer(registration).data)

    @registration.mapping.put
    def register(self, request, pk):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        party_size = serializer.validated_data.get("party_size", 1)
        registration, new = registrations.register(request.user, pk, party_size)
        return Response(
            self.get_serializer(registration).data,
            status=status.HTTP_201_CREATED if new else status.HTTP_200_OK,
        )

    @registration.mapping.delete
    def unregister(self, request, pk):
        registrations.cancel(request.user, pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
