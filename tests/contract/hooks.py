"""What schemathesis cannot know from the OpenAPI document."""

import itertools

import schemathesis

_numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes each Idempotency-Key unique: a key reused for another request is always refused."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 200:
        case.headers["Idempotency-Key"] = f"{key}{next(_numbers)}"
