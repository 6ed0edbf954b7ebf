"""What people were told about their data, and what they agreed to."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db.models import Model
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.people.models import ConsentRecord, Statement, StatementText, User
from guildhall.people.rules import can_record_consent

SHIPPED = Path(__file__).parent.parent / "data" / "statements.yaml"


@action
def load_statements(*, by: User | None, at: datetime) -> list[Statement]:
    """Add the shipped statements that are not here yet; return those. A version once loaded is never changed."""
    known = set(Statement.objects.values_list("purpose", "version"))
    added = []
    for shipped in read_shipped():
        if (shipped["purpose"], shipped["version"]) in known:
            continue
        statement = Statement.objects.create(
            purpose=shipped["purpose"], version=shipped["version"], kind=shipped["kind"], valid_from=shipped["valid_from"]
        )
        StatementText.objects.bulk_create(
            StatementText(statement=statement, language=language, title=text["title"], text=text["text"].strip())
            for language, text in shipped["texts"].items()
        )
        added.append(statement)
    return added


@action
def record_consent(
    person: Model, *, purpose: str, how: ConsentRecord.How | str, language: str, by: User | None, at: datetime
) -> ConsentRecord:
    """Write down that a person agreed to, or was informed by, today's statement for a purpose.

    Whoever agrees twice to the same version has agreed once: the first record stays.

    Args:
        person: a user, or somebody without an account whom a room keeps.
        by: who writes it down; None for the person themselves when they have no account.

    Raises:
        NotAllowed: ``by`` may not do so for this user.
        Refused: there is no statement for this purpose.
    """
    if by is not None:
        can_record_consent.require(by, person)
    statement = Statement.objects.current(localdate(at)).filter(purpose=purpose).first()
    if statement is None:
        raise Refused(_("There is no text for “%(purpose)s” yet that somebody could agree to.") % {"purpose": purpose})
    record, _is_new = ConsentRecord.objects.get_or_create(
        person_type=person._meta.label_lower,
        person_id=person.pk,
        statement=statement,
        withdrawn_at=None,
        defaults={"language": language, "how": how, "given_at": at, "recorded_by": by},
    )
    return record


def note_informed(user: User, *, how: ConsentRecord.How | str, language: str, at: datetime) -> None:
    """Note that a new account's owner was told what happens to their data, within the action that opens it."""
    for statement in Statement.objects.current(localdate(at)).for_accounts().informing():
        record_consent(user, purpose=statement.purpose, how=how, language=language, by=user, at=at)


@action
def withdraw_consent(record: ConsentRecord, *, by: User | None, at: datetime) -> ConsentRecord:
    """Note that a person no longer agrees. From now on what it permitted is no longer permitted; what was done stays lawful.

    Raises:
        NotAllowed: ``by`` may not do so for this user.
        Refused: it was withdrawn already, or there is nothing to withdraw because the person was only informed.
    """
    record = lock(record)
    if by is not None:
        can_record_consent.require(by, record.person)
    if record.withdrawn_at:
        raise Refused(_("This has been withdrawn already."))
    if record.statement.kind == Statement.Kind.INFORMATION:
        raise Refused(_("This was information, not a question: there is nothing to take back. You may have your data erased."))
    record.withdrawn_at = at
    record.save(update_fields=["withdrawn_at"])
    return record


@cache
def read_shipped() -> list[dict[str, Any]]:
    """Return the statements that come with Guildhall."""
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
