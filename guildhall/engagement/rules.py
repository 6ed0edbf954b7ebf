"""Who may do what in a school's employer book."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guildhall.core.rules import rule
from guildhall.engagement.models import (
    CapturedMail,
    Consortium,
    ConsortiumMember,
    Contact,
    Employer,
    MailAddress,
    Mailing,
    NextStep,
    PlanStep,
    SavedView,
)
from guildhall.engagement.models.consortia import HOSTS
from guildhall.engagement.models.methodology import READERS
from guildhall.people.models import Organisation, User
from guildhall.people.rules import can_coordinate, can_manage, can_work_for


@rule(_("Only people who work for this school can write in its employer book."))
def can_write_in_book(user: User, school: Organisation) -> bool:
    return school.kind == school.Kind.SCHOOL and can_work_for(user, school)


@rule(_("Only people who work for a school or an association can read the methodology."))
def can_read_methodology(user: User, organisation: Organisation) -> bool:
    return organisation.kind in READERS and can_work_for(user, organisation)


@rule(_("Only managers and placement coordinators can add to the methodology of their school."))
def can_shape_methodology(user: User, school: Organisation) -> bool:
    return school.kind == school.Kind.SCHOOL and can_coordinate(user, school)


@rule(_("Only managers and placement coordinators can import employers."))
def can_import(user: User, school: Organisation) -> bool:
    return can_coordinate(user, school)


@rule(_("Only people who work for this school can take its employers along."))
def can_export(user: User, school: Organisation) -> bool:
    return can_work_for(user, school)


@rule(_("Only managers and placement coordinators can take the whole book along."))
def can_export_book(user: User, school: Organisation) -> bool:
    return can_coordinate(user, school)


@rule(_("Only managers and placement coordinators can merge what is in the book twice, and undo it."))
def can_merge(user: User, school: Organisation) -> bool:
    return can_coordinate(user, school)


@rule(_("Only managers and placement coordinators can say which words of employers mean the same."))
def can_say_what_words_mean(user: User, school: Organisation) -> bool:
    return can_coordinate(user, school)


@rule(_("Only who looks after this employer, a manager or a placement coordinator can hand it to somebody else."))
def can_hand_over(user: User, employer: Employer) -> bool:
    nobody_yet = employer.owner_id is None and can_work_for(user, employer.school)
    return nobody_yet or employer.owner_id == user.pk or can_coordinate(user, employer.school)


@rule(_("Only who saved this view can change it."))
def can_change_view(user: User, view: SavedView) -> bool:
    return view.owner_id == user.pk and can_work_for(user, view.school)


@rule(_("Only who wrote this down, a manager or a placement coordinator can change it."))
def can_change_contact(user: User, contact: Contact) -> bool:
    return contact.by_id == user.pk or can_coordinate(user, contact.employer.school)


@rule(_("Only people who work for this school can change its next steps."))
def can_change_step(user: User, step: NextStep) -> bool:
    return can_work_for(user, step.employer.school)


@rule(_("Only whose address this mail came to, a manager or a placement coordinator can file it elsewhere."))
def can_file_mail(user: User, mail: CapturedMail) -> bool:
    """Whether somebody may say whose mail this is: before it is on a timeline only its owner sees it."""
    mine = mail.owner_id == user.pk and can_work_for(user, mail.school)
    return mine or (mail.contact is not None and can_change_contact(user, mail.contact))


@rule(_("This address belongs to somebody else."))
def can_change_mail_address(user: User, address: MailAddress) -> bool:
    return address.owner_id == user.pk


@rule(_("Only managers of a school or an association can begin a consortium."))
def can_begin_consortium(user: User, organisation: Organisation) -> bool:
    return organisation.kind in HOSTS and organisation.kept_by_id is None and can_manage(user, organisation)


@rule(_("Only managers of the organisation that hosts this consortium can do this."))
def can_host_consortium(user: User, consortium: Consortium) -> bool:
    return can_manage(user, consortium.host)


@rule(_("Only managers of the school itself can say whether it is part of a consortium."))
def can_answer_for_school(user: User, member: ConsortiumMember) -> bool:
    return can_manage(user, member.school)


@rule(_("Only who looks after an employer, a manager or a placement coordinator can say whether other schools are told of it."))
def can_share_employer(user: User, employer: Employer) -> bool:
    mine = employer.owner_id == user.pk and can_work_for(user, employer.school)
    return mine or can_coordinate(user, employer.school)


@rule(_("Only managers and placement coordinators can make and change the school’s plan."))
def can_plan(user: User, school: Organisation) -> bool:
    return school.kind == school.Kind.SCHOOL and can_coordinate(user, school)


@rule(_("Only who does this step, a manager or a placement coordinator can tick it off."))
def can_tick_off(user: User, step: PlanStep) -> bool:
    mine = step.owner_id == user.pk and can_work_for(user, step.plan.school)
    return mine or can_plan(user, step.plan.school)


@rule(_("Only people who work for this school can write letters in its name."))
def can_write_letters(user: User, school: Organisation) -> bool:
    return can_write_in_book(user, school)


@rule(_("Only managers and placement coordinators can write to more than ten employers at once."))
def can_write_to_many(user: User, school: Organisation) -> bool:
    return can_coordinate(user, school)


@rule(_("Only managers and placement coordinators can say how many letters an employer gets."))
def can_set_letters(user: User, school: Organisation) -> bool:
    return can_coordinate(user, school)


@rule(_("Only who writes this letter, a manager or a placement coordinator can change or stop it."))
def can_change_mailing(user: User, mailing: Mailing) -> bool:
    return can_send_mailing(user, mailing) or can_coordinate(user, mailing.school)


@rule(_("Only who writes this letter can send it: it goes out in their name."))
def can_send_mailing(user: User, mailing: Mailing) -> bool:
    return mailing.by_id == user.pk and can_write_letters(user, mailing.school)
