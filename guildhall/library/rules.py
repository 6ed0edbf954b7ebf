"""Who may do what in the library."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guildhall.core.rules import rule
from guildhall.library.models import WRITERS, Answer, Collection, Harvest, Resource, Review, Upload, Use
from guildhall.people.models import Organisation, Role, User
from guildhall.people.rules import can_work_for, has_role


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


@rule(_("Who wrote it cannot review it."))
def can_review(user: User, resource: Resource) -> bool:
    """Whether somebody may give an opinion: a member of an organisation, but not of the one that published it."""
    return not has_role(user, resource.organisation, WRITERS)


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
