"""What people were told about their data, and what they agreed to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db.models import F, Model, QuerySet
from django.db.models.functions import Greatest
from django.utils.formats import date_format
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
    record, _is_new = ConsentRecord.objects.get_or_create(
        person_type=person._meta.label_lower,
        person_id=person.pk,
        statement=_current(purpose, at),
        withdrawn_at=None,
        defaults={"language": language, "how": how, "given_at": at, "recorded_by": by},
    )
    return record


@action
def record_answer(
    person: Model,
    *,
    purpose: str,
    agreed: bool | None,
    given_at: datetime,
    how: ConsentRecord.How | str,
    language: str,
    note: str = "",
    by: User | None,
    at: datetime,
) -> Model:
    """Write down a person's yes or no to a purpose; what they said about it before counts no longer, and stays in the history.

    Args:
        person: a user, or somebody without an account whom a room keeps.
        agreed: None when it is not known after all what they want.
        given_at: when they said so.

    Raises:
        NotAllowed: ``by`` may not do so for this user.
        Refused: they said something later than that, or there is no statement for this purpose. What is dated after ``at`` was
            not said yet, and holds up nobody.
    """
    person = lock(person)
    if by is not None:
        can_record_consent.require(by, person)
    before = list(ConsentRecord.objects.about(person).to(purpose).standing().select_related("statement"))
    if later := [record.given_at for record in before if given_at < record.given_at <= at]:
        raise Refused(_("They gave a later answer, on %(day)s.") % {"day": date_format(localdate(max(later)), "DATE_FORMAT")})
    ended_at = Greatest(F("given_at"), at if agreed is None else given_at)
    ConsentRecord.objects.filter(pk__in=[record.pk for record in before]).update(withdrawn_at=ended_at)
    if agreed is not None:
        ConsentRecord.objects.create(
            person_type=person._meta.label_lower,
            person_id=person.pk,
            statement=_current(purpose, at),
            agreed=agreed,
            given_at=given_at,
            how=how,
            language=language,
            note=note.strip(),
            recorded_by=by,
        )
    return person


def repeat_refusals(model: type[Model], from_whom: Mapping[int, Collection[int]], *, since: datetime | None = None) -> None:
    """Let some people have said no to whatever others said no to, because they are, or were, the same. From inside an action.

    Args:
        from_whom: for the number of each person the numbers of the others.
        since: only what was written down after this moment.
    """
    records = ConsentRecord.objects.filter(person_type=model._meta.label_lower).select_related("statement")
    refused = records.refused().filter(person_id__in={other for others in from_whom.values() for other in others})
    if since is not None:
        refused = refused.filter(recorded_at__gt=since)
    said: dict[int, list[ConsentRecord]] = {}
    for record in refused.order_by("given_at", "pk"):
        said.setdefault(record.person_id, []).append(record)
    for number, others in from_whom.items():
        for record in (record for other in others for record in said.get(other, [])):
            _refuse_too(records.filter(person_id=number), number, record)


def _refuse_too(theirs: QuerySet[ConsentRecord], number: int, record: ConsentRecord) -> None:
    standing = list(theirs.filter(statement__purpose=record.statement.purpose, withdrawn_at__isnull=True))
    if any(not one.agreed and one.statement_id == record.statement_id for one in standing):
        return
    for one in standing:
        if one.agreed:
            one.withdrawn_at = max(one.given_at, record.given_at)
            one.save(update_fields=["withdrawn_at"])
    again = copy(record)
    again.pk, again.person_id = None, number
    again.save(force_insert=True)


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
    record.withdrawn_at = max(record.given_at, at)
    record.save(update_fields=["withdrawn_at"])
    return record


def _current(purpose: str, at: datetime) -> Statement:
    statement = Statement.objects.current(localdate(at)).filter(purpose=purpose).first()
    if statement is None:
        raise Refused(_("There is no text for “%(purpose)s” yet that somebody could agree to.") % {"purpose": purpose})
    return statement


@cache
def read_shipped() -> list[dict[str, Any]]:
    """Return the statements that come with Guildhall."""
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
