"""A calendar of a CalDAV server: its requests, as bytes, and what they are answered with."""

import base64
import http.client
import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

DAV, CALDAV, CALENDAR_SERVER = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
FILES_AT_ONCE = 50


class Failed(Exception):
    """A server has not answered what it was asked."""


class Calendar:
    """A calendar at a URL, for a user who signs in as `NAME:PASSWORD`."""

    def __init__(self, url, credentials):
        address = urlsplit(url)
        self.host, self.path = address.netloc, address.path
        self.authorization = "Basic " + base64.b64encode(credentials.encode()).decode()

    def _headers(self, depth, body):
        # Without Accept-Encoding, because compression would be measured as well.
        return {
            "Host": self.host,
            "Authorization": self.authorization,
            "Depth": depth,
            "Content-Type": "application/xml; charset=utf-8",
            "Content-Length": str(len(body)),
        }

    def written(self, request):
        """A request as it is sent."""
        method, depth, body = request
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers(depth, body).items())
        return f"{method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def ask(self, request):
        """Sends a request. Returns the responses by address, the sync-token, and the time in seconds."""
        method, depth, body = request
        connection = http.client.HTTPConnection(self.host, timeout=600)
        begun = time.monotonic()
        connection.putrequest(method, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self._headers(depth, body).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        text = response.read()
        took = time.monotonic() - begun
        connection.close()
        if response.status != 207:
            raise Failed(f"{method} {self.path}: {response.status} {text[:500]!r}")
        root = ElementTree.fromstring(text)
        responses = {one.findtext(f"{DAV}href"): found(one) for one in root.iter(f"{DAV}response")}
        return responses, root.findtext(f"{DAV}sync-token"), took


def found(response):
    """The texts of the properties that a resource has."""
    return {
        prop.tag: prop.text or ""
        for propstat in response.iter(f"{DAV}propstat")
        if " 200 " in propstat.findtext(f"{DAV}status")
        for prop in propstat.find(f"{DAV}prop")
    }


def propfind(depth, properties):
    body = f'<?xml version="1.0"?><D:propfind {NAMESPACES}><D:prop>{properties}</D:prop></D:propfind>'
    return "PROPFIND", depth, body.encode()


def report(root, content):
    return "REPORT", "1", f'<?xml version="1.0"?><{root} {NAMESPACES}>{content}</{root}>'.encode()


def listing():
    """All files, with their tags."""
    return propfind("1", "<D:getetag/>")


def state():
    """What programs ask to find out whether anything has changed."""
    return propfind("0", "<D:displayname/><S:getctag/><D:sync-token/>")


def multiget(hrefs):
    """Some files."""
    hrefs = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
    return report("C:calendar-multiget", f"<D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}")


def changes(token):
    """What has changed since a token was given; all files if it is empty."""
    token = f"<D:sync-token>{escape(token)}</D:sync-token><D:sync-level>1</D:sync-level>"
    return report("D:sync-collection", f"{token}<D:prop><D:getetag/></D:prop>")


def files_of(responses, *properties):
    """The addresses of the files that have these properties. The calendar itself may be told as well."""
    having = [href for href, one in responses.items() if all(one.get(name) for name in properties)]
    return sorted(href for href in having if href.endswith(".ics"))


def spread(hrefs):
    """Lists for multiget, which together have all files. Those of a list are far from each other."""
    lists = -(-len(hrefs) // FILES_AT_ONCE)
    return [hrefs[first::lists] for first in range(lists)]
