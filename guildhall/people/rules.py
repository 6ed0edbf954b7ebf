"""Who may do what with people and organisations."""

from __future__ import annotations

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from guildhall.core.rules import rule
from guildhall.people.mail_addresses import is_shown_to_be_of
from guildhall.people.models import (
    STAFF_ROLES,
    AccessToken,
    Invitation,
    Membership,
    Notice,
    Organisation,
    Role,
    User,
    numbers_run_by,
)


def has_role(user: User | None, organisation: Organisation, roles: list[Role]) -> bool:
    """Whether a person has one of these roles in an organisation today."""
    if user is None or not user.is_active:
        return False
    if user.memberships_today is not None:
        return any(held.organisation_id == organisation.pk and held.role in roles for held in user.memberships_today)
    return user.memberships.current().filter(organisation=organisation.pk, role__in=roles).exists()


@rule(_("Only people who work for this organisation can do this."))
def can_work_for(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, STAFF_ROLES)


@rule(_("Only managers of this organisation can do this."))
def can_manage(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, [Role.MANAGER])


@rule(_("Only managers and placement coordinators of this organisation can do this."))
def can_coordinate(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, [Role.MANAGER, Role.COORDINATOR])


@rule(_("Only managers of this school can see and change what other programs are told."))
def can_keep_webhooks(user: User, organisation: Organisation) -> bool:
    return can_manage(user, organisation)


@rule(_("Sign in first."))
def can_create_organisation(user: User, _thing: None = None) -> bool:
    return user.is_active and not user.erased_at


@rule(_("This invitation was sent to another address. Sign in with that one, or ask for an invitation to yours."))
def can_accept(user: User, invitation: Invitation) -> bool:
    """Whether the invitation was sent to one of the addresses that are shown to be the person's own."""
    return user.is_active and is_shown_to_be_of(user, invitation.email)


@rule(_("Only the person themselves or a manager of the organisation can end this."))
def can_end_membership(user: User | None, membership: Membership) -> bool:
    """Whether somebody may end a role; None is Guildhall itself, at the command of its operator."""
    return user is None or user == membership.user or can_manage(user, membership.organisation)


@rule(_("This belongs to somebody else."))
def can_call_own(user: User, thing: User | Notice | AccessToken) -> bool:
    """Whether a person is this user, or has this notice or token."""
    return user == (thing if isinstance(thing, User) else thing.user)


@rule(_("Only the person themselves, and those who work where they learn or work, can record this."))
def can_record_consent(user: User, person: Model) -> bool:
    """Whether somebody may write down what a person agreed to. For people without an account their room asks its own rule."""
    if not isinstance(person, User) or user == person:
        return True
    return person.memberships.current().filter(organisation__in=numbers_run_by(user)).exists()


@rule(_("Only the person themselves, or who runs this installation, can have their data erased."))
def can_erase(user: User | None, person: User) -> bool:
    """Whether somebody may have a person erased; None is Guildhall itself, at the command of its operator."""
    return user is None or user == person or user.is_operator


@rule(_("Only managers of an organisation and those who run this installation can see this."))
def can_see_retention(user: User, _thing: None = None) -> bool:
    return user.is_operator or user.memberships.current().filter(role=Role.MANAGER).exists()
