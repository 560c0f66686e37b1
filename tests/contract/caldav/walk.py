"""Follows the calendars of a user with caldav, vdirsyncer and khal, over CalDAV and by the secret address.

Started by the contract tests with the address of eventd, a token of the scope `calendar`, and the access tokens
of two users: Ada, who organizes, and Lin, whose calendars these are. caldav-server-tester judges what it can without
writing: it makes the events for its other checks itself.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

import caldav
import icalendar

base, secret, ada, lin = sys.argv[1:]
temporary = tempfile.TemporaryDirectory(prefix="caldav-clients-")
folder = Path(temporary.name)
programs = Path(sys.executable).parent


def call(method, path, token, body=None):
    """A request to the API of eventd."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as response:
        text = response.read()
    return json.loads(text) if text else None


def create(token, title, **fields):
    """Creates an event; returns its id and those of its occurrences."""
    event = {"title": title, "location": "Köln", "starts_at": "2031-03-04T18:30", "timezone": "Europe/Berlin",
             "capacity": 40, **fields}
    event = call("POST", "/events", token, event)["id"]
    return event, [one["id"] for one in call("GET", f"/events/{event}/occurrences", token)["items"]]


def register(occurrence):
    call("PUT", f"/occurrences/{occurrence}/registration", lin, {})


def equal(found, expected, what):
    if found != expected:
        sys.exit(f"{what}:\n{found!r}\nis not\n{expected!r}")


weekly, occurrences = create(ada, "Weekly", recurrence={"rrule": "FREQ=WEEKLY;COUNT=6"})
for occurrence in occurrences[1:4]:
    register(occurrence)
full, (only,) = create(ada, "Full", starts_at="2031-03-06T20:00", capacity=1)
call("PUT", f"/occurrences/{only}/registration", ada, {})
register(only)
whole_day, (day,) = create(ada, "Whole day", all_day=True, starts_at="2031-03-08", ends_at="2031-03-09")
register(day)
create(lin, "Own series", starts_at="2031-03-05T09:00", recurrence={"rrule": "FREQ=DAILY;COUNT=5",
       "exdate": ["2031-03-07T09:00"]})
create(ada, "Of others")
feed = call("POST", "/users/me/calendar", lin)["url"]

# caldav, from the root.
client = caldav.DAVClient(url=f"{base}/dav/", username="lin", password=secret)
calendars = {calendar.get_display_name(): calendar for calendar in client.principal().calendars()}
equal(sorted(calendars), ["Attending", "Organizing"], "the calendars")
attending = calendars["Attending"]
equal(attending.get_supported_components(), ["VEVENT"], "the components")


def summaries(events):
    return sorted(str(part["SUMMARY"]) for event in events
                  for part in icalendar.Calendar.from_ical(event.data).walk("VEVENT"))


equal(summaries(attending.events()), ["Full", "Weekly", "Weekly", "Weekly", "Whole day"], "the events")
day_of_one = [datetime(2031, 3, day_number, tzinfo=timezone.utc) for day_number in (18, 19)]
found = attending.search(start=day_of_one[0], end=day_of_one[1], event=True, expand=False)
equal(summaries(found), ["Weekly", "Weekly", "Weekly"], "the event of a day")
equal(summaries([attending.event_by_uid(full)]), ["Full"], "the event of a UID")
synced = attending.objects_by_sync_token(load_objects=True)
equal(len(list(synced)), 3, "all files")
again = attending.objects_by_sync_token(sync_token=synced.sync_token, load_objects=True)
equal(len(list(again)), 0, "the changes of nothing")
try:
    attending.save_event(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20310101T000000Z\r\n"
        "DTSTART:20310101T000000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    sys.exit("an event was saved in a calendar that is read-only")
except caldav.lib.error.AuthorizationError:
    pass

# vdirsyncer, over CalDAV and by the address; khal shows what it has brought.
host = base.removeprefix("http://")
(folder / "vdirsyncer").write_text(f"""
[general]
status_path = "{folder}/status/"

[pair dav]
a = "dav_here"
b = "dav_there"
collections = ["from b"]

[storage dav_here]
type = "filesystem"
path = "{folder}/dav/"
fileext = ".ics"

[storage dav_there]
type = "caldav"
url = "http://{host}/"
username = "lin"
password = "{secret}"
read_only = true

[pair feed]
a = "feed_here"
b = "feed_there"
collections = null

[storage feed_here]
type = "filesystem"
path = "{folder}/feed/"
fileext = ".ics"

[storage feed_there]
type = "http"
url = "{feed}"
""")
khal_calendars = "".join(f"[[{name}]]\npath = {folder}/{path}\ntype = calendar\n" for name, path in [
    ("attending", "dav/attending/"), ("organizing", "dav/organizing/"), ("feed", "feed/")])
(folder / "khal").write_text(f"""
[calendars]
{khal_calendars}
[locale]
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M

[sqlite]
path = {folder}/khal.db
""")
environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder), "HOME": str(folder),
               "LC_ALL": "C.UTF-8"}


