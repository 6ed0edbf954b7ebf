"""A school with one of everything in it, everybody who may come to its doors, and every door there is.

The walk of ``test_doors.py`` and the walks of ``test_security.py`` go through this world.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from html.parser import HTMLParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import localdate, now

from guildhall.core import tasks
from guildhall.core.models import Progress
from guildhall.engagement.actions import (
    file_mail,
    imports,
    load_methodology,
    make_calendar,
    make_mail_address,
    merge_employers,
    move_step,
    save_view,
    tag_employers,
)
from guildhall.engagement.history import changes_about
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.methodology.content import Content, read
from guildhall.engagement.models import AlikeEmployers, AlikePeople, Employer, EmployerImport, NextStep
from guildhall.engagement.tests.factories import (
    CapturedMailFactory,
    ContactFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
)
from guildhall.people.actions import invite_member, load_statements, make_token, record_consent
from guildhall.people.models import Invitation, Kind, Mail, Organisation, Role, Statement, User
from guildhall.people.tests.factories import (
    NoticeFactory,
    OrganisationFactory,
    SiteFactory,
    UserFactory,
    WebhookDeliveryFactory,
    WebhookFactory,
    member,
)
from guildhall.people.tests.test_signin import sign_in
from tests.world_activities import ACTIVITY_SENT, ACTIVITY_THINGS, fill_activities
from tests.world_consortia import CONSORTIA_SENT, CONSORTIA_THINGS, fill_consortia
from tests.world_letters import LETTER_SENT, LETTER_THINGS, fill_letters
from tests.world_library import LIBRARY_SENT, LIBRARY_THINGS, fill_library
from tests.world_needs import NEEDS_SENT, NEEDS_THINGS, fill_needs
from tests.world_plans import PLAN_SENT, PLAN_THINGS, fill_plans

ROLES = ["learner", "trainer", "member", "guidance", "quality", "teacher", "coordinator", "manager"]
OUTSIDERS = ["stranger", "association", "other school"]
VISITORS = ["visitor", *OUTSIDERS, *ROLES]

LIST = "Firma;PLZ;Ort;Ansprechpartner;Mail\nTischlerei Kurz;24103;Kiel;Ada Lamb;ada@kurz.example\n"
WITHOUT_NAMES = "a;b\n1;2\n"
FORGED = "x" * 43


@dataclass
class World:
    """What the walks need to know: the school, its things by name, and who is walking just now."""

    school: Organisation
    people: dict[str, User]
    me: User | None = None
    things: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["things"][name]
        except KeyError:
            raise AttributeError(name) from None


@cache
def methodology() -> Content:
    """The methodology that comes with Guildhall."""
    return read(settings.CONTENT / "methodology", list(settings.ALL_LANGUAGES))


def build_world() -> World:
    """Make the world: everything that can belong to a school does, to the coordinator in person where it has an owner."""
    load_statements(by=None, at=now())
    load_methodology(content=methodology(), by=None, at=now())
    school = OrganisationFactory(name="North School", slug="north", country="PL")
    people: dict[str, User] = {role: member(school, Role(role), name=f"The {role}") for role in ROLES}
    people["stranger"] = UserFactory(name="The stranger")
    association = OrganisationFactory(name="The Guild", slug="guild", kind=Kind.ASSOCIATION)
    people["association"] = member(association, Role.MANAGER, name="The secretary")
    elsewhere = OrganisationFactory(name="South School", slug="south", country="PL")
    people["other school"] = member(elsewhere, Role.COORDINATOR, name="The neighbour")
    elsewhere.memberships.create(user=people["other school"], role=Role.MANAGER)
    world = World(school, people)
    owner = people["coordinator"]
    things = world.things
    things |= fill_book(school, owner)
    things |= fill_library(school, owner)
    things |= fill_plans(school, owner)
    things |= fill_needs(school, owner)
    things |= fill_activities(school, owner)
    things |= fill_letters(school, owner)
    things |= fill_consortia(school, people["manager"])
    things["site"] = SiteFactory(organisation=school)
    things["closed_site"] = SiteFactory(organisation=school, closed_on=localdate())
    things["pupil"] = member(school, Role.LEARNER, name="The pupil")
    things["notice"] = NoticeFactory(user=owner, url="/engagement/")
    Statement.objects.create(purpose="people.photo", version="1", kind="consent", valid_from=localdate()).texts.create(
        language="en", title="Photographs", text="May we show you?"
    )
    things["consent"] = record_consent(owner, purpose="people.photo", how="form", language="en", by=owner, at=now())
    things["access_token"], _secret = make_token(
        owner, name="Timetable", scopes=["book:read"], valid_for=timedelta(days=90), by=owner, at=now()
    )
    things["passkey"] = Authenticator.objects.create(
        user=UserFactory(), type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}}
    )
    things["invitation"] = invite_member(
        school, email="new@example.org", roles=["teacher"], name="Nell New", by=people["manager"], at=now()
    )
    things["token"] = token_of(things["invitation"])
    things["webhook"] = WebhookFactory(organisation=school, made_by=people["manager"])
    things["message"] = WebhookDeliveryFactory(webhook=things["webhook"])
    school.refresh_from_db()
    return world


def fill_book(school: Organisation, owner: User) -> dict[str, Any]:
    """Put one of everything into a school's book, of the owner's where somebody owns it."""
    things: dict[str, Any] = {}
    kept = KeptOrganisationFactory(name="Kurz Joinery", kept_by=school)
    things["employer"] = employer = EmployerFactory(school=school, organisation=kept, owner=owner)
    things["free_employer"] = EmployerFactory(school=school)
    things["kept_site"] = SiteFactory(organisation=kept, name="The yard")
    things["free_site"] = SiteFactory(organisation=things["free_employer"].organisation)
    things["position"] = PositionFactory(employer=employer, person=PersonFactory(school=school, name="Ada Lamb"))
    things["contact"] = ContactFactory(employer=employer, by=owner, said="She takes two in spring.")
    things["step"] = NextStepFactory(employer=employer, owner=owner)
    move_step(things["step"], due_on=localdate() + timedelta(days=2), by=owner, at=now())
    things["change"] = changes_about(employer).filter(field="due_on").get()
    closed = {"state": NextStep.State.DONE, "closed_at": things["contact"].recorded_at, "closed_by": owner}
    things["closed_step"] = NextStepFactory(employer=employer, owner=owner, **closed)

    things["tag"] = tag_employers(school, employers=Employer.objects.filter(pk=employer.pk), name="fair", by=owner, at=now())
    things["view"] = save_view(school, name="Mine", query="step=none", is_shared=True, by=owner, at=now())
    _calendar, things["calendar_token"] = make_calendar(school, has_telephones=False, by=owner, at=now())
    kurz = EmployerFactory(school=school, organisation=KeptOrganisationFactory(name="Joinery Kurz", kept_by=school))
    alike = {"school": school, "score": 90, "reasons": [["name", ""]], "found_at": now()}
    things["pair"] = AlikeEmployers.objects.create(first=employer, second=kurz, **alike)
    ada = things["position"].person
    lamb = PersonFactory(school=school, name="A. Lamb", email=ada.email)
    things["pair_of_people"] = AlikePeople.objects.create(first=ada, second=lamb, **alike)
    twice = [EmployerFactory(school=school) for _ in range(2)]
    both = AlikeEmployers.objects.create(first=twice[0], second=twice[1], **alike)
    things["merge"] = merge_employers(both, facts={}, note="", owner=None, by=owner, at=now())

    things["writers_employer"] = EmployerFactory(school=school)
    things["mail"] = CapturedMailFactory(school=school, owner=owner, subject="A question")
    things["filed_mail"] = file_mail(CapturedMailFactory(school=school, owner=owner), employer=employer, by=owner, at=now())
    make_mail_address(school, by=owner, at=now())

    things["done_import"] = _import(school, owner, State.DONE)
    things["stopped_import"] = _import(school, owner, State.RUNNING)
    things["new_import"] = _import(school, owner, State.MAPPING)
    things["ready_import"] = _import(school, owner, State.READY)

    things["file"] = things["ready_import"].file
    things["progress"] = things["stopped_import"].progress
    return things


State = EmployerImport.State


def _import(school: Organisation, by: User, state: EmployerImport.State) -> EmployerImport:
    upload = SimpleUploadedFile("employers.csv", (WITHOUT_NAMES if state == State.MAPPING else LIST).encode())
    seen = look_over(upload, country=school.country)
    understood = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country}
    brought = imports.bring_list(school, upload=upload, file_name=upload.name, by=by, at=now(), **understood)
    if state in (State.DONE, State.RUNNING):
        brought = imports.begin_import(brought, by=by, at=now())
    if state == State.DONE:
        tasks.run_waiting()
    elif state == State.RUNNING:
        Progress.objects.filter(pk=brought.progress_id).update(state=Progress.State.FAILED, finished_at=now())
    brought.refresh_from_db()
    assert brought.state == state
    return brought


def token_of(invitation: Invitation) -> str:
    """The secret in the newest letter to somebody invited."""
    found = re.search(r"/p/([\w-]+)/", Mail.objects.filter(to=invitation.email).latest("pk").text)
    assert found
    return found[1]


# --- What stands behind addresses with arguments -------------------------------------------------------------------

Arguments = Callable[[World], dict[str, Any]]


def _of(name: str) -> Arguments:
    return lambda world: {"pk": getattr(world, name).pk}


def _the(**arguments: Any) -> Arguments:
    return lambda world: arguments


AN_EMPLOYER: dict[str, Arguments] = {"an employer": _of("employer")}
AN_EMPLOYER_HELD: dict[str, Arguments] = {"the coordinator's": _of("employer"), "nobody's": _of("free_employer")}
A_POSITION: dict[str, Arguments] = {"a person": _of("position")}
A_CONTACT: dict[str, Arguments] = {"the coordinator's": _of("contact")}
A_STEP: dict[str, Arguments] = {"open": _of("step"), "closed": _of("closed_step")}
A_MAIL: dict[str, Arguments] = {"to file": _of("mail"), "on a timeline": _of("filed_mail")}
AN_IMPORT: dict[str, Arguments] = {
    state: _of(f"{name}_import")
    for state, name in {"without names": "new", "ready": "ready", "stopped": "stopped", "done": "done"}.items()
}
A_PAIR: dict[str, Arguments] = {"employers alike": _of("pair")}
A_PAIR_OF_PEOPLE: dict[str, Arguments] = {"people alike": _of("pair_of_people")}
THE_SCHOOL: dict[str, Arguments] = {"the school": _the(slug="north")}
A_WEBHOOK: dict[str, Arguments] = {"the school's": _of("webhook")}
A_NOTICE: dict[str, Arguments] = {"the coordinator's": _of("notice")}
AN_INVITATION: dict[str, Arguments] = {"by the manager": _of("invitation")}
A_LINK: dict[str, Arguments] = {"valid": lambda world: {"token": world.token}, "forged": _the(token=FORGED)}
A_CALENDAR: dict[str, Arguments] = {
    "the coordinator's": lambda world: {"token": world.calendar_token},
    "forged": _the(token=FORGED),
}
A_MEMBER: dict[str, Arguments] = {
    "a learner": lambda world: {"slug": "north", "pk": world.pupil.pk},
    "oneself": lambda world: {"slug": "north", "pk": world.me.pk if world.me else 0},
}
A_SITE: dict[str, Arguments] = {"the school's": _of("site"), "an employer's": _of("kept_site")}
#: What is the same for whoever works for any school.
AN_AREA: dict[str, Arguments] = {"shared": _the(number="1.1")}
A_CHAPTER: dict[str, Arguments] = {"shared": _the(key="playbook")}
A_TOOL: dict[str, Arguments] = {"shared": _the(key="first-call")}
A_TOKEN: dict[str, Arguments] = {"the coordinator's": _of("access_token")}
A_PASSKEY: dict[str, Arguments] = {"somebody else's": _of("passkey")}

#: For every address with arguments: the words by which the table calls a thing, and how the address is made of it.
THINGS: dict[str, dict[str, Arguments]] = {
    "core:file": {"an import's": _of("file")},
    "core:progress": {"the coordinator's": _of("progress")},
    "people:notice_open": A_NOTICE,
    "people:notice_read": A_NOTICE,
    "people:consent_give": {"offered": _the(purpose="people.photo"), "for others": _the(purpose="engagement.news")},
    "people:token_revoke": A_TOKEN,
    "people:consent_withdraw": {"the coordinator's": _of("consent")},
    "people:invitation": A_LINK,
    "people:invitation_resend": AN_INVITATION,
    "people:invitation_withdraw": AN_INVITATION,
    "people:site_edit": A_SITE,
    "people:site_close": A_SITE,
    "people:site_reopen": {"the school's": _of("closed_site"), "an employer's": _of("kept_site")},
    "people:organisation": THE_SCHOOL,
    "people:organisation_edit": THE_SCHOOL,
    "people:second_factor_require": THE_SCHOOL,
    "people:site_add": THE_SCHOOL,
    "people:members": THE_SCHOOL,
    "people:webhooks": THE_SCHOOL,
    **{f"people:webhook{deed}": A_WEBHOOK for deed in ("", "_change", "_test", "_secret", "_pause", "_resume", "_remove")},
    "people:webhook_resend": {"a test": _of("message")},
    "people:member_invite": THE_SCHOOL,
    "people:member_edit": A_MEMBER,
    "people:member_leave": A_MEMBER,
    "pass": A_LINK,
    "engagement:methodology_area": AN_AREA,
    "engagement:methodology_page": A_CHAPTER,
    "engagement:tool": A_TOOL,
    "engagement:tool_pdf": A_TOOL,
    "engagement:tool_docx": A_TOOL,
    "engagement:employer": AN_EMPLOYER,
    "engagement:change": AN_EMPLOYER,
    "engagement:hand_over": AN_EMPLOYER_HELD,
    "engagement:take_on": AN_EMPLOYER_HELD,
    "engagement:site_add": AN_EMPLOYER,
    "engagement:site_change": {
        "its own": lambda world: {"pk": world.employer.pk, "site_pk": world.kept_site.pk},
        "another employer's": lambda world: {"pk": world.employer.pk, "site_pk": world.free_site.pk},
    },
    "engagement:history": AN_EMPLOYER,
    "engagement:sheet": AN_EMPLOYER,
    "engagement:people_vcards": AN_EMPLOYER,
    "engagement:vcard": A_POSITION,
    "engagement:calendar_feed": A_CALENDAR,
    "engagement:put_back": {"its own": lambda world: {"pk": world.employer.pk, "change_pk": world.change.pk}},
    "engagement:person": {"a person": lambda world: {"pk": world.position.person_id}},
    "engagement:person_answer": {"news": lambda world: {"pk": world.position.person_id, "purpose": "news"}},
    "engagement:person_move": A_POSITION,
    "engagement:letter": {
        "nothing was handed over": lambda world: {
            "of_pk": world.people["teacher"].pk,
            "heir_pk": world.people["coordinator"].pk,
        },
    },
    "engagement:view_remove": {"the coordinator's": _of("view")},
    "engagement:person_add": AN_EMPLOYER,
    "engagement:contact_record": AN_EMPLOYER,
    "engagement:step_add": AN_EMPLOYER,
    "engagement:person_change": A_POSITION,
    "engagement:position_end": A_POSITION,
    "engagement:writing": A_POSITION,
    "engagement:contact_change": A_CONTACT,
    "engagement:contact_remove": A_CONTACT,
    "engagement:step_finish": A_STEP,
    "engagement:step_contact": A_STEP,
    "engagement:step_contact_undo": {
        state: lambda world, step=step: {**step(world), "contact_pk": world.contact.pk} for state, step in A_STEP.items()
    },
    "engagement:step_move": A_STEP,
    "engagement:step_drop": A_STEP,
    "engagement:step_move_back": {
        state: lambda world, step=step: {**step(world), "day": "2026-01-05"} for state, step in A_STEP.items()
    },
    "engagement:step_reopen": A_STEP,
    "engagement:duplicate": A_PAIR,
    "engagement:duplicate_apart": A_PAIR,
    "engagement:duplicate_doubt": A_PAIR,
    "engagement:duplicate_person": A_PAIR_OF_PEOPLE,
    "engagement:duplicate_person_apart": A_PAIR_OF_PEOPLE,
    "engagement:duplicate_person_doubt": A_PAIR_OF_PEOPLE,
    "engagement:merge_undo": {"made": _of("merge")},
    "engagement:mail": A_MAIL,
    "engagement:mail_file": {
        name: lambda world, mail=mail: {**mail(world), "employer_pk": world.writers_employer.pk} for name, mail in A_MAIL.items()
    },
    "engagement:mail_take_back": A_MAIL,
    "engagement:mail_drop": A_MAIL,
    "engagement:mail_keep": A_MAIL,
    "engagement:import": AN_IMPORT,
    "engagement:import_columns": AN_IMPORT,
    "engagement:import_begin": AN_IMPORT,
    "engagement:import_decide": AN_IMPORT,
    "engagement:import_rows": {
        name: lambda world, brought=brought: {**brought(world), "ending": "csv"} for name, brought in AN_IMPORT.items()
    },
    "engagement:import_go_on": AN_IMPORT,
    "engagement:import_drop": AN_IMPORT,
    "engagement:import_take_back": AN_IMPORT,
    **LIBRARY_THINGS,
    **PLAN_THINGS,
    **NEEDS_THINGS,
    **ACTIVITY_THINGS,
    **LETTER_THINGS,
    **CONSORTIA_THINGS,
    "mfa_remove_webauthn": A_PASSKEY,
    "mfa_edit_webauthn": A_PASSKEY,
    "openid_connect_login": {"not configured": _the(provider_id="sso")},
    "openid_connect_callback": {"not configured": _the(provider_id="sso")},
}


# --- What is sent --------------------------------------------------------------------------------------------------


def _contact(world: World) -> dict[str, Any]:
    return {"kind": "call", "held_at": (now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"), "said": "Hello"}


def _a_step(world: World) -> dict[str, Any]:
    return {"what": "Call", "due_on": localdate().isoformat(), "owner": world.people["coordinator"].pk}


def _webhook(world: World) -> dict[str, Any]:
    return {"address": "https://receiver.example/in", "events": ["employer.added"]}


def _employer(world: World) -> dict[str, Any]:
    return {"name": "Lang Joinery", "country": "PL"}


#: What fills in a form, so that the answer is what becomes of the deed; where nothing stands here an empty form is sent.
SENT: dict[str, Callable[[World], dict[str, Any]]] = {
    "engagement:many": lambda world: {"deed": "tag", "tag": "fair", "employer": world.employer.pk},
    "engagement:view_save": lambda world: {"name": "Planned"},
    "engagement:add": _employer,
    "engagement:change": _employer,
    "engagement:hand_over": lambda world: {"owner": world.people["teacher"].pk},
    "engagement:site_add": lambda world: {"town": "Kiel"},
    "engagement:site_change": lambda world: {"town": "Kiel"},
    "engagement:person_add": lambda world: {"name": "Ben Bell"},
    "engagement:person_change": lambda world: {"name": "Ada Lamm"},
    "engagement:person_answer": lambda world: {"agreed": "yes", "how": "phone", "said_on": localdate().isoformat()},
    "engagement:contact_record": _contact,
    "engagement:contact_change": _contact,
    "engagement:step_contact": _contact,
    "engagement:step_add": _a_step,
    "engagement:step_move": _a_step,
    "engagement:step_drop": lambda world: {"word": "No longer needed"},
    "engagement:duplicate": lambda world: {"name": "Kurz Joinery"},
    "engagement:duplicate_person": lambda world: {"name": "Ada Lamb"},
    "engagement:imports": lambda world: {"file": SimpleUploadedFile("employers.csv", LIST.encode())},
    "engagement:import_columns": lambda world: {"column_0": "name", **{f"column_{n}": "-" for n in range(1, 5)}, "country": "PL"},
    "engagement:export": lambda world: {"file_format": "json"},
    **LIBRARY_SENT,
    **PLAN_SENT,
    **NEEDS_SENT,
    **ACTIVITY_SENT,
    **LETTER_SENT,
    **CONSORTIA_SENT,
    "people:profile": lambda world: {"name": "A new name", "language": "de"},
    "people:language": lambda world: {"language": "de"},
    "people:token_make": lambda world: {"name": "Timetable", "scopes": "book:read", "days": "90"},
    "people:switch": lambda world: {"organisation": world.school.pk},
    "people:erase": lambda world: {"confirmation": world.me.email if world.me else ""},
    "people:invitation": lambda world: {"name": "Nell New", "informed": "on"},
    "people:organisation_create": lambda world: {"kind": "school", "name": "West School", "country": "PL"},
    "people:organisation_edit": lambda world: {"kind": "school", "name": "North School", "country": "PL"},
    "people:second_factor_require": lambda world: {"required": "no"},
    "people:site_add": lambda world: {"name": "Workshop"},
    "people:site_edit": lambda world: {"name": "Workshop"},
    "people:webhooks": _webhook,
    "people:webhook_change": _webhook,
    "people:member_invite": lambda world: {"email": "another@example.org", "roles": ["teacher"], "language": "en"},
    "people:member_edit": lambda world: {"roles": ["learner"]},
    "portal:demo_sign_in": lambda world: {"user": world.people["manager"].pk},
}


# --- Doors ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    """An address of Guildhall: its name, which thing it leads to, and how the address is made."""

    name: str
    thing: str
    address: Callable[[World], str]


class NoThing(AssertionError):
    """An address has arguments, and the world has nothing that stands behind it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} has arguments: say in tests/world.py (THINGS) what stands there. "
            "A new address gets its row in tests/doors.csv."
        )


