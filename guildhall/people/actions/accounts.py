"""Accounts: how one begins, and what a person changes about their own."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from allauth.account.models import EmailAddress
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.people.actions.consent import note_informed
from guildhall.people.actions.organisations import create_organisation
from guildhall.people.models import ConsentRecord, Pass, User
from guildhall.people.rules import can_call_own


class OrganisationBegun(TypedDict):
    kind: str
    name: str
    country: str


@action
def open_account(*, email: str, name: str, language: str, by: User | Pass | None, at: datetime) -> User:
    """Open an account for somebody who has just proved that the address is theirs.

    Raises:
        Refused: there is one already.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email).exists():
        raise Refused(_("There is an account for this address already. Sign in with it."))
    user = User.objects.create_user(email, name=name, language=language, joined_at=at)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@action
def start_with_organisation(
    *, email: str, name: str, language: str, organisation: OrganisationBegun, by: User | None, at: datetime
) -> User:
    """Open an account together with the organisation that its owner manages, who was told what happens to their data.

    Raises:
        Refused: there is an account for this address already.
    """
    user = open_account(email=email, name=name, language=language, by=by, at=at)
    create_organisation(by=user, at=at, **organisation)
    note_informed(user, how=ConsentRecord.How.FORM, language=language, at=at)
    return user


@action
def remove_password(user: User, *, by: User, at: datetime) -> User:
    """Take away somebody's password: they sign in with a code or a passkey. Ends their sessions elsewhere.

    Raises:
        NotAllowed: it is not ``by``'s own.
    """
    can_call_own.require(by, user)
    user = lock(user)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return user
