"""Asking a place for a page: within limits of size and time, never inside our own network, never led on to another server."""

from __future__ import annotations

from dataclasses import dataclass
from time import sleep
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.core.reaching import ANY_WEB, Flaw, Reply, Unreachable, flaw_of, parts_of, reach
from guildhall.library.harvesting.finds import NoLook
from guildhall.library.models import Harvest

Trouble = Harvest.Trouble
#: For one page, from resolving the name to its last byte.
SECONDS = 60
#: A list of two hundred thousand records has about 300 MB; who offers so many does so in portions.
MOST_OF_LIST = 50 * 1024 * 1024
MOST_OF_PAGE = 5 * 1024 * 1024
REDIRECTS = 5
#: How long to wait, in seconds, before asking once more where a place stumbled.
WAITS = [1, 5]
#: A place may say how long it wants to be left alone; so long we wait.
LONGEST_WAIT = 60
_STUMBLES = {429, 500, 502, 503, 504}
_REDIRECTED = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Page:
    """A page that was fetched: where it was found in the end, and its bytes."""

    address: str
    content: bytes


class Gone(Exception):
    """The page is not there (404), or not there any more (410)."""


def check_address(address: str) -> str:
    """Return an address as it is to be kept, if it is one that may be harvested as far as can be seen from it.

    Raises:
        Refused: with the sentence that says what is wrong with it.
    """
    parts, flaw = parts_of(address), flaw_of(address, schemes=ANY_WEB)
    if flaw is Flaw.SCHEME:
        raise Refused(_("The address must begin with https:// or http://."))
    if flaw is Flaw.NAME_AND_PASSWORD:
        raise Refused(_("Leave name and password out of the address: what is open to all needs none."))
    if flaw is Flaw.PORT:
        raise Refused(_("The port must be 80, 443, or 1024 and above."))
    if flaw is Flaw.PRIVATE:
        raise Refused(_("This address leads into a private network."))
    if flaw is not None or parts is None:
        raise Refused(_("This is not a whole web address, such as https://example.org/oer/amb.json."))
    return parts._replace(fragment="").geturl()


def fetch(address: str, *, accept: str, most: int = MOST_OF_LIST) -> Page:
    """Fetch a page, of at most so many bytes. Waits: never inside a transaction.

    Redirects are followed on the same host only. A place that stumbles is asked again, twice.

    Raises:
        Gone: there is no such page.
        NoLook: there was no answer, or none that will do.
    """
    asked = address
    for _redirect in range(REDIRECTS + 1):
        reply = _patiently(asked, accept, most)
        if reply.status not in _REDIRECTED:
            return Page(asked, _content(reply, most))
        onward = urljoin(asked, reply.heads.get("location", ""))
        if not _same_host(asked, onward):
            raise NoLook(Trouble.ELSEWHERE, address=onward[:200])
        asked = onward
    raise NoLook(Trouble.ANSWER)


def _patiently(address: str, accept: str, most: int) -> Reply:
    for wait in [*WAITS, None]:
        try:
            reply = _ask(address, accept, most)
        except Unreachable as failed:
            # The troubles of a connection have the same names here.
            trouble, after = NoLook(Trouble(failed.trouble.value)), ""
        else:
            broke_off = not reply.is_whole and len(reply.body) < most
            if reply.status not in _STUMBLES and not broke_off:
                return reply
            trouble = NoLook(Trouble.CONNECTION) if broke_off else NoLook(Trouble.STATUS, status=str(reply.status))
            after = reply.heads.get("retry-after", "")
        if wait is None or trouble.trouble in (Trouble.NAME, Trouble.ADDRESS, Trouble.ENCRYPTION):
            raise trouble
        sleep(min(int(after), LONGEST_WAIT) if after.isascii() and after.isdigit() else wait)
    raise AssertionError  # the last attempt has returned or raised


def _ask(address: str, accept: str, most: int) -> Reply:
    heads = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": f"Guildhall (+{settings.BASE_URL}/oer/)"}
    return reach(address, method="GET", heads=heads, seconds=SECONDS, most=most, schemes=ANY_WEB)


def _content(reply: Reply, most: int) -> bytes:
    if reply.status in (404, 410):
        raise Gone
    if reply.status != 200:
        raise NoLook(Trouble.STATUS, status=str(reply.status))
    if reply.heads.get("content-encoding", "identity") != "identity":
        raise NoLook(Trouble.ANSWER)  # not what was asked for; unpacking it could go on for ever
    if not reply.is_whole and len(reply.body) >= most:
        raise NoLook(Trouble.TOO_LARGE)
    return reply.body


def _same_host(one: str, other: str) -> bool:
    """Whether an address leads to the same host, and not from an encrypted page to one that is not."""
    here, there = urlsplit(one), urlsplit(other)
    return here.hostname == there.hostname and there.scheme in (here.scheme, "https") and flaw_of(other, schemes=ANY_WEB) is None