def doors() -> Iterator[Door]:
    """All doors, in the order of the addresses; those behind which several things stand once for each."""
    known = set()
    for name, address in _addresses(get_resolver()):
        if address in known:
            continue  # the first that fits is the one that answers
        known.add(address)
        if address.startswith("api/") and (name.startswith("api:") or "<" in address):
            continue  # what programs ask has a table of its own: test_api_doors.py
        if "<" not in address:
            yield Door(name, "", lambda world, address=address: f"/{address}")  # type: ignore[misc]
        elif name not in THINGS:
            raise NoThing(name)
        else:
            for thing, arguments in THINGS[name].items():
                yield Door(name, thing, partial(_reverse, name, arguments))


def _reverse(name: str, arguments: Arguments, world: World) -> str:
    return reverse(name, kwargs=arguments(world))


def _addresses(resolver: URLResolver, namespace: str = "", before: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace, address)
        elif isinstance(pattern, URLPattern):
            yield (f"{namespace}{pattern.name}" if pattern.name else f"/{address}"), address


def signed_in(world: World, who: str, **client: Any) -> Client:
    """A browser of somebody who has just signed in, by a code as everybody does; that of a visitor has nothing."""
    world.me = world.people.get(who)
    browser = Client(**{"raise_request_exception": False, **client})
    if world.me:
        sign_in(browser, world.me)
        assert browser.session["_auth_user_id"] == str(world.me.pk)
    return browser


def knock(
    browser: Client,
    method: str,
    address: str,
    data: dict[str, Any] | None = None,
    look: Callable[[], Any] = lambda: None,
    **headers: str,
) -> Any:
    """Ask for an address and take back whatever that changed, in the world and in the browser.

    The answer carries its ``body`` as text, and what ``look`` ``seen`` while the change was there.
    """
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    with transaction.atomic():
        response: Any = getattr(browser, method.lower())(address, data or {}, **headers)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        response.body, response.seen = body.decode(errors="replace"), look()
        transaction.set_rollback(True)
    browser.cookies.clear()
    for name, value in cookies.items():
        browser.cookies[name] = value
    return response


class Page(HTMLParser):
    """What a browser would follow and run on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.run: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.followed += [given[name] for name in ("href", "src", "action", "formaction", "hx-post", "hx-get") if name in given]
        self.run += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        harmless = given.get("type") in ("application/json", "application/ld+json") or given.get("src", "").startswith("/static/")
        if tag in ("script", "style", "iframe", "object", "embed") and not harmless:
            self.run.append(f"<{tag}>")

    @property
    def leads_elsewhere(self) -> list[str]:
        return [address for address in self.followed if "evil.example" in address.partition("?")[0] or ":alert" in address]
