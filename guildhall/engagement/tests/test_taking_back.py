"""Imports in the history, and taken back as a whole."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers import serialize
from django.db import IntegrityError, models
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core import search, tasks
from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine, Change, Progress
from guildhall.engagement import actions
from guildhall.engagement.actions import imports, taking_back
from guildhall.engagement.history import changes_about, told
from guildhall.engagement.importing.leaving import giving_back, leaving
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import (
    AlikeEmployers,
    Employer,
    EmployerImport,
    ImportedThing,
    LikenessKey,
    Person,
    Position,
    sort_key_of,
)
from guildhall.engagement.purposes import PURPOSES
from guildhall.engagement.search import EMPLOYER, scope_of
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.actions import load_statements
from guildhall.people.hooks import personal_data_of
from guildhall.people.models import ConsentRecord, Notice, Organisation, Role, Site
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db

HEADINGS = "Firma;HRB;Straße;PLZ;Ort;Telefon;Mitarbeiter;Notiz;Ansprechpartner;Mail Ansprechpartner;Telefon Ansprechpartner"
NORD = "Nordwind GmbH;HRB 1;Werftstr. 5;24143;Kiel;0431 1;60;Nimmt zwei;Ada Lamb;ada@nordwind.example;0431 11"
SUED = "Südwind GmbH;HRB 2;Am Kai 2;24143;Kiel;0431 2;5;;Ben Bell;ben@suedwind.example;0431 22"
OST = "Ostwind GmbH;HRB 3;Ostweg 3;24143;Kiel;0431 3;5;;;;"
State = EmployerImport.State
Outcome = ImportedThing.Outcome


def listed(*rows):
    return "\n".join([HEADINGS, *rows]) + "\n"


def book():
    """What the book holds, as text: equal if and only if nothing else stands in it."""
    return "".join(serialize("json", model.objects.order_by("pk")) for model in (Organisation, Site, Employer, Person, Position))


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", slug="kiel")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def bring(school, coordinator):
    def bring(*rows, name="list.csv"):
        upload = SimpleUploadedFile(name, listed(*rows).encode())
        seen = look_over(upload, country=school.country)
        understood = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country}
        return imports.bring_list(school, upload=upload, file_name=name, by=coordinator, at=now(), **understood)

    return bring


@pytest.fixture
def let_in(bring, coordinator):
    def let_in(*rows, **kwargs):
        brought = imports.begin_import(bring(*rows, **kwargs), by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == State.DONE
        return brought

    return let_in


@pytest.fixture
def take_back(coordinator):
    def take_back(brought, by=coordinator):
        expected = leaving(brought), giving_back(brought)
        actions.take_back_import(brought, by=by, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == State.TAKEN_BACK
        goes = {kind: len(numbers) for kind, numbers in expected[0].goes.items()}
        assert taking_back.gone_of(brought) == goes, "It went otherwise than was said before."
        assert brought.given_back == expected[1].count
        said = {(one.kind, one.number, one.field, one.why) for one in (*expected[0].stays, *expected[1].stays)}
        noted = brought.things.exclude(outcome__in=["", Outcome.GONE, Outcome.ALONG])
        assert set(noted.values_list("kind", "number", "field", "outcome")) == said
        return goes

    return take_back


def refuse(somebody, by, *, agreed=False):
    load_statements(by=None, at=now())
    said = {"how": ConsentRecord.How.PHONE, "given_at": now(), "by": by, "at": now()}
    actions.note_answer(somebody, purpose=PURPOSES[0], agreed=agreed, **said)


def firm(number):
    return Employer.objects.get(school__slug="kiel", organisation__register_number=f"HRB {number}")


class TestHistory:
    def test_what_an_import_changes_is_in_the_history_with_the_name_of_its_file(self, let_in, school, coordinator):
        let_in(NORD)
        assert not Change.objects.exists()
        second = NORD.replace("0431 1;60;Nimmt zwei", "0431 9;300;Nimmt drei").replace("ada@nord", "lamb@nord")
        let_in(second.replace("Nordwind GmbH", "Nordwind AG"), name="year2.csv")
        entries = {(entry.thing, entry.field): entry for entry in told(changes_about(firm(1)))}
        assert {key: (entry.before, entry.after) for key, entry in entries.items()} == {
            ("Organisation", "Name"): ("Nordwind GmbH", "Nordwind AG"),
            ("Organisation", "Size"): ("50 to 249 people", "250 people or more"),
            ("Werftstr. 5, 24143 Kiel", "Telephone"): ("0431 1", "0431 9"),
            ("Employer", "Good to know"): ("Nimmt zwei", "Nimmt zwei\n\nNimmt drei"),
            ("Ada Lamb", "E-mail address"): ("ada@nordwind.example", "lamb@nordwind.example"),
        }
        assert {entry.who for entry in entries.values()} == {f"{coordinator}, from year2.csv"}
        assert all(entry.may_go_back for entry in entries.values())

    def test_a_field_that_an_import_changed_can_be_put_back(self, let_in, coordinator):
        let_in(NORD)
        let_in(NORD.replace("Nordwind GmbH", "Nordwind AG"))
        employer = firm(1)
        actions.put_back(employer, which=changes_about(employer).get(field="name"), by=coordinator, at=now())
        assert str(firm(1)) == "Nordwind GmbH"

    def test_a_title_is_a_change_of_the_position(self, let_in):
        let_in(NORD)
        Position.objects.update(title="Ausbildung")
        heading = HEADINGS.replace("Telefon Ansprechpartner", "Funktion Ansprechpartner")
        let_in("", heading, NORD.replace("0431 11", "Leitung"))
        assert not Change.objects.filter(thing_type="engagement.position").exists()

    def test_the_same_file_again_leaves_no_history(self, let_in):
        let_in(NORD, SUED)
        let_in(NORD, SUED)
        assert not Change.objects.exists()

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_history_costs_the_same_for_one_change_and_for_three(
        self, client, coordinator, let_in, count, django_assert_num_queries
    ):
        let_in(NORD)
        changed = [("0431 1;", "0431 9;"), ("Werftstr.", "Werftstraße"), ("24143", "24144")][:count]
        second = NORD
        for before, after in changed:
            second = second.replace(before, after)
        let_in(second, name="year2.csv")
        client.force_login(coordinator)
        address = reverse("engagement:history", args=[firm(1).pk])
        client.get(address)
        with django_assert_num_queries(12):
            page = client.get(address).content.decode()
        assert page.count("from year2.csv") == count


class TestTakingBack:
    def test_everything_is_as_it_was(self, let_in, take_back, school):
        let_in(NORD, name="first.csv")
        before = book()
        brought = let_in(NORD.replace("0431 1;60", "0431 9;300").replace("Lamb;ada", "Lamm;lamm"), SUED, OST)
        assert book() != before
        goes = take_back(brought)
        assert goes == {"employer": 2, "organisation": 2, "site": 2, "person": 2, "position": 2}
        assert brought.given_back == 2
        assert book() == before
        assert not search.search("südwind", scopes=[scope_of(school)], kinds=[EMPLOYER]).hits
        assert not LikenessKey.objects.exclude(employer__in=Employer.objects.all()).exists()

    def test_who_and_when_is_known_and_told(self, let_in, take_back, coordinator, django_capture_on_commit_callbacks):
        brought = let_in(SUED)
        with django_capture_on_commit_callbacks(execute=True):
            take_back(brought)
        assert brought.taken_back_by == coordinator
        assert now() - brought.taken_back_at < timedelta(minutes=1)
        notice = Notice.objects.filter(user=coordinator, kind="engagement.import_taken_back").get()
        assert notice.sentence.startswith("list.csv is taken back. Gone: 1 employers, 1 sites, 1 people.")
        parts = {part.key: part for answer in personal_data_of.ask(user=coordinator) for part in answer}
        assert [row["file_name"] for row in parts["engagement.imports_taken_back"].rows] == ["list.csv"]

    def test_nothing_stays_behind_in_search_pairs_and_history(self, let_in, take_back, school, coordinator):
        other = EmployerFactory(school=school)
        brought = let_in(SUED)
        alike = {"school": school, "score": 90, "reasons": [], "found_at": now()}
        AlikeEmployers.objects.create(first=other, second=firm(2), **alike)
        take_back(brought)
        assert not AlikeEmployers.objects.exists()
        assert not Change.objects.exists()
        assert list(Employer.objects.all()) == [other]

    def test_the_file_can_be_brought_again(self, let_in, take_back):
        take_back(let_in(NORD, SUED))
        assert let_in(NORD, SUED).new == 2

    @pytest.mark.parametrize(
        ("work", "why"),
        [
            (lambda employer, by: ContactFactory(employer=employer, by=by), Outcome.CONTACT),
            (lambda employer, by: NextStepFactory(employer=employer, owner=by), Outcome.STEP),
            (
                lambda employer, by: actions.tag_employers(
                    employer.school, employers=Employer.objects.filter(pk=employer.pk), name="fair", by=by, at=now()
                ),
                Outcome.TAG,
            ),
            (lambda employer, by: actions.hand_over_employer(employer, owner=by, by=by, at=now()), Outcome.CHANGED),
            (
                lambda employer, by: actions.change_employer(
                    employer, facts={"website": "https://suedwind.example"}, note="", by=by, at=now()
                ),
                Outcome.CHANGED,
            ),
            (
                lambda employer, by: actions.change_person(
                    employer.positions.get(), person={"phone": "1"}, position={}, by=by, at=now()
                ),
                Outcome.CHANGED,
            ),
            (
                lambda employer, by: actions.change_person(
                    employer.positions.get(), person={}, position={"signs": True}, by=by, at=now()
                ),
                Outcome.CHANGED,
            ),
            (
                lambda employer, by: actions.forbid_writing(employer.positions.get().person, by=by, at=now()),
                Outcome.SAID_NO,
            ),
            (lambda employer, by: PositionFactory(employer=employer), Outcome.PEOPLE),
            (lambda employer, by: SiteFactory(organisation=employer.organisation), Outcome.SITES),
            (lambda employer, by: EmployerFactory(organisation=employer.organisation), Outcome.SHARED),
            (
                lambda employer, by: Organisation.objects.filter(pk=employer.organisation_id).update(kept_by=None, slug="own"),
                Outcome.ITS_OWN,
            ),
        ],
        ids=["contact", "step", "tag", "owner", "fact", "person", "position", "no", "people", "site", "shared", "own record"],
    )
    def test_whom_people_have_worked_on_stays_with_all_that_came(self, let_in, take_back, coordinator, work, why):
        brought = let_in(SUED, OST)
        work(firm(2), coordinator)
        kept = firm(2)
        goes = take_back(brought)
        assert (goes["employer"], goes["site"], goes.get("person", 0)) == (1, 1, 0)
        assert brought.things.exclude(outcome__in=["", Outcome.GONE, Outcome.ALONG]).get().outcome == why
        assert firm(2) == kept
        assert kept.organisation.sites.filter(street="Am Kai 2").exists()
        assert kept.positions.filter(person__name="Ben Bell").exists()

    def test_a_no_that_the_import_found_with_the_address_and_repeated_keeps_nobody(self, let_in, take_back, school, coordinator):
        before = PersonFactory(school=school, email="BEN@suedwind.example")
        actions.forbid_writing(before, by=coordinator, at=now())
        refuse(before, coordinator)
        brought = let_in(SUED, OST)
        newcomer = Person.objects.get(name="Ben Bell")
        assert newcomer.asked_not_to_be_written_at
        assert ConsentRecord.objects.about(newcomer).refused().exists()
        assert take_back(brought)["person"] == 1
        assert list(ConsentRecord.objects.values_list("person_id", flat=True)) == [before.pk]

    @pytest.mark.parametrize("agreed", [True, False, None])
    def test_what_somebody_has_answered_themselves_keeps_them_though_a_no_was_repeated(
        self, let_in, take_back, school, coordinator, agreed
    ):
        refuse(PersonFactory(school=school, email="ben@suedwind.example"), coordinator)
        brought = let_in(SUED, OST)
        refuse(Person.objects.get(name="Ben Bell"), coordinator, agreed=agreed)
        take_back(brought)
        assert brought.things.get(outcome=Outcome.SAID_NO).employer == firm(2).pk
        assert Person.objects.filter(name="Ben Bell").exists()

    def test_other_programs_are_told_of_the_people_who_go(self, let_in, take_back, monkeypatch):
        told = []
        monkeypatch.setattr(taking_back, "tell_outside", lambda _school, event, things, **_at: told.append((event, things)))
        brought = let_in(SUED)
        ben = Person.objects.get()
        take_back(brought)
        assert told == [("person.forgotten", [ben]), ("import.taken_back", brought)]

    def test_who_was_merged_stays(self, let_in, take_back, school, coordinator):
        by_hand = EmployerFactory(school=school, organisation__name="Werft Meyer", organisation__country="DE")
        brought = let_in(SUED, OST)
        pair = AlikeEmployers.objects.create(
            first=by_hand, second=firm(2), school=school, score=90, reasons=[["name", ""]], found_at=now()
        )
        actions.merge_employers(pair, facts={}, note="", owner=None, by=coordinator, at=now())
        goes = take_back(brought)
        assert goes["employer"] == 1
        assert by_hand.organisation.sites.filter(street="Am Kai 2").exists()
        assert by_hand.positions.get().person.name == "Ben Bell"
        assert brought.things.get(outcome=Outcome.MERGED).kind == "employer"

    def test_of_an_employer_who_was_there_only_what_came_goes(self, let_in, take_back, school):
        by_hand = EmployerFactory(school=school, organisation__register_number="HRB 2", organisation__country="DE")
        SiteFactory(organisation=by_hand.organisation, street="Hof 1", town="Kiel", postal_code="24103", country="DE")
        contact = ContactFactory(employer=by_hand)
        before = book()
        brought = let_in(SUED)
        assert by_hand.organisation.sites.count() == 2
        assert take_back(brought) == {"site": 1, "person": 1, "position": 1}
        assert book() == before
        assert by_hand.contacts.get() == contact
        assert [hit.key for hit in search.search("hof", scopes=[scope_of(school)], kinds=[EMPLOYER]).hits] == [by_hand.pk]
        assert not search.search("kai", scopes=[scope_of(school)], kinds=[EMPLOYER]).hits

    def test_somebody_spoken_with_stays_with_what_they_do_there_and_where(self, let_in, take_back, school):
        by_hand = EmployerFactory(school=school, organisation__register_number="HRB 2", organisation__country="DE")
        SiteFactory(organisation=by_hand.organisation, street="Hof 1", town="Kiel", postal_code="24103", country="DE")
        brought = let_in(SUED)
        ContactFactory(employer=by_hand).people.add(Person.objects.get(name="Ben Bell"))
        assert take_back(brought) == {}
        held = by_hand.positions.get()
        assert (held.person.name, held.site.street) == ("Ben Bell", "Am Kai 2")
        assert set(brought.things.values_list("kind", "outcome")) >= {("person", "contact"), ("site", "people")}

    def test_who_works_elsewhere_too_stays_and_the_employer_goes(self, let_in, take_back, school):
        brought = let_in(SUED)
        ben = Person.objects.get(name="Ben Bell")
        PositionFactory(person=ben, employer__school=school)
        assert take_back(brought) == {"employer": 1, "organisation": 1, "site": 1, "position": 1}
        assert Person.objects.get() == ben
        assert brought.things.get(outcome=Outcome.WORKS).number == ben.pk

    def test_somebody_whom_two_employers_of_the_file_have_goes_with_both_or_stays_with_one(self, let_in, take_back, coordinator):
        filler = [f"Firma {n};HRB 1{n};Weg {n};24103;Kiel;;;;;;" for n in range(600)]
        for number, worked_on in ((2, False), (3, True)):
            brought = let_in(SUED, *filler, OST.replace("5;;;;", "5;;Ben Bell;ben@suedwind.example;"))
            assert Person.objects.count() == 1
            if worked_on:
                NextStepFactory(employer=firm(number), owner=coordinator)
            take_back(brought)
            assert Person.objects.count() == worked_on

    def test_a_field_that_was_changed_since_keeps_what_it_says(self, let_in, take_back, coordinator):
        let_in(NORD)
        brought = let_in(NORD.replace("0431 1;60", "0431 9;300"))
        employer = firm(1)
        site = employer.organisation.sites.get()
        actions.change_site(employer, which=site, site={"phone": "0431 5"}, by=coordinator, at=now())
        take_back(brought)
        site.refresh_from_db()
        assert (site.phone, firm(1).organisation.size_band) == ("0431 5", "50-249")
        stayed = brought.things.get(field="phone")
        assert (stayed.outcome, stayed.employer) == (Outcome.CHANGED, employer.pk)

    def test_what_is_given_back_is_in_the_history_too(self, let_in, take_back, coordinator):
        let_in(NORD)
        take_back(let_in(NORD.replace("Nordwind GmbH", "Nordwind AG")))
        newest = told(changes_about(firm(1)))[0]
        assert (newest.before, newest.after) == ("Nordwind AG", "Nordwind GmbH")
        assert newest.who == f"{coordinator}, taking back the import of list.csv"
        assert firm(1).sort_key == sort_key_of("Nordwind GmbH")

    def test_a_number_that_another_one_has_by_now_is_not_given_back(self, let_in, take_back, school):
        let_in(NORD, SUED)
        by_hand = firm(1)
        brought = let_in(NORD.replace("0431 1;", "0431 9;"), SUED.replace("0431 2;", "0431 8;"))
        # As if the file had given it the number it has.
        line = AuditLine.objects.filter(action="engagement.let_rows_in", thing_id=str(brought.pk)).latest("pk")
        kept = {"thing_type": "people.organisation", "thing_id": str(by_hand.organisation_id)}
        Change.objects.create(line=line, field="register_number", before="HRB 2", after="HRB 1", **kept)
        actions.take_back_import(brought, by=brought.uploaded_by, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert (brought.state, brought.given_back) == (State.TAKEN_BACK, 2)
        assert brought.things.get(field="register_number").outcome == Outcome.TAKEN
        assert set(Site.objects.values_list("phone", flat=True)) == {"0431 1", "0431 2"}

    def test_what_could_not_be_given_back_leaves_no_line_in_the_audit(self, let_in, take_back, monkeypatch):
        let_in(NORD)
        brought = let_in(NORD.replace("0431 1;60", "0431 9;300").replace("ada@nord", "lamb@nord"))
        update, calls = models.QuerySet.bulk_update, []

        def fails_once(rows, things, *args, **kwargs):
            if rows.model is Person and not calls.append(1) and len(calls) == 1:
                raise IntegrityError
            return update(rows, things, *args, **kwargs)

        monkeypatch.setattr(models.QuerySet, "bulk_update", fails_once)
        kept = AuditLine.objects.filter(action="people.keep_organisations")
        before = kept.count()
        take_back(brought)
        assert len(calls) == 2
        assert kept.count() - before == 2  # the organisation and the site, each by itself

    def test_the_later_of_two_imports_first_and_then_the_earlier_leaves_nothing(self, let_in, take_back):
        before = book()
        first, second = let_in(NORD), let_in(NORD.replace("0431 1;60", "0431 9;300"), SUED)
        take_back(second)
        take_back(first)
        assert book() == before

    def test_the_earlier_of_two_imports_leaves_what_the_later_one_has_changed(self, let_in, take_back):
        first = let_in(NORD)
        let_in(NORD.replace("0431 1;60", "0431 9;300"))
        assert take_back(first) == {}
        assert firm(1).organisation.size_band == "250+"


class TestRefusals:
    def test_an_import_is_taken_back_once(self, let_in, take_back, coordinator):
        brought = let_in(SUED)
        actions.take_back_import(brought, by=coordinator, at=now())
        with pytest.raises(Refused, match="already being taken back"):
            actions.take_back_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        with pytest.raises(Refused, match="was taken back already"):
            actions.take_back_import(brought, by=coordinator, at=now())

    def test_only_an_import_that_is_done_can_be_taken_back(self, school, coordinator):
        brought = EmployerImport.objects.create(school=school, file_name="a.csv", uploaded_at=now())
        with pytest.raises(Refused, match="Only an import that is done"):
            actions.take_back_import(brought, by=coordinator, at=now())

    def test_no_list_comes_in_while_one_is_taken_back_and_none_is_taken_back_while_one_comes_in(self, let_in, bring, coordinator):
        done, ready = let_in(SUED), bring(OST)
        imports.begin_import(ready, by=coordinator, at=now())
        with pytest.raises(Refused, match="on its way into the book"):
            actions.take_back_import(done, by=coordinator, at=now())
        tasks.run_waiting()
        another = bring(NORD)
        actions.take_back_import(done, by=coordinator, at=now())
        with pytest.raises(Refused, match="just being taken back"):
            imports.begin_import(another, by=coordinator, at=now())
        tasks.run_waiting()
        imports.begin_import(another, by=coordinator, at=now())

    @pytest.mark.parametrize("role", [Role.TEACHER, Role.GUIDANCE, Role.QUALITY])
    def test_only_managers_and_coordinators_take_back(self, school, let_in, role, client):
        brought = let_in(SUED)
        colleague = staff_of(school, role=role)
        with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
            actions.take_back_import(brought, by=colleague, at=now())
        client.force_login(colleague)
        assert client.get(reverse("engagement:import_take_back", args=[brought.pk])).status_code == 403
        assert "Take this import back" not in client.get(brought.get_absolute_url()).content.decode()

    def test_for_other_schools_it_is_not_there(self, let_in, client):
        brought = let_in(SUED)
        client.force_login(staff_of(OrganisationFactory()))
        assert client.get(reverse("engagement:import_take_back", args=[brought.pk])).status_code == 404
        assert client.post(reverse("engagement:import_take_back", args=[brought.pk])).status_code == 404

    def test_after_a_while_nobody_knows_what_came_and_the_page_says_so(self, let_in, coordinator, client):
        brought = let_in(SUED)
        client.force_login(coordinator)
        assert brought.known_until.strftime("%Y") in client.get(brought.get_absolute_url()).content.decode()
        imports.forget_import_details(before=now() + timedelta(days=1), by=None)
        assert not ImportedThing.objects.exists()
        brought.refresh_from_db()
        with pytest.raises(Refused, match="known for a while only"):
            actions.take_back_import(brought, by=coordinator, at=now())
        page = client.get(brought.get_absolute_url()).content.decode()
        assert "cannot be taken back any more" in page
        assert client.get(reverse("engagement:import_take_back", args=[brought.pk])).status_code == 302


class TestInterruptions:
    def take_back_until_the_power_goes(self, brought, by, monkeypatch, *, portion):
        """In the second portion."""
        monkeypatch.setattr(taking_back, "PORTION", portion)
        take_back, calls = taking_back.take_back_portion, []

        def breaks_down(*args, **kwargs):
            calls.append(1)
            take_back(*args, **kwargs)
            if len(calls) == 2:
                raise Refused("The power went.")

        monkeypatch.setattr(taking_back, "take_back_portion", breaks_down)
        actions.take_back_import(brought, by=by, at=now())
        with pytest.raises(Refused):
            tasks.run_waiting()
        monkeypatch.setattr(taking_back, "take_back_portion", take_back)
        brought.refresh_from_db()

    def test_it_goes_on_where_it_stopped(self, let_in, coordinator, school, monkeypatch):
        before = book()
        brought = let_in(*[f"Firma {n};HRB {n};Weg {n};24103;Kiel;;5;;Person {n};p{n}@f{n}.example;" for n in range(30)])
        self.take_back_until_the_power_goes(brought, coordinator, monkeypatch, portion=10)
        brought.refresh_from_db()
        assert (brought.state, brought.progress.done, brought.progress.state) == (State.TAKING_BACK, 10, Progress.State.FAILED)
        assert Employer.objects.count() == 20
        ContactFactory(employer=firm(25))
        imports.go_on_with_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == State.TAKEN_BACK
        assert [employer.organisation.register_number for employer in Employer.objects.all()] == ["HRB 25"]
        assert Person.objects.get().name == "Person 25"
        assert taking_back.gone_of(brought)["employer"] == 29
        assert book() != before

    def test_what_is_forgotten_in_the_meantime_makes_nobody_be_passed_over(self, let_in, coordinator, monkeypatch):
        rows = [f"Firma {n};HRB {n};Weg {n};24103;Kiel;04 {n};5;;;;" for n in range(12)]
        let_in(*rows)
        brought = let_in(*[row.replace(";5;", ";300;") for row in rows])
        self.take_back_until_the_power_goes(brought, coordinator, monkeypatch, portion=4)
        Change.objects.filter(thing_id__in=[number for _kind, number in taking_back.units_of(brought)[:3]]).delete()
        brought.refresh_from_db()
        imports.go_on_with_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        assert Employer.objects.filter(organisation__size_band="250+").count() == 0

    def test_nothing_is_forgotten_of_an_import_while_it_is_being_taken_back(self, let_in, coordinator):
        brought = let_in(SUED)
        actions.take_back_import(brought, by=coordinator, at=now())
        assert imports.forget_import_details(before=now() + timedelta(days=1), by=None) == 0
        tasks.run_waiting()
        assert not Employer.objects.exists()
        assert imports.forget_import_details(before=now() + timedelta(days=1), by=None) == 1


class TestPages:
    @pytest.fixture
    def colleague(self, client, coordinator):
        client.force_login(coordinator)
        return client

    def test_from_the_page_of_the_import_to_a_book_without_it(self, colleague, let_in, coordinator):
        brought = let_in(SUED, OST)
        ContactFactory(employer=firm(3), by=coordinator)
        address = reverse("engagement:import_take_back", args=[brought.pk])
        assert address in colleague.get(brought.get_absolute_url()).content.decode()
        page = colleague.get(address).content.decode()
        assert "This is what would happen. Nothing is changed yet." in page
        assert "Ostwind GmbH" in page
        assert "Somebody wrote down a contact." in page
        assert Employer.objects.count() == 2
        answer = colleague.post(address)
        assert answer["Location"] == brought.get_absolute_url()
        assert "Taking the import out of the book again" in colleague.get(brought.get_absolute_url()).content.decode()
        tasks.run_waiting()
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert f"{coordinator} took this import back on" in page
        assert "Somebody wrote down a contact." in page
        assert Employer.objects.get() == firm(3)
        assert "taken back" in colleague.get(reverse("engagement:imports")).content.decode()
        assert colleague.get(address).status_code == 302
        assert colleague.post(address).status_code == 409

    def test_where_people_worked_on_everything_there_is_no_button(self, colleague, let_in, coordinator):
        brought = let_in(SUED)
        ContactFactory(employer=firm(2), by=coordinator)
        page = colleague.get(reverse("engagement:import_take_back", args=[brought.pk])).content.decode()
        assert "There is nothing that could be taken back" in page
        assert "Take it back" not in page

    def test_an_import_that_stopped_on_the_way_back_can_be_gone_on_with(self, colleague, let_in, coordinator):
        brought = let_in(SUED)
        actions.take_back_import(brought, by=coordinator, at=now())
        Progress.objects.update(state=Progress.State.FAILED, finished_at=now())
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert "Go on where it stopped" in page
        assert "Drop this file" not in page

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_page_costs_the_same_whatever_stays(
        self, colleague, school, let_in, count, django_assert_num_queries, coordinator
    ):
        rows = [f"Firma {n};HRB {n};Weg {n};24103;Kiel;04 {n};5;;Person {n};p{n}@f{n}.example;" for n in range(9)]
        let_in(*rows[:6])
        brought = let_in(*[row.replace(";04", ";05").replace(";p", ";q").replace(";5;", ";60;") for row in rows])
        for n in range(count):
            site = firm(n).organisation.sites.get()
            actions.change_site(firm(n), which=site, site={"phone": "0431 5"}, by=coordinator, at=now())
            held = firm(n).positions.get()
            actions.change_person(held, person={"email": "x@y.example"}, position={}, by=coordinator, at=now())
            ContactFactory(employer=firm(6 + n), by=coordinator)
        address = reverse("engagement:import_take_back", args=[brought.pk])
        colleague.get(address)
        with django_assert_num_queries(12):
            colleague.get(address)
