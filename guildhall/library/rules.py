"""Who may do what in the library."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guildhall.core.rules import rule
from guildhall.library.models import WRITERS, Answer, Collection, Expert, ExpertGroup, Harvest, Resource, Review, Upload, Use
from guildhall.library.models.experts import HOSTS
from guildhall.people.mail_addresses import is_shown_to_be_of
from guildhall.people.models import Organisation, Role, User
from guildhall.people.rules import can_coordinate, can_work_for, has_role


@rule(_("Only members of this organisation can write in its name, learners not: what is written is public."))
def can_write(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, WRITERS)


@rule(_("Only who wrote this, and those who work for the same organisation, can change it."))
def can_change(user: User, resource: Resource) -> bool:
    mine = resource.owner_id == user.pk and can_write(user, resource.organisation)
    return mine or can_work_for(user, resource.organisation)


@rule(_("Only managers, placement coordinators and quality officers can publish in the name of this organisation. Hand it in."))
def can_publish(user: User, resource: Resource) -> bool:
    return has_role(user, resource.organisation, [Role.MANAGER, Role.COORDINATOR, Role.QUALITY])


@rule(_("Only managers, placement coordinators and quality officers can withdraw what this organisation has published."))
def can_withdraw(user: User, resource: Resource) -> bool:
    return can_publish(user, resource)


@rule(_("Only members of an organisation can translate, and learners not: what is written is public."))
def can_translate(user: User, organisation: Organisation) -> bool:
    return can_write(user, organisation)


@rule(_("Who translated this does not look through it as well: a colleague does."))
def can_look_through(user: User, translation: Resource) -> bool:
    """Whether somebody may stand for a translation: whoever asked a machine for it may, who translated it may not."""
    return translation.translated == Resource.Translated.MACHINE or translation.owner != user


@rule(_("Who wrote it cannot review it."))
def can_review(user: User, resource: Resource) -> bool:
    """Whether somebody may give an opinion: a member of an organisation, but not of the one that published it."""
    return not has_role(user, resource.organisation, WRITERS)


@rule(_("Only managers and placement coordinators of a school or an association can run a group of experts."))
def can_run_experts(user: User, organisation: Organisation) -> bool:
    return organisation.kind in HOSTS and can_coordinate(user, organisation)


@rule(_("This invitation was sent to another address. Sign in with that one, or ask for an invitation to yours."))
def can_answer_as_expert(user: User, expert: Expert) -> bool:
    return user.is_active and is_shown_to_be_of(user, expert.email)


@rule(_("Learners cannot be in a group of experts: what is written there is public."))
def can_be_expert(user: User, expert: Expert) -> bool:
    """Whether somebody may be in a group: a member of whatever organisation, or of none, but nobody who only learns."""
    roles = set(user.memberships.current().values_list("role", flat=True))
    return not roles or not roles.isdisjoint(WRITERS)


@rule(_("Only the expert themselves can leave a group."))
def can_leave_experts(user: User, expert: Expert) -> bool:
    return expert.user_id == user.pk


@rule(_("Only those who are in this group can review in its name."))
def can_review_for(user: User, group: ExpertGroup) -> bool:
    return group.experts.current().filter(user=user.pk).exists()


@rule(_("This was written by somebody else."))
def can_take_back(user: User, opinion: Review | Use) -> bool:
    return opinion.by_id == user.pk


@rule(_("Somebody else is sending this film."))
def can_send(user: User, upload: Upload) -> bool:
    return upload.by_id == user.pk


@rule(_("This was written by somebody else."))
def can_change_answer(user: User, answer: Answer) -> bool:
    return answer.by_id == user.pk


@rule(_("Only managers, placement coordinators and quality officers see what is written for those who lead a group."))
def can_facilitate(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, [Role.MANAGER, Role.COORDINATOR, Role.QUALITY])


@rule(_("Only members of this organisation see what its people thought."))
def can_see_answers(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, list(Role))


@rule(_("Only members of this organisation can change its collections."))
def can_collect(user: User, collection: Collection) -> bool:
    return can_write(user, collection.organisation)


@rule(_("Only managers, placement coordinators and quality officers can say which other places are harvested."))
def can_harvest(user: User, organisation: Organisation) -> bool:
    return has_role(user, organisation, [Role.MANAGER, Role.COORDINATOR, Role.QUALITY])


@rule(_("Only managers, placement coordinators and quality officers can say which other places are harvested."))
def can_change_harvest(user: User, harvest: Harvest) -> bool:
    return can_harvest(user, harvest.organisation)
