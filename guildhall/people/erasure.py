"""Erasing a person: what will happen, what is in the way, and in which order it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.models import KeptAnswer
from guildhall.core.ui.basics import figure
from guildhall.people.hooks import ErasureStep, erasure_of
from guildhall.people.leaving import Parting, part
from guildhall.people.models import AccessToken, ConsentRecord, Invitation, Mail, Membership, Notice, Organisation, Pass, User


@dataclass(frozen=True)
class ErasurePlan:
    """All that erasing a person means. ``steps`` come in the order in which they are done: the account itself is the last."""

    user: User
    partings: list[Parting]
    steps: list[ErasureStep]

    @property
    def obstacles(self) -> list[str]:
        return [obstacle for obstacle in chain((p.obstacle for p in self.partings), (s.obstacle for s in self.steps)) if obstacle]


def plan_erasure(user: User, *, at: datetime) -> ErasurePlan:
    """Ask all rooms what erasing a person would do; nothing is changed."""
    # The lowest floor answers first and is done last: the rooms above still find the person whole.
    answers = reversed(erasure_of.ask(user=user))
    return ErasurePlan(
        user=user,
        partings=[part(user, organisation, at) for organisation in Organisation.objects.of(user).order_by("name", "pk")],
        steps=[step for steps in answers for step in steps if step.count or step.obstacle],
    )


def erasure_in_people(user: User) -> list[ErasureStep]:
    """What this room does with its own data about a person; the account comes last."""
    addresses = addresses_of(user)
    told = Notice.objects.filter(user=user)
    letters = Mail.objects.filter(Q(to_user=user) | Q(to__in=addresses))
    offers = Invitation.objects.filter(Q(accepted_by=user) | Q(email__in=addresses))
    links = Pass.objects.filter(email__in=addresses)
    agreed = ConsentRecord.objects.about(user)
    tokens = AccessToken.objects.of(user)
    roles = Membership.objects.filter(user=user)
    return [
        _deletion(told, lambda n: ngettext("%(count)s notice is deleted.", "%(count)s notices are deleted.", n)),
        _deletion(letters, lambda n: ngettext("%(count)s kept letter is deleted.", "%(count)s kept letters are deleted.", n)),
        _deletion(offers, lambda n: ngettext("%(count)s invitation is deleted.", "%(count)s invitations are deleted.", n)),
        _deletion(
            links, lambda n: ngettext("%(count)s link sent by mail is deleted.", "%(count)s links sent by mail are deleted.", n)
        ),
        replace(
            _deletion(
                tokens,
                lambda n: ngettext("%(count)s token of a program is deleted.", "%(count)s tokens of programs are deleted.", n),
            ),
            carry_out=lambda at: _delete_tokens(tokens),
        ),
        _deletion(
            agreed,
            lambda n: ngettext(
                "%(count)s record of what was agreed to is deleted.", "%(count)s records of what was agreed to are deleted.", n
            ),
        ),
        ErasureStep(
            sentence=ngettext(
                "%(count)s role in an organisation stays in its history, without a name.",
                "%(count)s roles in organisations stay in their history, without a name.",
                roles.count(),
            )
            % {"count": figure(roles.count())},
            count=roles.count(),
            carry_out=lambda at: roles.current(localdate(at)).update(until=localdate(at)),
        ),
        ErasureStep(
            sentence=_(
                "The account is closed: name, addresses, password, passkeys, codes and open sessions are deleted. "
                "Only a number remains, so that what others did together with this person keeps its history."
            ),
            count=1,
            carry_out=lambda at: _close_account(user, at),
        ),
    ]


def _deletion(rows: QuerySet, sentence: Callable[[int], str]) -> ErasureStep:
    count = rows.count()
    return ErasureStep(sentence=sentence(count) % {"count": figure(count)}, count=count, carry_out=lambda at: rows.delete())


def _delete_tokens(tokens: QuerySet[AccessToken]) -> None:
    for token in tokens:
        KeptAnswer.objects.of(token).delete()
    tokens.delete()


def _close_account(user: User, at: datetime) -> None:
    sessions = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()
    for model in (Authenticator, SocialAccount, EmailAddress):
        model.objects.filter(user=user).delete()
    user.email = f"erased-{user.pk}@erased.invalid"
    user.name = user.language = user.time_zone = ""
    user.is_active = user.is_operator = False
    user.last_login = None
    user.erased_at = at
    user.set_unusable_password()
    user.save()


def addresses_of(user: User) -> list[str]:
    """All e-mail addresses of a person, in small letters."""
    others = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return sorted({user.email.lower(), *(email.lower() for email in others)})
