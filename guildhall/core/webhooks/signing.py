"""Signatures by which a receiver knows that a message is ours: Standard Webhooks 1.0 (standardwebhooks.com), HMAC-SHA256."""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from hmac import digest

_PREFIX = "whsec_"
#: The specification asks for 24 to 64.
_SECRET_BYTES = 32


def new_secret() -> str:
    """Make a secret as receivers expect it."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_heads(body: bytes, *, key: str, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """Return the heads of a message: which it is, when it is sent, and a signature with each of the secrets.

    Args:
        key: the same each time the message is sent, so that a receiver can tell what it has already.
    """
    second = str(int(at.timestamp()))
    signed = b".".join([key.encode(), second.encode(), body])
    return {
        "webhook-id": key,
        "webhook-timestamp": second,
        "webhook-signature": " ".join(_signature(signed, secret) for secret in secrets),
    }


def _signature(signed: bytes, secret: str) -> str:
    return "v1," + b64encode(digest(b64decode(secret.removeprefix(_PREFIX)), signed, sha256)).decode()
