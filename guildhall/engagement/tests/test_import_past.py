from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import override

from guildhall.core import search, tasks
from guildhall.engagement.actions import imports
from guildhall.engagement.actions.taking_back import take_back_import
from guildhall.engagement.importing import numbers
from guildhall.engagement.importing.past import kind_of
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import Contact, Employer, EmployerImport, NextStep, Person
from guildhall.engagement.search import CONTACT, scope_of
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, PersonFactory, staff_of
from guildhall.engagement.tests.workbooks import xlsx
from guildhall.people.models import Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

SOON = localdate() + timedelta(days=20)
LIST = f"""\
Firma;Straße;PLZ;Ort;Ansprechpartner;Letzter Kontakt;Kontaktart;Bemerkung Gespräch;Kontakt durch;Nächster Schritt;Wiedervorlage
Nordwind GmbH;Werftstr. 5;24143;Kiel;Ada Lamb;12.03.2024;Anruf;Nimmt zwei im Herbst;Ines Möller;Vertrag schicken;{SOON:%d.%m.%Y}
Nordwind GmbH;Werftstr. 5;24143;Kiel;Ada Lamb;14.05.2024;Besuch;Werkstatt gesehen;Herr Unbekannt;;
Nordwind GmbH;Werftstr. 5;24143;Kiel;Ben Bell;14.05.2024;Besuch;Mit dem Meister gesprochen;;Wieder anrufen;01.06.2024
Bäckerei Groß;Ringweg 1;24103;Kiel;;02.02.2023;Mail;;;;
Tischlerei Kurz;Am Markt 3;24103;Kiel;;neulich;Anruf;Sagt zu;;;
Maler Hell;Am Markt 4;24103;Kiel;;;;;;;
"""


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", slug="kiel")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def ines(school):
    ines = UserFactory(name="Ines Möller", email="ines@school.example")
    MembershipFactory(user=ines, organisation=school, role=Role.TEACHER)
    return ines


@pytest.fixture
def bring(school, coordinator):
    def bring(content=LIST, **changed):
        upload = SimpleUploadedFile("contacts.csv", content if isinstance(content, bytes) else content.encode())
        seen = look_over(upload, country=school.country)
        mapping = {**seen.mapping, **changed}
        return imports.bring_list(
            school,
            upload=seen.table if isinstance(content, bytes) else upload,
            file_name=upload.name,
            reading=seen.reading,
            mapping=mapping,
            country=seen.country,
            by=coordinator,
            at=now(),
        )

    return bring


