"""Prints what calendar files show, by icalendar and recurring-ical-events.

    python read.py FOLDER

A line for each file FOLDER/NAME.ics: NAME, then `start/end` of each occurrence that takes place, in seconds since
1970; days begin at midnight UTC. `read.mjs` and `read.c` print the same.
"""

import sys
from datetime import date, datetime, timezone
from pathlib import Path

import icalendar
import recurring_ical_events


def seconds(value):
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return int(value.timestamp())


for path in sorted(Path(sys.argv[1]).glob("*.ics")):
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    shown = recurring_ical_events.of(calendar).between(date(2025, 1, 1), date(2040, 1, 1))
    spans = sorted((seconds(e.start), seconds(e.end)) for e in shown if e.get("STATUS") != "CANCELLED")
    print(path.stem, *(f"{start}/{end}" for start, end in spans))
