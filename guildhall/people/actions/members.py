"""Who belongs to an organisation: taking up roles, changing them, and leaving with everything handed over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.people.leaving import Parting, is_last_manager, no_manager_left, part
from guildhall.people.models import STAFF_ROLES, Membership, Organisation, Role, User
from guildhall.people.notices import tell
from guildhall.people.rules import can_end_membership, can_manage


@action
def change_roles(
    organisation: Organisation, *, member: User, roles: Iterable[str], heir: User | None = None, by: User, at: datetime
) -> Organisation:
    """Give a member these roles in an organisation and no others.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: there is no role; the organisation would lose its last manager; or the member will no longer work for
            it, owns something, and nobody (``heir``) is there to take it over.
    """
    organisation = lock(organisation)
    can_manage.require(by, organisation)
    held = {membership.role: membership for membership in _current(organisation, member, at)}
    wanted = set(roles)
    if not held:
        raise Refused(
            _("%(person)s does not belong to %(organisation)s. Invite them first.")
            % {"person": member, "organisation": organisation}
        )
    if not wanted:
        raise Refused(_("A member needs at least one role. To take the last one away, let them leave."))
    if Role.MANAGER not in wanted and is_last_manager(member, organisation, at):
        raise Refused(no_manager_left(organisation))
    if not wanted & set(STAFF_ROLES):
        _hand_over(part(member, organisation, at), member, heir, by, at)
    for role, membership in held.items():
        if role not in wanted:
            _end(membership, at)
    for role in sorted(wanted - set(held)):
        begin_membership(organisation, member, role, at=at)
    if by != member and set(held) != wanted:
        tell(
            member,
            kind="people.roles_changed",
            sentence=gettext_lazy("Your roles at %(organisation)s were changed by %(person)s."),
            params={"organisation": organisation, "person": by},
            url=organisation.get_absolute_url(),
            by=by,
            at=at,
        )
    return organisation


@action
def leave_organisation(
    organisation: Organisation, *, member: User, heir: User | None = None, by: User | None, at: datetime
) -> Organisation:
    """End all roles of a member at once, today, and hand over what they own there to ``heir``.

    Raises:
        NotAllowed: ``by`` is neither the member nor a manager.
        Refused: the organisation would lose its last manager, or something would be left without an owner.
    """
    organisation = lock(organisation)
    memberships = _current(organisation, member, at)
    for membership in memberships:
        can_end_membership.require(by, membership)
    parting = part(member, organisation, at)
    if parting.obstacle:
        raise Refused(parting.obstacle)
    _hand_over(parting, member, heir, by, at)
    for membership in memberships:
        _end(membership, at)
    if by and by != member:
        tell(
            member,
            kind="people.membership_ended",
            sentence=gettext_lazy("You no longer belong to %(organisation)s."),
            params={"organisation": organisation},
            by=by,
            at=at,
        )
    elif by:
        for manager in User.objects.filter(pk__in=organisation.memberships.managing().values("user")):
            tell(
                manager,
                kind="people.member_left",
                sentence=gettext_lazy("%(person)s has left %(organisation)s."),
                params={"person": member, "organisation": organisation},
                by=by,
                at=at,
            )
    return organisation


def begin_membership(organisation: Organisation, member: User, role: str, *, at: datetime) -> Membership:
    """Let somebody take up a role, within the action that decided so; a role that is held already stays as it is."""
    membership, _is_new = Membership.objects.get_or_create(
        user=member, organisation=organisation, role=role, until=None, defaults={"since": localdate(at)}
    )
    return membership


def _current(organisation: Organisation, member: User, at: datetime) -> list[Membership]:
    return list(organisation.memberships.current(localdate(at)).filter(user=member).select_related("organisation", "user"))


def _end(membership: Membership, at: datetime) -> None:
    """End a role so that it no longer counts from this moment on: yesterday was its last full day."""
    yesterday = localdate(at) - timedelta(days=1)
    membership.until = max(yesterday, membership.since)
    if membership.since > yesterday:
        membership.delete()  # it did not last a day
    else:
        membership.save(update_fields=["until"])


def _hand_over(parting: Parting, member: User, heir: User | None, by: User | None, at: datetime) -> None:
    """Give what a member owns in an organisation to somebody who works there."""
    if not parting.belongings:
        return
    if heir is None:
        what = "; ".join(owned.sentence for owned in parting.belongings)
        raise Refused(_("Somebody must take over first: %(what)s.") % {"what": what})
    if heir not in parting.heirs:
        raise Refused(
            _("%(person)s cannot take this over: they do not work for %(organisation)s.")
            % {"person": heir, "organisation": parting.organisation}
        )
    for owned in parting.belongings:
        owned.hand_over(heir, by, at)
    tell(
        heir,
        kind="people.handed_over",
        sentence=gettext_lazy("You now look after what %(person)s looked after at %(organisation)s."),
        params={"person": member, "organisation": parting.organisation},
        by=by,
        at=at,
    )
