"""Secrets that must be read again, kept so that who reads the database cannot use them.

The key comes from ``SECRET_KEY``; what was sealed under one of ``SECRET_KEY_FALLBACKS`` can still be read.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(text: str, *, purpose: str) -> str:
    """Encrypt a secret; only for the same ``purpose`` can it be read again."""
    return _cipher(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the secret that was sealed for a purpose."""
    return _cipher(purpose).decrypt(sealed.encode()).decode()


def _cipher(purpose: str) -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"{purpose} {secret}".encode()).digest())) for secret in secrets])
