"""Posting to an address that somebody typed in, without being turned against the network we stand in.

The name is resolved once, the address it stands for is looked at, and exactly that one is connected to: a name that says
something else a moment later changes nothing. Redirects are not followed, proxies of the environment not used, and of the answer
only the status is kept.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread, Timer
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.errors import Refused

#: From resolving the name to the end of the answer.
SECONDS = 10
#: So much of an answer is read, so that whoever sends it is not cut short; it is thrown away.
MOST_OF_ANSWER = 64 * 1024
#: Below 1024 only HTTPS's own port is anybody's web server.
LOWEST_PORT = 1024
#: Addresses of one name that are tried.
TRIED = 3
_NAT64 = IPv6Network("64:ff9b::/96")
#: Networks whose addresses lead an IPv4 address elsewhere and are nobody's on the internet: NAT64 of one's own (RFC 8215),
#: IPv4-compatible (RFC 4291) and IPv4-translated (RFC 2765) addresses.
_COVERS = [IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96")]


class Trouble(models.TextChoices):
    """Why there was no answer, or nothing was sent."""

    NAME = "name", gettext_lazy("the name is not known")
    ADDRESS = "address", gettext_lazy("the address leads into a private network")
    CONNECTION = "connection", gettext_lazy("no connection")
    ENCRYPTION = "encryption", gettext_lazy("no encrypted connection, or the certificate is not valid")
    TIME = "time", gettext_lazy("no answer within 10 seconds")
    ANSWER = "answer", gettext_lazy("no answer that can be understood")
    SECRET = "secret", gettext_lazy("the secret cannot be read any more: make a new one")


@dataclass(frozen=True)
class Answer:
    """What came of a posting: the status of the answer (RFC 9110, section 15) or why there was none, and how long it took."""

    status: int | None
    trouble: Trouble | None
    ms: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _Failed(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def check_address(address: str) -> str:
    """Return an address as it is to be kept, if it is one that may be posted to as far as can be seen from it.

    Raises:
        Refused: with the sentence that says what is wrong with it.
    """
    parts = _parts(address)
    if parts is None or not parts.hostname:
        raise Refused(_("This is not a whole web address, such as https://example.org/guildhall."))
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOKS_ALLOW_PRIVATE):
        raise Refused(_("The address must begin with https://: what is sent must not be read on the way."))
    if parts.username is not None or parts.password is not None:
        raise Refused(_("Leave name and password out of the address. The signature shows that it is us."))
    if parts.port not in (None, 443) and parts.port < LOWEST_PORT and not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise Refused(_("The port must be 443, or 1024 and above."))
    with suppress(ValueError):
        if not _may_be_reached(ip_address(parts.hostname)):
            raise Refused(_("This address leads into a private network."))
    return parts._replace(fragment="").geturl()


def post(address: str, body: bytes, heads: Mapping[str, str]) -> Answer:
    """Post to an address and return what came of it; whatever goes wrong out there is an answer, too.

    Waits up to ten seconds: never inside a transaction.
    """
    began = monotonic()
    try:
        status, trouble = _status(address, body, heads, began + SECONDS), None
    except _Failed as failed:
        status, trouble = None, failed.trouble
    except ssl.SSLError:
        status, trouble = None, Trouble.ENCRYPTION
    except (HTTPException, ValueError):
        status, trouble = None, Trouble.ANSWER
    except OSError:
        status, trouble = None, Trouble.CONNECTION
    if status is None and trouble != Trouble.ADDRESS and monotonic() - began > SECONDS - 0.1:
        trouble = Trouble.TIME
    return Answer(status, trouble, round((monotonic() - began) * 1000))


def _status(address: str, body: bytes, heads: Mapping[str, str], deadline: float) -> int:
    parts = _parts(address)
    if parts is None or not parts.hostname:
        raise _Failed(Trouble.ADDRESS)
    secure = parts.scheme == "https"
    name, port = parts.hostname, parts.port or (443 if secure else 80)
    connected = _connect(name, port, secure, deadline)
    if secure:
        encrypted = ssl.create_default_context()
        connected = encrypted.wrap_socket(connected, server_hostname=name, do_handshake_on_connect=False)
    # A socket's timeout begins anew with each byte: who sends one every nine seconds would keep us for ever.
    watch = Timer(max(deadline - monotonic(), 0), _hang_up, [connected])
    watch.daemon = True
    watch.start()
    try:
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        connection = (HTTPSConnection if secure else HTTPConnection)(name, port)
        connection.sock = connected
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**heads, "Connection": "close"})
        answer = connection.getresponse()
        status = answer.status
        with suppress(OSError, HTTPException, ValueError):
            answer.read(MOST_OF_ANSWER)
        return status
    finally:
        watch.cancel()
        connected.close()


def _connect(name: str, port: int, secure: bool, deadline: float) -> socket.socket:
    """Connect to the first of the addresses of a name that may be reached and answers; the name is asked for once only."""
    addresses = dict.fromkeys(str(place[4][0]) for place in _places(name, port, deadline))
    reachable = [address for address in addresses if _may_be_reached(ip_address(address), secure)]
    if not reachable:
        raise _Failed(Trouble.ADDRESS)
    failure: OSError | None = None
    for address in reachable[:TRIED]:
        try:
            return socket.create_connection((address, port), timeout=max(deadline - monotonic(), 0.01))
        except OSError as error:
            failure = error
    raise failure or _Failed(Trouble.CONNECTION)


def _places(name: str, port: int, deadline: float) -> list[Any]:
    """Ask what a name stands for; in a thread, for the system waits for name servers as long as it likes."""
    found: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            found.set_result(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        except Exception as error:
            found.set_exception(error)

    Thread(target=ask, daemon=True).start()
    try:
        return found.result(max(deadline - monotonic(), 0.01))
    except TimeoutError as error:
        raise _Failed(Trouble.TIME) from error
    except (OSError, UnicodeError) as error:
        raise _Failed(Trouble.NAME) from error


def _may_be_reached(address: IPv4Address | IPv6Address, secure: bool = True) -> bool:
    """Whether we may connect there: to the public internet, encrypted; elsewhere only where the operator allows it."""
    public = _is_public(address)
    return (public and secure) or (not public and settings.WEBHOOKS_ALLOW_PRIVATE)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet, and does not lead an IPv4 address in a cover elsewhere."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or [None, None])[1]
        if within is None and address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return _is_public(within)
        if address.scope_id or address.is_site_local or any(address in cover for cover in _COVERS):
            return False
    return address.is_global and not address.is_multicast


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        # Not SSLSocket's own, which takes the cipher away from under whoever is reading.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _parts(address: str) -> SplitResult | None:
    """Take an address apart; None for what is none: no number as port, letters that no address has."""
    try:
        address.encode("ascii")
        parts = urlsplit(address)
        _port = parts.port
    except ValueError:
        return None
    return None if any(letter.isspace() or not letter.isprintable() for letter in address) else parts
