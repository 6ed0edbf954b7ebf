"""Posting to an address that somebody typed in (``core.reaching``): of the answer only the status is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.core.reaching import Flaw, Trouble, Unreachable, flaw_of, parts_of, reach

#: From resolving the name to the end of the answer.
SECONDS = 10
#: So much of an answer is read, so that whoever sends it is not cut short; it is thrown away.
MOST_OF_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came of a posting: the status of the answer (RFC 9110, section 15) or why there was none, and how long it took."""

    status: int | None
    trouble: Trouble | None
    ms: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check_address(address: str) -> str:
    """Return an address as it is to be kept, if it is one that may be posted to as far as can be seen from it.

    Raises:
        Refused: with the sentence that says what is wrong with it.
    """
    parts, flaw = parts_of(address), flaw_of(address)
    if flaw is Flaw.SCHEME:
        raise Refused(_("The address must begin with https://: what is sent must not be read on the way."))
    if flaw is Flaw.NAME_AND_PASSWORD:
        raise Refused(_("Leave name and password out of the address. The signature shows that it is us."))
    if flaw is Flaw.PORT:
        raise Refused(_("The port must be 443, or 1024 and above."))
    if flaw is Flaw.PRIVATE:
        raise Refused(_("This address leads into a private network."))
    if flaw is not None or parts is None:
        raise Refused(_("This is not a whole web address, such as https://example.org/guildhall."))
    return parts._replace(fragment="").geturl()


def post(address: str, body: bytes, heads: Mapping[str, str]) -> Answer:
    """Post to an address and return what came of it; whatever goes wrong out there is an answer, too.

    Waits up to ten seconds: never inside a transaction.
    """
    began = monotonic()
    status, trouble = None, None
    try:
        status = reach(address, method="POST", heads=heads, body=body, seconds=SECONDS, most=MOST_OF_ANSWER).status
    except Unreachable as failed:
        trouble = failed.trouble
    return Answer(status, trouble, round((monotonic() - began) * 1000))
