"""What schemathesis is told about this API beyond the document."""

import itertools

import schemathesis

_numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """The same key for another request is refused, so each request gets one of its own: else all but the first would only prove that."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 200:
        case.headers["Idempotency-Key"] = f"{key}{next(_numbers)}"
