"""Consortia of schools: beginning and ending them, inviting schools, and their joining and leaving.

A school is a member once its own manager says so, until its own manager or the host says otherwise; that holds at once. With a
school goes what it shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.engagement.models import CommonEmployer, Consortium, ConsortiumMember, SharedEmployer
from guildhall.engagement.rules import can_answer_for_school, can_begin_consortium, can_host_consortium
from guildhall.people.models import Kind, Membership, Organisation, User
from guildhall.people.notices import tell

#: Whoever declined is left in peace for so long.
ASK_AGAIN_AFTER = timedelta(days=90)


@action
def begin_consortium(organisation: Organisation, *, name: str, by: User, at: datetime) -> Consortium:
    """Begin a consortium that an organisation hosts; a school that does so is its first member.

    Raises:
        NotAllowed: ``by`` does not manage a school or an association.
        Refused: it has no name, or the organisation hosts one of this name already.
    """
    can_begin_consortium.require(by, organisation)
    name = " ".join(name.split())
    if not name:
        raise Refused(_("Give the consortium a name."))
    try:
        with transaction.atomic():
            consortium = Consortium.objects.create(name=name, host=organisation, made_at=at, made_by=by)
    except IntegrityError:
        raise Refused(_("You already host a consortium of this name.")) from None
    if organisation.kind == Kind.SCHOOL:
        ConsortiumMember.objects.create(
            consortium=consortium, school=organisation, invited_at=at, invited_by=by, accepted_at=at, accepted_by=by
        )
    return consortium


@action
def end_consortium(consortium: Consortium, *, by: User, at: datetime) -> Consortium:
    """End a consortium: nothing is shared in it any more, and nobody sees anything of the others.

    Raises:
        NotAllowed: ``by`` does not manage the host.
        Refused: it has ended already.
    """
    consortium = hold(consortium)
    can_host_consortium.require(by, consortium)
    schools = [member.school for member in consortium.members.standing().for_list()]
    SharedEmployer.objects.filter(consortium=consortium).delete()
    CommonEmployer.objects.filter(consortium=consortium).delete()
    consortium.ended_at, consortium.ended_by = at, by
    consortium.save(update_fields=["ended_at", "ended_by"])
    words = {"consortium": str(consortium), "host": str(consortium.host)}
    sentence = gettext_noop("%(host)s has ended the consortium %(consortium)s. What you shared in it is shared no longer.")
    _tell_managers(schools, kind="engagement.consortium_ended", sentence=sentence, params=words, by=by, at=at)
    return consortium


@action
def invite_school(consortium: Consortium, *, school: Organisation, by: User, at: datetime) -> ConsortiumMember:
    """Invite a school, whose managers are told; it is no member before one of them accepts.

    Raises:
        NotAllowed: ``by`` does not manage the host.
        Refused: it is no school with people here, is a member or invited already, or has declined lately.
    """
    consortium = hold(consortium)
    can_host_consortium.require(by, consortium)
    if school.kind != Kind.SCHOOL or school.kept_by_id is not None:
        raise Refused(_("Only schools that use Guildhall can be members."))
    if consortium.members.standing().filter(school=school).exists():
        raise Refused(_("This school is a member or invited already."))
    declined = consortium.members.filter(school=school, accepted_at__isnull=True, left_at__gt=at - ASK_AGAIN_AFTER)
    if declined.exists():
        raise Refused(_("%(school)s has declined lately. Talk to them before you invite them again.") % {"school": school})
    member = ConsortiumMember.objects.create(consortium=consortium, school=school, invited_at=at, invited_by=by)
    words = {"consortium": str(consortium), "host": str(consortium.host), "school": str(school)}
    sentence = gettext_noop("%(host)s invites %(school)s into the consortium %(consortium)s.")
    url = consortium.get_absolute_url()
    _tell_managers([school], kind="engagement.consortium_invites", sentence=sentence, params=words, url=url, by=by, at=at)
    return member


@action
def accept_invitation(member: ConsortiumMember, *, by: User, at: datetime) -> ConsortiumMember:
    """Let a school become a member. Nothing is shared by that: each employer is, by who looks after it.

    Raises:
        NotAllowed: ``by`` does not manage the school.
        Refused: the invitation was withdrawn or answered, or the consortium has ended.
    """
    member = _held(member)
    can_answer_for_school.require(by, member)
    if member.accepted_at is not None:
        raise Refused(_("This school is a member already."))
    member.accepted_at, member.accepted_by = at, by
    member.save(update_fields=["accepted_at", "accepted_by"])
    _tell_host(member, "engagement.consortium_joined", gettext_noop("%(school)s has joined %(consortium)s."), by, at)
    return member


@action
def decline_invitation(member: ConsortiumMember, *, by: User, at: datetime) -> ConsortiumMember:
    """Say no to an invitation.

    Raises:
        NotAllowed: ``by`` does not manage the school.
        Refused: it was withdrawn, declined or accepted already, or the consortium has ended.
    """
    member = _held(member)
    can_answer_for_school.require(by, member)
    if member.accepted_at is not None:
        raise Refused(_("This school is a member already. It can leave instead."))
    _part(member, by, at)
    _tell_host(member, "engagement.consortium_declined", gettext_noop("%(school)s does not join %(consortium)s."), by, at)
    return member


@action
def leave_consortium(member: ConsortiumMember, *, by: User, at: datetime) -> ConsortiumMember:
    """Let a school leave: the others see nothing of it any more, and it nothing of them, from this moment on.

    Raises:
        NotAllowed: ``by`` does not manage the school.
        Refused: it is no member any more, or the consortium has ended.
    """
    member = _held(member)
    can_answer_for_school.require(by, member)
    if member.accepted_at is None:
        raise Refused(_("This school is not a member. It can decline the invitation instead."))
    _part(member, by, at)
    _tell_host(member, "engagement.consortium_left", gettext_noop("%(school)s has left %(consortium)s."), by, at)
    return member


@action
def remove_school(member: ConsortiumMember, *, by: User, at: datetime) -> Consortium:
    """Take a school out of a consortium, or take its invitation back, in the name of the host.

    Raises:
        NotAllowed: ``by`` does not manage the host.
        Refused: it is no member any more, or the consortium has ended.
    """
    member = _held(member)
    can_host_consortium.require(by, member.consortium)
    if member.accepted_at is None:
        member.delete()  # nothing has come of it
        return member.consortium
    _part(member, by, at)
    words = {"consortium": str(member.consortium), "host": str(member.consortium.host), "school": str(member.school)}
    sentence = gettext_noop(
        "%(host)s has taken %(school)s out of the consortium %(consortium)s. What you shared in it is shared no longer."
    )
    _tell_managers([member.school], kind="engagement.consortium_removed", sentence=sentence, params=words, by=by, at=at)
    return member.consortium


@action
def forget_consortia(*, before: datetime, by: User | None) -> int:
    """Delete consortia that ended, and what is known of schools that left, before a moment; returns how many."""
    ended = Consortium.objects.filter(ended_at__lt=before)
    gone = ended.count()
    ended.delete()
    return gone + ConsortiumMember.objects.left_before(before).delete()[0]


def hold(consortium: Consortium) -> Consortium:
    """Lock a consortium: who joins, leaves and shares in it does so one after the other. From inside an action.

    Raises:
        Refused: it has ended.
    """
    consortium = lock(consortium)
    if consortium.ended_at is not None:
        raise Refused(_("This consortium has ended."))
    return consortium


def _held(member: ConsortiumMember) -> ConsortiumMember:
    consortium = hold(member.consortium)
    member = lock(member)
    member.consortium = consortium
    if member.left_at is not None:
        raise Refused(_("This school is no longer a member, nor invited."))
    return member


def _part(member: ConsortiumMember, by: User, at: datetime) -> None:
    theirs = {"consortium": member.consortium_id}
    SharedEmployer.objects.filter(**theirs, employer__school=member.school_id).delete()
    CommonEmployer.objects.filter(**theirs, ours__school=member.school_id).delete()
    CommonEmployer.objects.filter(**theirs, theirs__school=member.school_id).delete()
    member.left_at, member.left_by = at, by
    member.save(update_fields=["left_at", "left_by"])


def _tell_host(member: ConsortiumMember, kind: str, sentence: str, by: User, at: datetime) -> None:
    words = {"consortium": str(member.consortium), "school": str(member.school)}
    url = member.consortium.get_absolute_url()
    _tell_managers([member.consortium.host], kind=kind, sentence=sentence, params=words, url=url, by=by, at=at)


def _tell_managers(organisations: Iterable[Organisation], *, by: User, **news: Any) -> None:
    """Tell all managers of some organisations once, but not who did it."""
    managing = Membership.objects.managing().filter(organisation__in=[organisation.pk for organisation in organisations])
    for manager in User.objects.filter(pk__in=managing.values("user")).exclude(pk=by.pk).order_by("pk"):
        tell(manager, by=by, **news)
