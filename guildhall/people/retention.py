"""How long data about people is kept. All rooms' rules together, and this room's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from guildhall.core.models import AuditLine, KeptAnswer
from guildhall.people.hooks import RetentionRule, retention_rules
from guildhall.people.models import AccessToken, ConsentRecord, Invitation, Mail, Membership, Notice, Pass, User, WebhookDelivery

YEAR = timedelta(days=365)


def all_rules() -> list[RetentionRule]:
    """The rules of all rooms, in the order of the rooms."""
    return list(chain.from_iterable(retention_rules.ask()))


def rules_in_people() -> list[RetentionRule]:
    """This room's rules."""
    return [
        RetentionRule(
            key="people.mails",
            what=_("Letters sent by Guildhall"),
            why=_(
                "Half a year is long enough to show that somebody was written to, and to find out why a letter did not arrive."
            ),
            keep=timedelta(days=180),
            **_deletes(lambda before: Mail.objects.filter(written_at__lt=before)),
        ),
        RetentionRule(
            key="people.notices",
            what=_("Notices of the bell"),
            why=_("After a year nobody needs to be told any more."),
            keep=YEAR,
            **_deletes(lambda before: Notice.objects.filter(told_at__lt=before)),
        ),
        RetentionRule(
            key="people.passes",
            what=_("Links that have expired or were revoked"),
            why=_("For three months it can still be found out why a link does not work."),
            keep=timedelta(days=90),
            **_deletes(lambda before: Pass.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before))),
        ),
        RetentionRule(
            key="people.tokens",
            what=_("Tokens that have expired or were revoked"),
            why=_("For three months it can still be found out why a program is not let in."),
            keep=timedelta(days=90),
            **_deletes(lambda before: AccessToken.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before))),
        ),
        RetentionRule(
            key="people.answers",
            what=_("Answers that were given to programs"),
            why=_("For a day a program whose connection broke can ask again without doing it twice. They are kept encrypted."),
            keep=timedelta(days=1),
            **_deletes(KeptAnswer.objects.made_before),
        ),
        RetentionRule(
            key="people.invitations",
            what=_("Invitations that were accepted, withdrawn or not answered"),
            why=_("The address of somebody who did not come is not ours to keep; who came has a role that says since when."),
            keep=timedelta(days=180),
            **_deletes(
                lambda before: Invitation.objects.filter(
                    Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before) | Q(accepted_at__isnull=True, expires_at__lt=before)
                )
            ),
        ),
        RetentionRule(
            key="people.consents",
            what=_("Consent that was withdrawn"),
            why=_("For three years after, it can be shown that what was done before was permitted."),
            keep=3 * YEAR,
            **_deletes(lambda before: ConsentRecord.objects.filter(withdrawn_at__lt=before)),
        ),
        RetentionRule(
            key="people.sessions",
            what=_("Sign-ins that have ended"),
            why=_("They hold an internet address and have no use any more."),
            keep=timedelta(),
            overdue=lambda before: Session.objects.filter(expire_date__lt=before).count() + _ended_sessions().count(),
            delete=_delete_ended_sessions,
        ),
        RetentionRule(
            key="people.unused_accounts",
            what=_("Accounts that were never used"),
            why=_("Somebody who never signed in and belongs nowhere does not expect to be kept."),
            keep=timedelta(days=90),
            **_deletes(
                lambda before: User.objects.filter(
                    ~Exists(Membership.objects.filter(user=OuterRef("pk"))),
                    last_login__isnull=True,
                    joined_at__lt=before,
                    erased_at__isnull=True,
                    is_operator=False,
                )
            ),
        ),
        RetentionRule(
            key="people.webhook_messages",
            what=_("Messages to other programs"),
            why=_("For a month one can see whether they arrived, and send them again. They say nothing about people."),
            keep=timedelta(days=30),
            **_deletes(WebhookDelivery.objects.made_before),
        ),
        RetentionRule(
            key="people.audit",
            what=_("The record of who did what"),
            why=_("It names people by a number only. Three years is how long claims from most dealings can be brought."),
            keep=3 * YEAR,
            **_deletes(lambda before: AuditLine.objects.filter(at__lt=before)),
        ),
    ]


def _deletes(too_old: Callable[[datetime], QuerySet]) -> dict[str, Callable[[datetime], int]]:
    """Both halves of a rule that deletes what is too old."""
    return {"overdue": lambda before: too_old(before).count(), "delete": lambda before: _delete(too_old(before))}


def _delete(rows: QuerySet) -> int:
    """Delete rows; return how many of them there were, not counting what belonged to them."""
    return rows.delete()[1].get(rows.model._meta.label, 0)


def _ended_sessions() -> QuerySet[UserSession]:
    return UserSession.objects.filter(~Exists(Session.objects.filter(session_key=OuterRef("session_key"))))


def _delete_ended_sessions(before: datetime) -> int:
    expired = _delete(Session.objects.filter(expire_date__lt=before))
    return expired + _delete(_ended_sessions())
