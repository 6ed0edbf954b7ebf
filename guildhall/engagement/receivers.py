"""What the employer book answers when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.addresses import address_of
from guildhall.core.hooks import listen
from guildhall.core.models import StoredFile
from guildhall.core.questions import (
    Kind,
    MenuEntry,
    documents_of_everything,
    file_visible,
    menu_entries,
    search_kinds,
    search_scopes,
)
from guildhall.core.search import Document
from guildhall.core.ui.basics import figure
from guildhall.engagement import actions, demo
from guildhall.engagement.actions.exports import CALENDAR, forget_calendars
from guildhall.engagement.actions.imports import forget_import_details
from guildhall.engagement.calling import note_whom_to_call
from guildhall.engagement.consortia import receivers as consortium_receivers  # noqa: F401  # what consortia answer
from guildhall.engagement.mailing import receivers as receivers  # what the mails answer
from guildhall.engagement.methodology import plan_receivers as plan_receivers  # what the plans answer
from guildhall.engagement.models import (
    AlikeEmployers,
    AlikePeople,
    Calendar,
    Contact,
    Employer,
    EmployerImport,
    Export,
    Merge,
    NextStep,
    Person,
    PublishedTool,
)
from guildhall.engagement.models.contacts import LONGEST_STEP
from guildhall.engagement.models.imports import KNOWN_FOR
from guildhall.engagement.needs import receivers as needs_receivers  # noqa: F401  # what the needs interviews answer
from guildhall.engagement.purposes import PURPOSES
from guildhall.engagement.rules import can_import, can_read_methodology, can_write_in_book
from guildhall.engagement.search import CONTACT, EMPLOYER, describe_contacts, describe_employers, everything, scope_of
from guildhall.engagement.telling import EVENTS
from guildhall.engagement.writing import receivers as letters  # noqa: F401  # what letters answer
from guildhall.library.hooks import WayOn, ways_on, ways_with
from guildhall.library.models import Resource
from guildhall.people.hooks import (
    Belongings,
    DemoStage,
    ErasureStep,
    Idea,
    PersonalData,
    RetentionRule,
    Scope,
    TodayAnswer,
    TodayEntry,
    WebhookEvent,
    belongings_of,
    demo_stages,
    erasure_of,
    ideas_for_today,
    pass_destination,
    personal_data_of,
    retention_rules,
    today_entries,
    token_scopes,
    webhook_events,
)
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, ConsentRecord, Organisation, Pass, User

#: Somebody at an employer who left, or was last spoken with, longer ago than this is forgotten.
FORGET_PEOPLE_AFTER = timedelta(days=3 * 365)
#: An employer nobody has spoken to for this long is worth a call.
SILENCE = timedelta(days=120)
#: Who took employers along is known as long as what else was done.
FORGET_EXPORTS_AFTER = timedelta(days=3 * 365)
#: A merge can be undone for so long.
FORGET_MERGES_AFTER = timedelta(days=90)
SHOWN_TODAY = 20


def _works_for_a_school(request: PersonRequest) -> bool:
    school = getattr(request, "organisation", None)
    return school is not None and school.kind == Organisation.Kind.SCHOOL and not request.roles.isdisjoint(STAFF_ROLES)


@listen(menu_entries)
def ways_into_the_book(request: PersonRequest) -> list[MenuEntry]:
    if not _works_for_a_school(request):
        return []
    return [
        MenuEntry(_("Employers"), address_of("engagement:employers"), "building", position=20),
        MenuEntry(_("Next steps"), address_of("engagement:steps"), "clock", position=10),
    ]


@listen(menu_entries)
def way_into_the_methodology(request: PersonRequest) -> list[MenuEntry]:
    organisation = getattr(request, "organisation", None)
    if organisation is None or not can_read_methodology(request.user, organisation):
        return []
    return [MenuEntry(_("Methodology"), address_of("engagement:methodology"), "guildhall", position=45)]


@listen(ways_on)
def a_thought_becomes_a_next_step(request: PersonRequest, thought: str) -> list[WayOn]:
    if not _works_for_a_school(request):
        return []
    return [
        WayOn(_("Make it a next step"), f"{address_of('engagement:step_begin')}?{urlencode({'what': thought[:LONGEST_STEP]})}")
    ]


@listen(ways_with)
def a_tool_is_used_with_an_employer(request: PersonRequest, resource: Resource) -> list[WayOn]:
    if not _works_for_a_school(request):
        return []
    tool = PublishedTool.objects.filter(resource=resource).first()
    if tool is None:
        return []
    return [WayOn(_("Use it with an employer"), f"{reverse('engagement:tool', args=[tool.key])}?language={tool.language}")]


@listen(today_entries)
def steps_of_today(user: User, organisation: Organisation | None, at: datetime) -> TodayAnswer | None:
    """The promises that are due, the longest overdue first, each with whom to call."""
    if organisation is None or organisation.kind != Organisation.Kind.SCHOOL:
        return None
    today = localtime(at).date()
    due = NextStep.objects.visible_to(user).open().of(user).filter(employer__school=organisation).due_by(today)
    shown = list(due.for_list()[: SHOWN_TODAY + 1])
    count = len(shown) if len(shown) <= SHOWN_TODAY else due.count()
    shown = shown[:SHOWN_TODAY]
    note_whom_to_call(shown)
    entries = [
        TodayEntry(
            due=step.due_on,
            template="engagement/_today_step.html",
            context={"step": step, "today": today},
        )
        for step in shown
    ]
    return TodayAnswer(
        title=_("Employers to get back to"),
        entries=entries,
        count=count,
        more_url=reverse("engagement:steps"),
        position=10,
    )


@listen(ideas_for_today)
def bring_the_list_or_call_somebody(user: User, organisation: Organisation | None, at: datetime) -> list[Idea]:
    """An empty book wants a list; in a full one somebody has not been spoken to for long."""
    if organisation is None or not can_write_in_book(user, organisation):
        return []
    book = Employer.objects.in_book_of(organisation)
    if not book.exists():
        if not can_import(user, organisation):
            return []
        return [
            Idea(
                title=_("Bring the list of employers you already have"),
                sentence=_("An Excel or CSV file is enough. You see what would happen before anything is written."),
                button=_("Import a file"),
                url=reverse("engagement:imports"),
                icon="upload",
                position=10,
            )
        ]
    silent = book.silent_since(at - SILENCE).count()
    if not silent:
        return []
    return [
        Idea(
            title=ngettext(
                "%(count)s employer has not heard from you for four months",
                "%(count)s employers have not heard from you for four months",
                silent,
            )
            % {"count": figure(silent)},
            sentence=_("A good day to call one of them."),
            button=_("Show them"),
            url=f"{reverse('engagement:employers')}?silent={SILENCE.days}&sort=contact",
            icon="phone",
            position=30,
        )
    ]


@listen(belongings_of)
def employers_and_promises(user: User, organisation: Organisation) -> Belongings | None:
    employers = Employer.objects.in_book_of(organisation).looked_after_by(user).count()
    steps = NextStep.objects.open().of(user).filter(employer__school=organisation).count()
    if not employers and not steps:
        return None
    parts = [
        ngettext("%(count)s employer", "%(count)s employers", employers) % {"count": figure(employers)},
        ngettext("%(count)s open next step", "%(count)s open next steps", steps) % {"count": figure(steps)},
    ]
    return Belongings(
        sentence=_("%(employers)s and %(steps)s in the employer book") % {"employers": parts[0], "steps": parts[1]},
        count=employers + steps,
        hand_over=lambda heir, by, at: actions.hand_over_work(organisation, of=user, heir=heir, by=by, at=at),
    )


@listen(personal_data_of)
def what_the_book_holds(user: User) -> list[PersonalData]:
    contacts = Contact.objects.filter(by=user).select_related("employer__organisation").order_by("-held_at")
    steps = NextStep.objects.of(user).select_related("employer__organisation").order_by("-due_on")
    return [
        PersonalData(
            key="engagement.contacts",
            title=_("Contacts you wrote down"),
            why=_("So that colleagues know who spoke with an employer, and when."),
            columns={"held_at": _("When"), "employer": _("Employer"), "kind": _("What it was"), "said": _("What was said")},
            rows=[
                {
                    "held_at": contact.held_at,
                    "employer": str(contact.employer),
                    "kind": contact.get_kind_display(),
                    "said": contact.said,
                }
                for contact in contacts
            ],
        ),
        PersonalData(
            key="engagement.next_steps",
            title=_("Next steps in your name"),
            why=_("So that promises to employers are kept."),
            columns={"due_on": _("Until"), "employer": _("Employer"), "what": _("What"), "state": _("State")},
            rows=[
                {"due_on": step.due_on, "employer": str(step.employer), "what": step.what, "state": step.get_state_display()}
                for step in steps
            ],
        ),
        PersonalData(
            key="engagement.answers",
            title=_("What people at employers told you they agree to, or not"),
            why=_("The law asks to be able to show it."),
            columns={"given_at": _("When"), "person": _("Person"), "purpose": _("What for"), "agreed": _("Agreed")},
            rows=_answers_noted_by(user),
        ),
        PersonalData(
            key="engagement.merges",
            title=_("What you merged"),
            why=_("So that colleagues can undo it, and know whom to ask."),
            columns={"made_at": _("When"), "gone_name": _("What was merged"), "undone_at": _("Undone")},
            rows=list(Merge.objects.filter(made_by=user).order_by("-made_at").values("made_at", "gone_name", "undone_at")),
        ),
        PersonalData(
            key="engagement.different",
            title=_("Who you said are two"),
            why=_("So that nobody is asked about them again."),
            columns={"decided_at": _("When"), "names": _("Who")},
            rows=[
                {"decided_at": pair.decided_at, "names": f"{pair.first} · {pair.second}"}
                for model in (AlikeEmployers, AlikePeople)
                for pair in model.objects.filter(decided_by=user).for_list()
            ],
        ),
        PersonalData(
            key="engagement.imports",
            title=_("Files you imported"),
            why=_("So that the school knows where its employers come from."),
            columns={"uploaded_at": _("When"), "file_name": _("File"), "new": _("New")},
            rows=list(
                EmployerImport.objects.filter(uploaded_by=user).order_by("-uploaded_at").values("uploaded_at", "file_name", "new")
            ),
        ),
        PersonalData(
            key="engagement.imports_taken_back",
            title=_("Imports you took back"),
            why=_("So that colleagues know why employers are no longer in the book, and whom to ask."),
            columns={"taken_back_at": _("When"), "file_name": _("File")},
            rows=list(
                EmployerImport.objects.filter(taken_back_by=user).order_by("-taken_back_at").values("taken_back_at", "file_name")
            ),
        ),
    ]


def _answers_noted_by(user: User) -> list[dict[str, object]]:
    noted = ConsentRecord.objects.filter(person_type=Person._meta.label_lower, recorded_by=user).select_related("statement")
    records = list(noted.order_by("-given_at", "-pk"))
    people = Person.objects.in_bulk({record.person_id for record in records})
    titles = {purpose.statement: purpose.title for purpose in PURPOSES}
    return [
        {
            "given_at": record.given_at,
            "person": str(people.get(record.person_id, "")),
            "purpose": str(titles.get(record.statement.purpose, record.statement)),
            "agreed": record.agreed,
        }
        for record in records
    ]


@listen(erasure_of)
def what_becomes_of_the_book(user: User) -> list[ErasureStep]:
    """Contacts belong to the school and stay, under "Erased person"; what is still promised must be handed over first."""
    contacts = Contact.objects.filter(by=user).count()
    looked_after = Employer.objects.looked_after_by(user).count() + NextStep.objects.open().of(user).count()
    return [
        ErasureStep(
            sentence=ngettext(
                "%(count)s contact with employers stays with the school, without the name.",
                "%(count)s contacts with employers stay with the school, without the name.",
                contacts,
            )
            % {"count": figure(contacts)},
            count=contacts,
            carry_out=lambda at: None,  # the name goes with the account; nothing here repeats it
            obstacle=_("Employers and next steps must be handed over to a colleague first.") if looked_after else "",
        )
    ]


@listen(retention_rules)
def how_long_the_book_is_kept() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="engagement.people",
            what=_("People at employers who left, or with whom nobody has spoken"),
            why=_("They are noted only for working together; three years later that purpose is gone."),
            keep=FORGET_PEOPLE_AFTER,
            overdue=lambda before: Person.objects.forgettable(before).count(),
            delete=lambda before: actions.forget_people(before=before, by=None),
        ),
        RetentionRule(
            key="engagement.merges",
            what=_("What was known about employers and people who were merged with others"),
            why=_("It is kept only so that a merge can be undone; that the old address leads to the one that is kept stays."),
            keep=FORGET_MERGES_AFTER,
            overdue=lambda before: Merge.objects.made_before(before).count(),
            delete=lambda before: actions.forget_merges(before=before, by=None),
        ),
        RetentionRule(
            key="engagement.imports",
            what=_("Rows and samples of files that were imported, and what came of them"),
            why=_("They are kept while somebody may still want to see why a row did not go in, or take the import back."),
            keep=KNOWN_FOR,
            overdue=lambda before: EmployerImport.objects.with_details_from_before(before).count(),
            delete=lambda before: forget_import_details(before=before, by=None),
        ),
    ]


@listen(search_scopes)
def where_this_person_may_look(request: PersonRequest) -> list[str]:
    return [scope_of(request.organisation)] if request.organisation and _works_for_a_school(request) else []


@listen(search_kinds)
def what_can_be_found() -> list[Kind]:
    return [
        Kind(EMPLOYER, _("Employers"), "building", describe=describe_employers, position=10),
        Kind(CONTACT, _("Contacts"), "chat", describe=describe_contacts, position=20),
    ]


@listen(documents_of_everything)
def the_whole_book() -> Iterator[Document]:
    return everything()


@listen(demo_stages)
def whom_the_demo_knows() -> list[DemoStage]:
    return [demo.stage(), demo.stage_of_tools()]


@listen(file_visible)
def who_sees_an_import_sees_its_file(request: PersonRequest, stored_file: StoredFile) -> bool:
    if stored_file.kept_for_type != EmployerImport._meta.label_lower or not request.user.is_authenticated:
        return False
    return EmployerImport.objects.visible_to(request.user).filter(pk=stored_file.kept_for_id).exists()


@listen(pass_destination)
def feed_of_a_calendar(held: Pass, token: str) -> str | None:
    return reverse("engagement:calendar_feed", args=[token]) if held.purpose == CALENDAR else None


@listen(personal_data_of)
def what_was_taken_along(user: User) -> list[PersonalData]:
    exports = Export.objects.filter(made_by=user).select_related("school").order_by("-made_at")
    calendars = Calendar.objects.of(user).select_related("school")
    return [
        PersonalData(
            key="engagement.exports",
            title=_("Files you took along"),
            why=_("So that the school knows who took what about people out of the house."),
            columns={"made_at": _("When"), "school": _("School"), "file_format": _("As what"), "count": _("Employers")},
            rows=[
                {
                    "made_at": export.made_at,
                    "school": str(export.school),
                    "file_format": export.get_file_format_display(),
                    "count": export.count,
                }
                for export in exports
            ],
        ),
        PersonalData(
            key="engagement.calendars",
            title=_("Addresses of your calendar"),
            why=_("So that your next steps are in the calendar you use. The address itself is not kept."),
            columns={"school": _("School"), "renewed_at": _("Made"), "has_telephones": _("With telephone numbers")},
            rows=[
                {
                    "school": str(calendar.school),
                    "renewed_at": calendar.renewed_at,
                    "has_telephones": calendar.has_telephones,
                }
                for calendar in calendars
            ],
        ),
    ]


@listen(erasure_of)
def what_becomes_of_the_calendars(user: User) -> list[ErasureStep]:
    """What was taken along stays noted, under "Erased person", as long as the audit does."""
    return [
        ErasureStep(
            sentence=_("The addresses of your calendar work no longer."),
            count=Calendar.objects.of(user).count(),
            carry_out=lambda at: forget_calendars(user, at=at),
        )
    ]


@listen(retention_rules)
def how_long_exports_are_known() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="engagement.exports",
            what=_("Who took employers along in a file"),
            why=_("Three years is how long claims from most dealings can be brought."),
            keep=FORGET_EXPORTS_AFTER,
            overdue=lambda before: Export.objects.made_before(before).count(),
            delete=lambda before: actions.forget_exports(before=before, by=None),
        )
    ]


@listen(webhook_events)
def what_other_programs_are_told(organisation: Organisation) -> list[WebhookEvent]:
    if organisation.kind != Organisation.Kind.SCHOOL:
        return []
    return [WebhookEvent(name=name, sentence=str(sentence)) for name, sentence in EVENTS.items()]


@listen(token_scopes)
def what_programs_may_do_in_the_book() -> list[Scope]:
    return [
        Scope("book:read", _("Read the employer book: employers, people, contacts, next steps, history")),
        Scope("book:write", _("Write in the employer book, as you may")),
        Scope("book:import", _("Bring lists of employers, and let them into the book")),
        Scope("book:export", _("Take employers along in files, cards and calendars")),
        Scope("book:mail", _("Read and file the mails that came to your address of the book")),
    ]
