"""Routes, below `/api/v1` as in eventd."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from peer import views

router = SimpleRouter(trailing_slash=False)
router.register("categories", views.CategoryViewSet)
router.register("events", views.EventViewSet)
router.register("occurrences", views.OccurrenceViewSet)

api = [
    path("auth/login", TokenObtainPairView.as_view()),
    path("auth/refresh", TokenRefreshView.as_view()),
    *router.urls,
]
urlpatterns = [path("api/v1/", include(api))]
