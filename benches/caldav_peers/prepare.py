"""Writes the requests that are measured, after it has checked that a server answers them with what is asked.

    prepare.py URL NAME:PASSWORD FILES FOLDER

FILES is a folder with the files that the calendar must have. For each kind of request FOLDER gets a file with
the requests, as benches/wrk/prepared.lua reads them, and one with the seconds that an answer takes.
"""

import re
import sys
from pathlib import Path

from calendar_client import (
    CALDAV, CALENDAR_SERVER, DAV, Calendar, Failed, changes, files_of, listing, multiget, spread, state
)

url, credentials, files, folder = sys.argv[1:]
calendar = Calendar(url, credentials)
expected = [path.read_text(encoding="utf-8") for path in Path(files).glob("*.ics")]


def equal(got, wanted, what):
    if got != wanted:
        raise Failed(f"{url}: {what}: {got!r:.500} instead of {wanted!r:.500}")


def event(text):
    """What tells an event from the others. The servers may write its file in different ways."""
    text = text[text.index("BEGIN:VEVENT"):]
    # Without UID: in another database of eventd the events have other ids.
    return [re.search(f"^{name}[;:].*$", text, re.M).group().strip() for name in ["SUMMARY", "DTSTART"]]


def write(name, requests):
    """Also measures an answer, after the first ones, which may fill a cache."""
    took = calendar.ask(requests[0])[2]
    with open(Path(folder) / name, "wb") as file:
        for request in map(calendar.written, requests):
            file.write(b"%d\n" % len(request) + request)
    (Path(folder) / f"{name}.seconds").write_text(f"{took:.6f}\n")


etag, data = f"{DAV}getetag", f"{CALDAV}calendar-data"

all_files, _, _ = calendar.ask(listing())
hrefs = files_of(all_files, etag)
equal(len(hrefs), len(expected), "files by PROPFIND")
write("listing", [listing()])

told, _, _ = calendar.ask(state())
equal(len(told), 1, "responses with depth 0")
(told,) = told.values()
names = {f"{DAV}displayname", f"{DAV}sync-token", f"{CALENDAR_SERVER}getctag"}
equal({name for name, value in told.items() if value}, names, "properties of the calendar")
write("state", [state()])

lists = spread(hrefs)
events = []
for some in lists:
    answer, _, _ = calendar.ask(multiget(some))
    equal(files_of(answer, etag, data), some, "files by multiget")
    events += [event(one[data]) for one in answer.values()]
equal(sorted(events), sorted(map(event, expected)), "events")
write("multiget", [multiget(some) for some in lists])

all_files, token, _ = calendar.ask(changes(""))
equal(len(files_of(all_files, etag)), len(expected), "files by sync-collection")
unchanged, same_token, _ = calendar.ask(changes(token))
equal((unchanged, same_token), ({}, token), "changes of nothing")
equal(told[f"{DAV}sync-token"], token, "tokens by PROPFIND and by sync-collection")
write("unchanged", [changes(token)])
write("everything", [changes("")])
