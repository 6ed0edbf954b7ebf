"""Which e-mail addresses people have shown to be theirs: what was sent to one of them was sent to its reader."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.db.models.functions import Lower

from guildhall.people.models import User


def addresses_shown_to_be_of(user: User) -> QuerySet[Any, Any]:
    """The addresses of a person in small letters, each as ``address``; to be asked for with ``__in``."""
    return EmailAddress.objects.filter(user=user.pk, verified=True).values(address=Lower("email"))


def is_shown_to_be_of(user: User, email: str) -> bool:
    """Whether a person has shown that an address is theirs."""
    return addresses_shown_to_be_of(user).filter(address=email.lower()).exists()


def who_reads(email: str) -> User | None:
    """Return the person who has shown that an address is theirs, if anybody has."""
    shown = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return shown.user if shown is not None else None
