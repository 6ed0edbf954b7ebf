"""Reaching an address that somebody typed in, without being turned against the network we stand in.

The name is resolved once, the address it stands for is looked at, and exactly that one is connected to: a name that says
something else a moment later changes nothing. Redirects are not followed, and proxies of the environment not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread, Timer
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

#: Below 1024 only the ports of HTTP itself are anybody's web server.
LOWEST_PORT = 1024
#: Addresses of one name that are tried.
TRIED = 3
_NAT64 = IPv6Network("64:ff9b::/96")
#: Networks whose addresses lead an IPv4 address elsewhere and are nobody's on the internet: NAT64 of one's own (RFC 8215),
#: IPv4-compatible (RFC 4291) and IPv4-translated (RFC 2765) addresses.
_COVERS = [IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96")]
_PORTS = {"http": 80, "https": 443}
ENCRYPTED = frozenset({"https"})
ANY_WEB = frozenset(_PORTS)


class Trouble(models.TextChoices):
    """Why there was no answer, or nothing was sent."""

    NAME = "name", gettext_lazy("the name is not known")
    ADDRESS = "address", gettext_lazy("the address leads into a private network")
    CONNECTION = "connection", gettext_lazy("no connection")
    ENCRYPTION = "encryption", gettext_lazy("no encrypted connection, or the certificate is not valid")
    TIME = "time", gettext_lazy("no answer within 10 seconds")
    ANSWER = "answer", gettext_lazy("no answer that can be understood")
    SECRET = "secret", gettext_lazy("the secret cannot be read any more: make a new one")


class Unreachable(Exception):
    """There was no answer; ``trouble`` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class Flaw(Enum):
    """What is wrong with an address, as far as can be seen from it."""

    NOT_WHOLE = auto()
    SCHEME = auto()
    NAME_AND_PASSWORD = auto()
    PORT = auto()
    PRIVATE = auto()


@dataclass(frozen=True)
class Reply:
    """An answer (RFC 9110): its status, its heads with their names in small letters, and what was read of its body."""

    status: int
    heads: Mapping[str, str]
    body: bytes
    is_whole: bool
    """Whether all of the body was read: what is longer than asked for is cut off."""


def flaw_of(address: str, *, schemes: Collection[str] = ENCRYPTED) -> Flaw | None:
    """Say what is wrong with an address somebody typed in, or None.

    Where the operator allows private addresses, they may be spoken to unencrypted and at any port.
    """
    parts = parts_of(address)
    if parts is None or not parts.hostname:
        return Flaw.NOT_WHOLE
    if parts.scheme not in schemes and not (parts.scheme == "http" and settings.WEBHOOKS_ALLOW_PRIVATE):
        return Flaw.SCHEME
    if parts.username is not None or parts.password is not None:
        return Flaw.NAME_AND_PASSWORD
    usual = {_PORTS[scheme] for scheme in schemes}
    if parts.port is not None and parts.port < LOWEST_PORT and parts.port not in usual and not settings.WEBHOOKS_ALLOW_PRIVATE:
        return Flaw.PORT
    with suppress(ValueError):
        if not _may_be_reached(ip_address(parts.hostname)):
            return Flaw.PRIVATE
    return None


def reach(
    address: str,
    *,
    method: str,
    heads: Mapping[str, str],
    body: bytes | None = None,
    seconds: float,
    most: int,
    schemes: Collection[str] = ENCRYPTED,
) -> Reply:
    """Send a request and return the answer. Waits up to ``seconds`` in all: never inside a transaction.

    Args:
        most: so many bytes of the answer's body are read.
        schemes: what may be spoken over the internet; within a private network, where that is allowed, it is both.

    Raises:
        Unreachable: there was no answer, or nothing was sent.
    """
    began = monotonic()
    deadline = began + seconds
    try:
        return _reply(address, method, heads, body, deadline, most, schemes)
    except Unreachable as failed:
        trouble = failed.trouble
    except ssl.SSLError:
        trouble = Trouble.ENCRYPTION
    except (HTTPException, ValueError):
        trouble = Trouble.ANSWER
    except OSError:
        trouble = Trouble.CONNECTION
    if trouble != Trouble.ADDRESS and monotonic() > deadline - 0.1:
        trouble = Trouble.TIME
    raise Unreachable(trouble)


def _reply(
    address: str,
    method: str,
    heads: Mapping[str, str],
    body: bytes | None,
    deadline: float,
    most: int,
    schemes: Collection[str],
) -> Reply:
    parts = parts_of(address)
    if parts is None or not parts.hostname:
        raise Unreachable(Trouble.ADDRESS)
    secure = parts.scheme == "https"
    name, port = parts.hostname, parts.port or _PORTS.get(parts.scheme, 80)
    connected = _connect(name, port, parts.scheme in schemes, deadline)
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
        connection.request(method, target, body, {**heads, "Connection": "close"})
        return _read(connection.getresponse(), most)
    finally:
        watch.cancel()
        connected.close()


def _read(answer: HTTPResponse, most: int) -> Reply:
    """Read an answer as far as it goes; one that breaks off keeps its status."""
    body, is_whole = b"", False
    with suppress(OSError, HTTPException, ValueError):
        while len(body) <= most and (piece := answer.read(min(most + 1 - len(body), 65536))):
            body += piece
        # Who hangs up before the length that was announced leaves something to be read.
        is_whole = len(body) <= most and not answer.length
    heads = {heading.lower(): value for heading, value in answer.getheaders()}
    return Reply(answer.status, heads, body[:most], is_whole)


def _connect(name: str, port: int, may_leave: bool, deadline: float) -> socket.socket:
    """Connect to the first of the addresses of a name that may be reached and answers; the name is asked for once only."""
    addresses = dict.fromkeys(str(place[4][0]) for place in _places(name, port, deadline))
    reachable = [address for address in addresses if _may_be_reached(ip_address(address), may_leave)]
    if not reachable:
        raise Unreachable(Trouble.ADDRESS)
    failure: OSError | None = None
    for address in reachable[:TRIED]:
        try:
            return socket.create_connection((address, port), timeout=max(deadline - monotonic(), 0.01))
        except OSError as error:
            failure = error
    raise failure or Unreachable(Trouble.CONNECTION)


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
        raise Unreachable(Trouble.TIME) from error
    except (OSError, UnicodeError) as error:
        raise Unreachable(Trouble.NAME) from error


def _may_be_reached(address: IPv4Address | IPv6Address, may_leave: bool = True) -> bool:
    """Whether we may connect there: to the public internet as it was asked for; elsewhere only where the operator allows it."""
    public = is_public(address)
    return (public and may_leave) or (not public and settings.WEBHOOKS_ALLOW_PRIVATE)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet, and does not lead an IPv4 address in a cover elsewhere."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or [None, None])[1]
        if within is None and address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return is_public(within)
        if address.scope_id or address.is_site_local or any(address in cover for cover in _COVERS):
            return False
    return address.is_global and not address.is_multicast


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        # Not SSLSocket's own, which takes the cipher away from under whoever is reading.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def parts_of(address: str) -> SplitResult | None:
    """Take an address apart; None for what is none: no number as port, letters that no address has."""
    try:
        address.encode("ascii")
        parts = urlsplit(address)
        _port = parts.port
    except ValueError:
        return None
    return None if any(letter.isspace() or not letter.isprintable() for letter in address) else parts
