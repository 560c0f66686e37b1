"""Writes the files of a calendar to a folder.

    export.py URL NAME:PASSWORD FOLDER
"""

import sys
from pathlib import Path

from calendar_client import CALDAV, Calendar, files_of, listing, multiget, spread

url, credentials, folder = sys.argv[1:]
calendar = Calendar(url, credentials)
responses, _, _ = calendar.ask(listing())
for hrefs in spread(files_of(responses)):
    files, _, _ = calendar.ask(multiget(hrefs))
    for href, properties in files.items():
        name = href.rsplit("/", 1)[1]
        # The line ends of XML are those of Unix, those of iCalendar are not.
        text = properties[f"{CALDAV}calendar-data"].replace("\r\n", "\n").replace("\n", "\r\n")
        (Path(folder) / name).write_bytes(text.encode())
