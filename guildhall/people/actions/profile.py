"""What people say about themselves, and the notices they have seen."""

from __future__ import annotations

from datetime import datetime

from guildhall.core.actions import action, lock
from guildhall.people.models import Notice, User
from guildhall.people.rules import can_call_own


@action
def edit_profile(user: User, *, name: str, language: str, time_zone: str, by: User, at: datetime) -> User:
    """Change how one is called, and in which language and time zone Guildhall speaks to one.

    Raises:
        NotAllowed: ``by`` is somebody else.
    """
    user = lock(user)
    can_call_own.require(by, user)
    user.name, user.language, user.time_zone = name, language, time_zone
    user.save(update_fields=["name", "language", "time_zone"])
    return user


@action
def choose_language(user: User, *, language: str, by: User, at: datetime) -> User:
    """Change the language only, from the switch on every page.

    Raises:
        NotAllowed: ``by`` is somebody else.
    """
    user = lock(user)
    can_call_own.require(by, user)
    user.language = language
    user.save(update_fields=["language"])
    return user


@action
def read_notice(notice: Notice, *, by: User, at: datetime) -> Notice:
    """Note that a notice was seen; the first time counts.

    Raises:
        NotAllowed: it is somebody else's.
    """
    notice = lock(notice)
    can_call_own.require(by, notice)
    if notice.read_at is None:
        notice.read_at = at
        notice.save(update_fields=["read_at"])
    return notice


@action
def read_all_notices(user: User, *, by: User, at: datetime) -> User:
    """Note that all notices of a person were seen.

    Raises:
        NotAllowed: ``by`` is somebody else.
    """
    can_call_own.require(by, user)
    Notice.objects.visible_to(user).unread().update(read_at=at)
    return user
