"""Somebody comes to Guildhall, in tests."""

from __future__ import annotations

from django.middleware.csrf import CSRF_SECRET_LENGTH, CSRF_SESSION_KEY
from django.test import Client
from django.utils.crypto import get_random_string

from guildhall.people.models import User


def begin_visit(client: Client, user: User) -> None:
    """Sign somebody in who has seen a page already: the first one of a visit also writes what secures its forms."""
    client.force_login(user)
    session = client.session
    session[CSRF_SESSION_KEY] = get_random_string(CSRF_SECRET_LENGTH)
    session.save()