def run(program, *arguments, typed=""):
    """Runs a program; returns its output."""
    done = subprocess.run([programs / program, *arguments], input=typed, env=environment, timeout=120,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.exit(f"{program} {arguments}: {done.returncode}\n{done.stdout}")
    return done.stdout


def synchronize():
    run("vdirsyncer", "-c", folder / "vdirsyncer", "sync")


def agenda(*calendars):
    """What khal shows of calendars in March and April."""
    included = [argument for calendar in calendars for argument in ("-a", calendar)]
    shown = run("khal", "-c", folder / "khal", "list", *included, "--day-format", "", "--format",
                "{start-long}|{end-long}|{title}|{status}", "2031-03-01", "60d")
    return sorted({line.strip() for line in shown.splitlines() if line.strip()})


run("vdirsyncer", "-c", folder / "vdirsyncer", "discover", typed="y\ny\ny\ny\n")
synchronize()
shown = agenda("attending", "organizing")
equal(agenda("feed"), shown, "the agenda by the address")
equal(len([line for line in shown if "|Weekly|" in line]), 3, "the occurrences of a series")
equal(len([line for line in shown if "|Own series|" in line]), 4, "the occurrences of an own series")
moved = "2031-03-11 18:30|2031-03-11 19:30|Weekly|"
equal(len([line for line in shown if line.startswith(moved)]), 1, f"an occurrence in {shown}")

# A moved occurrence moves at the next synchronization, one that is left goes, and one that is cancelled says so.
times = {"starts_at": "2031-03-12T20:00", "ends_at": "2031-03-12T22:00"}
call("PATCH", f"/occurrences/{occurrences[1]}", ada, times)
call("DELETE", f"/occurrences/{day}/registration", lin)
call("POST", f"/occurrences/{occurrences[2]}/cancel", ada)
again = attending.objects_by_sync_token(sync_token=synced.sync_token, load_objects=True)
paths = sorted(str(event.url).rsplit("/", 1)[1] for event in again)
equal(paths, sorted([f"{weekly}.ics", f"{whole_day}.ics"]), "the changed files")
synchronize()
shown = agenda("attending", "organizing")
equal(agenda("feed"), shown, "the agenda by the address, later")
equal([line for line in shown if "|Weekly|" in line],
      ["2031-03-12 20:00|2031-03-12 22:00|Weekly|CONFIRMED",
       "2031-03-18 18:30|2031-03-18 19:30|Weekly|CANCELLED",
       "2031-03-25 18:30|2031-03-25 19:30|Weekly|CONFIRMED"], "the moved occurrence")
equal([line for line in shown if "|Whole day|" in line], [], "the event that was left")

judged = run("caldav-server-tester", "--caldav-url", f"{base}/dav/", "--caldav-username", "lin", "--caldav-password",
             secret, "--caldav-calendar", "Organizing", "--format", "json", *(
                 argument for check in ["GetCurrentUserPrincipal", "PropfindAllprop", "WWWAuthenticate"]
                 for argument in ["--run-checks", f"Check{check}"]))
features = json.loads(judged[judged.index("{"):])["features"]
equal({name: one for name, one in features.items() if one["support"] != "full"}, {}, "what is not compatible")
equal("auth.www-authenticate" in features, True, "whether anything was judged")
print("followed by caldav, vdirsyncer and khal, and judged by caldav-server-tester")
