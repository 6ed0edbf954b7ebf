"""Telling another machine that something happened: what is sent is signed, and sent with care."""

from guildhall.core.reaching import Trouble
from guildhall.core.webhooks.posting import Answer, check_address, post
from guildhall.core.webhooks.signing import new_secret, signed_heads

__all__ = ["Answer", "Trouble", "check_address", "new_secret", "post", "signed_heads"]
