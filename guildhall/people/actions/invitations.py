"""Inviting people into an organisation by mail, and what they do with the link."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.people.actions.accounts import open_account
from guildhall.people.actions.consent import note_informed
from guildhall.people.actions.members import begin_membership
from guildhall.people.models import ConsentRecord, Invitation, Organisation, Pass, User
from guildhall.people.notices import send_letter, tell
from guildhall.people.passes import issue_pass, link, revoke_passes
from guildhall.people.rules import can_accept, can_manage

PURPOSE = "people.invitation"
VALID_FOR = timedelta(days=30)


@action
def invite_member(
    organisation: Organisation,
    *,
    email: str,
    roles: Iterable[str],
    name: str = "",
    language: str = "",
    sentence: str = "",
    by: User,
    at: datetime,
) -> Invitation:
    """Offer roles in an organisation to whoever reads an address; the letter holds the link with which they accept.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: nothing new is offered: they have all these roles, or an invitation to this address waits for its answer.
    """
    organisation = lock(organisation)
    can_manage.require(by, organisation)
    email = email.strip().lower()
    offered = sorted(set(roles))
    has = organisation.memberships.current().filter(user__email__iexact=email, role__in=offered)
    if len(set(has.values_list("role", flat=True))) == len(offered):
        raise Refused(_("%(email)s already has this role at %(organisation)s.") % {"email": email, "organisation": organisation})
    earlier = organisation.invitations.waiting().filter(email__iexact=email)
    if earlier.open(at).exists():
        raise Refused(_("%(email)s is invited already. Send that invitation again, or withdraw it first.") % {"email": email})
    earlier.update(withdrawn_at=at)  # expired ones: this one takes their place
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        roles=offered,
        name=name,
        language=language,
        sentence=sentence,
        invited_by=by,
        invited_at=at,
        expires_at=at + VALID_FOR,
    )
    _send(invitation, by, at)
    return invitation


@action
def resend_invitation(invitation: Invitation, *, by: User, at: datetime) -> Invitation:
    """Send an invitation again with a new link; the old one stops working.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: it was answered or withdrawn.
    """
    invitation = _waiting(invitation)
    can_manage.require(by, invitation.organisation)
    invitation.expires_at = at + VALID_FOR
    invitation.save(update_fields=["expires_at"])
    revoke_passes(invitation, purpose=PURPOSE, at=at)
    _send(invitation, by, at)
    return invitation


@action
def withdraw_invitation(invitation: Invitation, *, by: User, at: datetime) -> Invitation:
    """Take an invitation back; its link stops working.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: it was answered or withdrawn.
    """
    invitation = _waiting(invitation)
    can_manage.require(by, invitation.organisation)
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    revoke_passes(invitation, purpose=PURPOSE, at=at)
    return invitation


@action
def accept_invitation(invitation: Invitation, *, by: User, at: datetime) -> Invitation:
    """Take up the roles an invitation offers.

    Raises:
        NotAllowed: it was sent to an address that is not shown to be theirs.
        Refused: it was answered, withdrawn, or has expired.
    """
    invitation = _waiting(invitation)
    can_accept.require(by, invitation)
    return _accept(invitation, by, at)


@action
def sign_up_by_invitation(invitation: Invitation, *, name: str, language: str, by: Pass, at: datetime) -> User:
    """Make an account for whoever holds an invitation's link, and take up its roles.

    Having the link shows that the address is theirs, as a code sent to it would.

    Raises:
        Refused: it was answered, withdrawn or has expired; or there is an account for this address, to sign in to first.
    """
    invitation = _waiting(invitation)
    if (by.purpose, by.thing_type, by.thing_id) != (PURPOSE, invitation._meta.label_lower, invitation.pk):
        raise ValueError("This pass is for something else.")
    user = open_account(email=invitation.email, name=name, language=language, by=by, at=at)
    note_informed(user, how=ConsentRecord.How.LINK, language=language, at=at)
    _accept(invitation, user, at)
    return user


def _waiting(invitation: Invitation) -> Invitation:
    invitation = lock(invitation)
    if invitation.accepted_at:
        raise Refused(_("This invitation has been accepted already."))
    if invitation.withdrawn_at:
        raise Refused(_("This invitation has been withdrawn."))
    return invitation


def _accept(invitation: Invitation, user: User, at: datetime) -> Invitation:
    if invitation.expires_at <= at:
        raise Refused(_("This invitation has expired. Ask %(person)s for a new one.") % {"person": invitation.invited_by})
    for role in invitation.roles:
        begin_membership(invitation.organisation, user, role, at=at)
    invitation.accepted_at = at
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    revoke_passes(invitation, purpose=PURPOSE, at=at)
    tell(
        invitation.invited_by,
        kind="people.invitation_accepted",
        sentence=gettext_lazy("%(person)s accepted your invitation to %(organisation)s."),
        params={"person": user, "organisation": invitation.organisation},
        url=invitation.organisation.get_absolute_url(),
        by=user,
        at=at,
    )
    return invitation


def _send(invitation: Invitation, by: User, at: datetime) -> None:
    language = invitation.language or by.preferred_language
    _held, token = issue_pass(
        invitation,
        purpose=PURPOSE,
        name=invitation.name,
        email=invitation.email,
        language=language,
        valid_for=invitation.expires_at - at,
        by=by,
        at=at,
    )
    send_letter(
        to=invitation.email,
        language=language,
        template="people/mail/invitation.txt",
        context={
            "invitation": invitation,
            "by": by,
            "button_url": link(token),
            "button_label": gettext_lazy("See the invitation"),
        },
        sender_name=str(by),
        reply_to=by.email,
        at=at,
    )