@pytest.fixture
def let_in(bring, coordinator):
    def let_in(content=LIST, **changed):
        brought = imports.begin_import(bring(content, **changed), by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == EmployerImport.State.DONE
        return brought

    return let_in


def told(contact):
    return (str(contact.employer), contact.held_at.date(), contact.kind, contact.said, contact.by)


class TestContacts:
    def test_rows_bring_employers_people_and_contacts(self, let_in, ines, coordinator):
        brought = let_in()
        assert (brought.new_employers, brought.new_people, brought.new_contacts) == (4, 2, 4)
        written = [told(contact) for contact in Contact.objects.order_by("held_at", "pk")]
        assert written == [
            ("Bäckerei Groß", date(2023, 2, 2), "mail", "", coordinator),
            ("Nordwind GmbH", date(2024, 3, 12), "call", "Nimmt zwei im Herbst", ines),
            (
                "Nordwind GmbH",
                date(2024, 5, 14),
                "visit",
                "Werkstatt gesehen\n\nIt was Herr Unbekannt who did this.",
                coordinator,
            ),
            (
                "Nordwind GmbH",
                date(2024, 5, 14),
                "visit",
                "Mit dem Meister gesprochen\n\nWhat was to come next: Wieder anrufen (01/06/2024)",
                coordinator,
            ),
        ]
        assert [[one.name for one in contact.people.all()] for contact in Contact.objects.order_by("held_at", "pk")] == [
            [],
            ["Ada Lamb"],
            ["Ada Lamb"],
            ["Ben Bell"],
        ]

    def test_what_is_kept_beside_contacts_is_true(self, let_in, ines, school):
        let_in()
        firm = Employer.objects.get(organisation__name="Nordwind GmbH")
        assert firm.last_contact_at.date() == date(2024, 5, 14)
        found = search.search("herbst", scopes=[scope_of(school)], kinds=[CONTACT])
        assert [hit.title for hit in found.hits] == ["Nordwind GmbH"]

    def test_a_later_contact_that_was_there_before_stays_the_last(self, let_in, school, coordinator):
        firm = EmployerFactory(school=school, organisation__name="Bäckerei Groß", organisation__country="DE")
        moment = now()
        ContactFactory(employer=firm, held_at=moment, by=coordinator)
        Employer.objects.filter(pk=firm.pk).update(last_contact_at=moment)
        let_in("Firma;Letzter Kontakt;Kontaktart\nBäckerei Groß;02.02.2023;Mail\n")
        firm.refresh_from_db()
        assert firm.last_contact_at == moment
        assert firm.contacts.count() == 2

    def test_the_same_file_twice_writes_no_contact_twice(self, let_in, ines):
        let_in()
        brought = let_in()
        assert tuple(imports.counts_of(brought).values()) == (0, 0, 6, 0, 0)
        assert (brought.new_contacts, Contact.objects.count(), NextStep.objects.count()) == (0, 4, 1)

    def test_nor_when_a_colleague_of_another_language_brings_it(self, let_in, ines):
        let_in()
        with override("de"):
            let_in()
        assert (Contact.objects.count(), NextStep.objects.count()) == (4, 1)

    def test_a_contact_more_is_a_change_and_replaces_nothing(self, let_in, ines, client, coordinator, bring):
        let_in()
        brought = bring(f"{LIST}Maler Hell;Am Markt 4;24103;Kiel;;04.04.2024;Treffen;Kaffee;;;\n")
        assert (brought.changed, brought.new_contacts) == (1, 1)
        client.force_login(coordinator)
        page = client.get(brought.get_absolute_url()).content.decode()
        assert "In all: 0 new employers, 0 new sites, 0 people, 1 contact." in page
        assert "will replace what the book says" not in page

    def test_the_first_look_says_how_many_come(self, bring, ines, client, coordinator):
        client.force_login(coordinator)
        page = client.get(bring().get_absolute_url()).content.decode()
        assert "In all: 4 new employers, 4 new sites, 2 people, 4 contacts." in page
        assert "Call, 12/03/2024" in page

    def test_who_asked_not_to_be_written_to_is_left_in_peace(self, let_in, school):
        PersonFactory(school=school, name="Somebody", email="ada@nordwind.example", asked_not_to_be_written_at=now())
        let_in(
            "Firma;Ort;Ansprechpartner;Mail Ansprechpartner;Letzter Kontakt\n"
            "Alpha;Kiel;Ada Lamb;ada@nordwind.example;12.03.2024\n"
        )
        ada = Person.objects.get(name="Ada Lamb")
        assert ada.asked_not_to_be_written_at is not None
        assert ada.contacts.count() == 1

    def test_another_schools_people_are_not_colleagues(self, let_in, coordinator):
        staff_of(OrganisationFactory(), name="Ines Möller")
        let_in()
        assert set(Contact.objects.values_list("by", flat=True)) == {coordinator.pk}

    @pytest.mark.parametrize("named", ["Ines Möller", "INES MOELLER", "ines@school.example", "Möller", "ines"])
    def test_a_colleague_is_known_by_name_by_part_of_it_or_by_mail(self, let_in, ines, coordinator, named):
        let_in(f"Firma;Letzter Kontakt;Kontakt durch\nAlpha;12.03.2024;{named}\n")
        assert Contact.objects.get().by == (coordinator if named == "INES MOELLER" else ines)

    def test_who_has_left_the_school_has_done_it_all_the_same(self, let_in, school, coordinator):
        left = UserFactory(name="Otto Weg")
        MembershipFactory(user=left, organisation=school, role=Role.TEACHER, until=localdate() - timedelta(days=5))
        let_in(
            "Firma;Letzter Kontakt;Kontakt durch;Nächster Schritt;Wiedervorlage\n"
            f"Alpha;12.03.2024;Otto Weg;Anrufen;{SOON.isoformat()}\n"
        )
        assert Contact.objects.get().by == left
        assert NextStep.objects.get().owner == coordinator

    @pytest.mark.parametrize("count", [1, 40])
    def test_a_portion_costs_the_same_for_one_contact_and_for_many(
        self, bring, coordinator, ines, count, django_assert_num_queries, on_postgres
    ):
        lines = "\n".join(f"Firm {n};Weg {n};{n:05};Kiel;Person {n};12.03.2024;Anruf;Nr {n};Anrufen;{SOON}" for n in range(count))
        head = "Firma;Straße;PLZ;Ort;Ansprechpartner;Letzter Kontakt;Kontaktart;Notiz zum Kontakt;Nächster Schritt;Wiedervorlage"
        brought = bring(f"{head}\n{lines}\n")
        lot = imports.lot_of(brought)
        with django_assert_num_queries(33):
            imports.let_rows_in(brought, lot=lot, rows=lot.rows, by=coordinator, at=now())
        assert Contact.objects.count() == NextStep.objects.count() == count

    def test_without_a_manager_the_command_asks_to_leave_contacts_out(self, tmp_path, school):
        path = tmp_path / "list.csv"
        path.write_text(LIST, encoding="utf-8")
        with pytest.raises(CommandError, match="--map contact_on= --map contact_kind="):
            call_command("import_employers", str(path), school=school.slug)

    def test_taken_back_with_its_import_they_are_gone(self, let_in, ines, coordinator):
        brought = let_in()
        take_back_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        assert not Contact.objects.exists()
        assert not NextStep.objects.exists()
        assert not Employer.objects.exists()


class TestWhatCannotBe:
    @pytest.mark.parametrize(
        ("when", "said", "sentence"),
        [
            ("neulich", "Sagt zu", "“neulich” is not a date: the contact is left out."),
            ("31.02.2024", "", "“31.02.2024” is not a date: the contact is left out."),
            (f"{SOON:%d.%m.%Y}", "Sagt zu", f"The contact of {SOON:%d/%m/%Y} lies in the future and is left out."),
            ("", "Sagt zu", "What was said has no date: the contact is left out."),
        ],
    )
    def test_a_contact_without_a_day_stays_out_and_its_row_goes_in(self, let_in, when, said, sentence):
        content = (
            f"Firma;Ort;Letzter Kontakt;Gesprächsnotiz\nAlpha;Kiel;{when};{said}\n"
            "Beta;Kiel;12.03.2024;gut\nGamma;Kiel;13.03.2024;nett\n"
        )
        brought = let_in(content)
        assert brought.rows.get(number=2).reason == sentence
        assert Employer.objects.count() == 3
        assert Contact.objects.count() == 2
        assert let_in(content).rows.get(number=2).outcome == "unchanged"

    def test_a_step_that_was_due_long_ago_is_nobodys_task(self, let_in, ines):
        let_in()
        assert [(step.what, step.due_on, step.owner) for step in NextStep.objects.all()] == [("Vertrag schicken", SOON, ines)]
        assert NextStep.objects.get().contact.kind == "call"

    @pytest.mark.parametrize(
        ("until", "sentence"),
        [
            ("", "The next step has no date and is left out."),
            ("bald", "“bald” is not a date: the next step is left out."),
            ("01.06.2020", "The next step was due on 01/06/2020 and is left out."),
        ],
    )
    def test_a_step_without_a_contact_needs_its_day(self, let_in, until, sentence):
        dated = f"Beta;Kiel;Anrufen;{SOON}\nGamma;Kiel;Anrufen;{SOON}\n"
        brought = let_in(f"Firma;Ort;Nächster Schritt;Wiedervorlage\nAlpha;Kiel;Anrufen;{until}\n{dated}")
        assert brought.rows.get().reason == sentence
        assert NextStep.objects.count() == 2
        assert not Contact.objects.exists()


class TestDays:
    @pytest.mark.parametrize(
        ("texts", "days"),
        [
            (["12.03.2024", "1.4.24"], [date(2024, 3, 12), date(2024, 4, 1)]),
            (["2024-03-12", "2024-03-12 14:30:00"], [date(2024, 3, 12)] * 2),
            (["03/12/2024", "12/31/2024"], [date(2024, 3, 12), date(2024, 12, 31)]),
            (["03/12/2024", "31/12/2024"], [date(2024, 12, 3), date(2024, 12, 31)]),
            (["03/12/2024", "04/12/2024"], [date(2024, 12, 3), date(2024, 12, 4)]),
            (["45363"], [date(2024, 3, 12)]),
        ],
    )
    def test_a_column_says_how_its_days_are_written(self, texts, days):
        month_first = numbers.is_month_first(texts)
        assert [numbers.day(text, month_first=month_first) for text in texts] == days

    def test_days_of_one_column_are_read_alike(self, let_in):
        let_in("Company;Town;Last contact\nAlpha;Leeds;03/12/2024\nBeta;Leeds;12/31/2023\nGamma;Leeds;04/05/2024\n")
        assert {contact.held_at.date() for contact in Contact.objects.all()} == {
            date(2024, 3, 12),
            date(2023, 12, 31),
            date(2024, 4, 5),
        }

    def test_dates_of_a_workbook_are_dates(self, let_in):
        let_in(xlsx(List=[["Firma", "Ort", "Letzter Kontakt"], ["Alpha", "Kiel", date(2024, 3, 12)], ["Beta", "Kiel", 45364]]))
        assert {contact.held_at.date() for contact in Contact.objects.all()} == {date(2024, 3, 12), date(2024, 3, 13)}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Anruf", "call"), ("telefonisch", "call"), ("Tel.", "call"), ("phone call", "call"), ("τηλέφωνο", "call"),
        ("Betriebsbesuch", "visit"), ("visita al centro", "visit"), ("Wizyta w firmie", "visit"), ("επίσκεψη", "visit"),
        ("E-Mail", "mail"), ("correo electrónico", "mail"), ("Courriel", "mail"), ("Treffen", "meeting"),
        ("reunião", "meeting"), ("Spotkanie", "meeting"), ("rendez-vous", "meeting"), ("Messe", "event"), ("Jobmesse", ""),
        ("WhatsApp", "message"), ("SMS", "message"), ("Metallbau", ""), ("telling", ""), ("", ""),
    ],
)  # fmt: skip
def test_what_a_contact_was_is_understood_as_people_say_it(word, kind):
    assert kind_of(word) == kind


