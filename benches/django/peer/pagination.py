"""Pages by keyset cursors, in the shape of eventd's lists."""

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class KeysetPagination(CursorPagination):
    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = ("starts_at", "id")

    def get_paginated_response(self, data):
        return Response(
            {
                "items": data,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
            }
        )
