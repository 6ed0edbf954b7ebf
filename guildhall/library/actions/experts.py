"""Groups of experts: beginning and ending them, inviting people by their address, and their coming and going.

Nothing here tells whether there is an account for an address: it is invited, and whoever can show that it is theirs may answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.library.cleaning import as_text
from guildhall.library.models import Expert, ExpertGroup
from guildhall.library.rules import can_answer_as_expert, can_be_expert, can_leave_experts, can_run_experts
from guildhall.people.mail_addresses import who_reads
from guildhall.people.models import Organisation, User
from guildhall.people.notices import tell

#: People in a group and open invitations together; its page shows them all.
MOST_EXPERTS = 50
#: Whoever declined is left in peace for so long.
ASK_AGAIN_AFTER = timedelta(days=90)


@action
def begin_experts(organisation: Organisation, *, name: str, expertise: str, language: str, by: User, at: datetime) -> ExpertGroup:
    """Begin a group of experts that an organisation runs; its page is public from now on.

    Raises:
        NotAllowed: ``by`` does not manage or coordinate a school or an association.
        Refused: it has no name, does not say what it is expert in, or there is one of this name.
    """
    can_run_experts.require(by, organisation)
    return _write(ExpertGroup(organisation=organisation, language=language, made_at=at, made_by=by), name, expertise)


@action
def change_experts(group: ExpertGroup, *, name: str, expertise: str, by: User, at: datetime) -> ExpertGroup:
    """Change what a group is called, and what it is expert in.

    Raises:
        NotAllowed: ``by`` does not run it.
        Refused: it has ended, has no name, does not say what it is expert in, or there is one of this name.
    """
    return _write(_open(group, by), name, expertise)


@action
def end_experts(group: ExpertGroup, *, by: User, at: datetime) -> ExpertGroup:
    """End a group: what it reviewed stays, new reviews and people do not come, and open invitations are forgotten.

    Raises:
        NotAllowed: ``by`` does not run it.
        Refused: it has ended already.
    """
    group = _open(group, by)
    group.experts.filter(accepted_at__isnull=True).delete()
    group.ended_at = at
    group.save(update_fields=["ended_at"])
    sentence = gettext_noop("The expert group “%(group)s” has ended. What you reviewed for it stays.")
    for expert in group.experts.current().select_related("user").exclude(user=by.pk).order_by("pk"):
        _tell(expert.user, group, "library.experts_ended", sentence, by=by, at=at)
    return group


@action
def invite_expert(group: ExpertGroup, *, email: str, by: User, at: datetime) -> Expert:
    """Invite whoever reads an address; if somebody here has shown that it is theirs, they are told.

    Raises:
        NotAllowed: ``by`` does not run the group.
        Refused: the group has ended or is full, or the address is invited, in it, or has declined lately.
    """
    group, email = _open(group, by), email.strip().lower()
    held = group.experts.filter(email=email).first()
    if held is not None:
        if held.accepted_at is not None:
            raise Refused(_("%(email)s is in this group already.") % {"email": email})
        if held.declined_at is None:
            raise Refused(_("%(email)s is invited already.") % {"email": email})
        if held.declined_at > at - ASK_AGAIN_AFTER:
            raise Refused(_("%(email)s has declined lately. Talk to them before you invite them again.") % {"email": email})
        held.delete()
    if group.experts.standing().count() >= MOST_EXPERTS:
        sentence = ngettext("A group has at most %(count)s expert.", "A group has at most %(count)s experts.", MOST_EXPERTS)
        raise Refused(sentence % {"count": MOST_EXPERTS})
    expert = Expert.objects.create(group=group, email=email, invited_at=at, invited_by=by)
    reader = who_reads(email)
    if reader is not None:
        sentence = gettext_noop("%(organisation)s invites you into the expert group “%(group)s”.")
        words = {"organisation": str(group.organisation), "group": str(group)}
        url = reverse("library:experts")
        tell(reader, kind="library.expert_invited", sentence=sentence, params=words, url=url, by=by, at=at)
    return expert


@action
def accept_as_expert(expert: Expert, *, name: str, by: User, at: datetime) -> Expert:
    """Take a place in a group under a name that is public from now on, on its page and beside what one reviews for it.

    Raises:
        NotAllowed: the invitation was sent to an address that is not shown to be theirs, or they only learn.
        Refused: it was withdrawn or answered, the group has ended, they are in it already, or say no name.
    """
    expert = _unanswered(expert, by)
    can_be_expert.require(by, expert)
    group, name = expert.group, _one_line(name)
    if not name:
        raise Refused(_("Say under which name you review."))
    if group.experts.current().filter(user=by.pk).exists():
        raise Refused(_("You are in this group already."))
    expert.user, expert.name, expert.accepted_at = by, name, at
    expert.save(update_fields=["user", "name", "accepted_at"])
    group.experts.invited().of(by).delete()  # sent to another address of theirs
    _tell(
        expert.invited_by, group, "library.expert_joined", gettext_noop("%(person)s is in “%(group)s” now."), name, by=by, at=at
    )
    return expert


@action
def decline_as_expert(expert: Expert, *, by: User, at: datetime) -> Expert:
    """Say no to an invitation.

    Raises:
        NotAllowed: it was sent to an address that is not shown to be theirs.
        Refused: it was withdrawn or answered, or the group has ended.
    """
    expert = _unanswered(expert, by)
    expert.declined_at = at
    expert.save(update_fields=["declined_at"])
    sentence = gettext_noop("%(person)s does not join “%(group)s”.")
    _tell(expert.invited_by, expert.group, "library.expert_declined", sentence, expert.email, by=by, at=at)
    return expert


@action
def leave_experts(expert: Expert, *, by: User, at: datetime) -> ExpertGroup:
    """Leave a group, one that has ended as well; what was reviewed for it stays with it, under the name it was given then.

    Raises:
        NotAllowed: it is somebody else's place.
        Refused: they are not in it any more.
    """
    expert = _held(expert)
    can_leave_experts.require(by, expert)
    sentence = gettext_noop("%(person)s has left “%(group)s”.")
    _tell(expert.invited_by, expert.group, "library.expert_left", sentence, expert.name, by=by, at=at)
    expert.delete()
    return expert.group


@action
def remove_expert(expert: Expert, *, by: User, at: datetime) -> ExpertGroup:
    """Take somebody out of a group, or an invitation back; what was reviewed for it stays with it.

    Raises:
        NotAllowed: ``by`` does not run the group.
        Refused: they are not in it any more.
    """
    expert = _held(expert)
    can_run_experts.require(by, expert.group.organisation)
    if expert.declined_at is not None:
        raise Refused(_("This invitation was declined."))
    if expert.user is not None:
        sentence = gettext_noop("You are no longer in the expert group “%(group)s”. What you reviewed for it stays.")
        _tell(expert.user, expert.group, "library.expert_removed", sentence, by=by, at=at)
    expert.delete()
    return expert.group


@action
def forget_invited_experts(*, before: datetime, by: User | None) -> int:
    """Delete invitations that nobody answered, and those declined, before a moment; returns how many."""
    return Expert.objects.unanswered_before(before).delete()[0]


def _write(group: ExpertGroup, name: str, expertise: str) -> ExpertGroup:
    group.name, group.expertise = _one_line(name), _one_line(expertise)
    if not group.name or not group.expertise:
        raise Refused(_("Give the group a name, and say what it is expert in."))
    try:
        group.validate_constraints()
    except ValidationError as wrong:
        raise Refused(wrong.messages[0]) from None
    group.save()
    return group


def _one_line(words: str) -> str:
    return " ".join(as_text(words).split())


def _open(group: ExpertGroup, by: User) -> ExpertGroup:
    """Lock a group in the name of who runs it: who comes, goes and is invited does so one after the other."""
    group = lock(group)
    can_run_experts.require(by, group.organisation)
    if group.ended_at is not None:
        raise Refused(_("This group has ended."))
    return group


def _held(expert: Expert) -> Expert:
    group = lock(expert.group)
    expert = lock(expert)
    expert.group = group
    return expert


def _unanswered(expert: Expert, by: User) -> Expert:
    expert = _held(expert)
    can_answer_as_expert.require(by, expert)
    if expert.accepted_at is not None:
        raise Refused(_("This invitation has been accepted already."))
    if expert.declined_at is not None:
        raise Refused(_("This invitation was declined."))
    return expert


def _tell(user: User | None, group: ExpertGroup, kind: str, sentence: str, person: str = "", *, by: User, at: datetime) -> None:
    if user is not None and user != by:
        words = {"group": str(group), "person": person}
        tell(user, kind=kind, sentence=sentence, params=words, url=group.get_absolute_url(), by=by, at=at)