class TestColumns:
    @pytest.mark.parametrize(
        "headings",
        [
            "Company;Last contact;Type of contact;What was said;Contacted by;Next step;Due date;Contact person",
            "Firma;Letzter Kontakt;Kontaktart;Bemerkung Gespräch;Kontakt durch;Nächster Schritt;Wiedervorlage;Ansprechpartner",
            "Betrieb;Datum;Art;Notiz;Wer;To do;bis wann;Kontaktperson",
            "Επωνυμία;Ημερομηνία επικοινωνίας;Τρόπος επικοινωνίας;Τι ειπώθηκε;Εκπαιδευτικός;Επόμενο βήμα;Προθεσμία;Υπεύθυνος",
            "Empresa;Último contacto;Tipo de contacto;Observaciones contacto;"
            "Contactado por;Próximo paso;Fecha límite;Persona de contacto",
            "Nazwa firmy;Data kontaktu;Rodzaj kontaktu;Notatka z rozmowy;Nauczyciel;Następny krok;Do kiedy;Osoba kontaktowa",
            "Nome da empresa;Data do contacto;Tipo de contacto;Assunto;Professor;Próximo passo;Prazo;Pessoa de contacto",
            "Entreprise;Dernier contact;Type de contact;Compte-rendu;Suivi par;Prochaine étape;Échéance;Interlocuteur",
        ],
    )
    def test_headings_are_understood_in_every_language(self, headings, school):
        rows = "".join(f"Alpha {n};1{n}.03.2024;Anruf;Sagt zu {n};Ines;Anrufen {n};1{n}.03.2030;Ada {n}\n" for n in range(5))
        seen = look_over(SimpleUploadedFile("x.csv", f"{headings}\n{rows}".encode()), country="DE")
        fields = [
            "name",
            *("contact_on", "contact_kind", "contact_text", "contact_by", "next_step", "next_step_on"),
            "person_name",
        ]
        assert seen.mapping == dict(zip(fields, headings.split(";"), strict=True))

    @pytest.mark.parametrize(
        "heading", ["Datum", "Data założenia", "Gegründet am", "Date of registration", "Fecha de alta", "Stand"]
    )
    def test_a_date_alone_is_no_contact(self, heading):
        rows = "Alpha;Kiel;12.03.1999\nBeta;Kiel;14.03.2003\n"
        seen = look_over(SimpleUploadedFile("x.csv", f"Firma;Ort;{heading}\n{rows}".encode()), country="DE")
        assert "contact_on" not in seen.mapping

    def test_what_was_said_without_a_day_is_good_to_know(self):
        seen = look_over(SimpleUploadedFile("x.csv", "Firma;Ort;Gesprächsnotiz\nAlpha;Kiel;Nett\n".encode()), country="DE")
        assert seen.mapping == {"name": "Firma", "town": "Ort", "note": "Gesprächsnotiz"}

    def test_how_they_were_matched_is_remembered(self, let_in, client, coordinator):
        let_in("Firma;Ort;Spalte X;Y\nAlpha;Kiel;12.03.2024;Anruf\n", contact_on="Spalte X", contact_kind="Y")
        client.force_login(coordinator)
        file = SimpleUploadedFile("again.csv", b"Y;Firma;Ort;Spalte X\nBesuch;Alpha;Kiel;13.03.2024\n")
        client.post(reverse("engagement:imports"), {"file": file})
        again = EmployerImport.objects.latest("pk")
        assert (again.mapping["contact_on"], again.mapping["contact_kind"], again.new_contacts) == ("Spalte X", "Y", 1)
