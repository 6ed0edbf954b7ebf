import hashlib
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core import files, search, tasks
from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import Progress, StoredFile
from guildhall.engagement.actions import imports
from guildhall.engagement.importing.lot import Lot
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import Employer, EmployerImport, ImportRow, Person, Position
from guildhall.engagement.search import EMPLOYER, scope_of
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.people.models import Notice, Organisation, Role, Site
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db

SAMPLES = Path(settings.PROJECT).parent / "shared" / "samples"
LIST = """\
Firma;HRB;Straße;PLZ;Ort;Telefon;E-Mail;Mitarbeiter;Ansprechpartner;Mail Ansprechpartner;Bemerkung
Nordwind Stahlbau GmbH;HRB 1;Werftstr. 5;24143;Kiel;0431 1;info@nordwind.example;60;Ada Lamb;ada@nordwind.example;Nimmt zwei
Nordwind Stahlbau GmbH;HRB 1;Hafenweg 9;24103;Kiel;0431 2;;;;;
Bäckerei Groß;;Ringweg 1;24103;Kiel;;;8;Ben Bell;;
Bäckerei Groß;;;;Lübeck;;;;;;
;;Nirgends 1;;;;;;;;
Tischlerei Kurz;;Am Markt 3;24103;Kiel;;kein Mail;;;;
"""


def sample(name):
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"The sample file {name} is not beside the checkout.")
    return path


def fingerprint():
    """What the book holds, as one number: equal if and only if nothing was written."""
    models = [Organisation, Site, Employer, Person, Position]
    kept = "".join(str(list(model.objects.order_by("pk").values_list())) for model in models)
    return hashlib.sha256(kept.encode()).hexdigest()


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", slug="kiel")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def bring(school, coordinator):
    """Bring a file through the action, as the page does."""

    def bring(content=LIST, by=coordinator, school=school, **kwargs):
        upload = SimpleUploadedFile("employers.csv", content.encode() if isinstance(content, str) else content)
        seen = look_over(upload, country=school.country)
        given = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country, **kwargs}
        return imports.bring_list(school, upload=upload, file_name=upload.name, by=by, at=now(), **given)

    return bring


@pytest.fixture
def let_in(bring, coordinator):
    def let_in(content=LIST, **kwargs):
        brought = imports.begin_import(bring(content, **kwargs), by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == EmployerImport.State.DONE
        return brought

    return let_in


def counts(brought):
    return tuple(imports.counts_of(brought).values())


class TestAnImport:
    def test_a_check_counts_and_writes_nothing_into_the_book(self, bring):
        before = fingerprint()
        brought = bring()
        assert brought.state == EmployerImport.State.READY
        assert counts(brought) == (4, 0, 0, 1, 1)
        assert (brought.new_employers, brought.new_sites) == (3, 4)
        assert fingerprint() == before

    def test_the_rows_stand_in_the_book_as_the_check_said(self, let_in, school, coordinator):
        brought = let_in()
        assert counts(brought) == (4, 0, 0, 1, 1)
        assert (brought.new_employers, brought.new_sites) == (3, 4)
        firm = Employer.objects.get(organisation__register_number="HRB 1")
        assert (firm.school, firm.added_by, firm.owner, firm.note) == (school, coordinator, None, "Nimmt zwei")
        assert (firm.organisation.kept_by, firm.organisation.kind) == (school, "employer")
        assert (firm.organisation.size_band, firm.organisation.country) == ("50-249", "DE")
        assert [(site.address, site.phone, site.email) for site in firm.organisation.sites.order_by("pk")] == [
            ("Werftstr. 5, 24143 Kiel", "0431 1", "info@nordwind.example"),
            ("Hafenweg 9, 24103 Kiel", "0431 2", ""),
        ]
        held = firm.positions.get()
        assert (held.person.name, held.person.email, held.site.street) == ("Ada Lamb", "ada@nordwind.example", "Werftstr. 5")

    def test_rows_that_stay_out_say_why_and_what_they_say(self, let_in):
        brought = let_in()
        rows = {row.number: row for row in brought.rows.all()}
        assert set(rows) == {5, 6, 7}
        assert rows[5].outcome == "unclear"
        assert "Only the name says" in rows[5].reason
        assert rows[6].reason == "The name of the employer is missing."
        assert rows[6].given["Straße"] == "Nirgends 1"

    def test_an_address_that_is_none_stays_out_and_its_row_goes_in_with_a_remark(self, let_in):
        row = let_in().rows.get(number=7)
        assert (row.outcome, row.name) == ("new", "Tischlerei Kurz")
        assert row.reason == "“kein Mail” is not an e-mail address and is left out."
        site = Site.objects.get(organisation__name="Tischlerei Kurz")
        assert (site.street, site.email) == ("Am Markt 3", "")

    def test_a_remark_stands_beside_what_is_changed_and_not_beside_what_is_not(self, let_in):
        let_in()
        brought = let_in(LIST.replace("0431 1;", "weiß nicht;").replace(";60;", ";300;"))
        assert counts(brought) == (0, 1, 3, 1, 1)
        assert brought.rows.get(number=2).reason.endswith("“250+”. “weiß nicht” is not a telephone number and is left out.")
        assert Site.objects.filter(phone="0431 1").exists()
        assert not brought.rows.filter(number=7).exists()

    def test_the_same_file_again_writes_nothing(self, let_in):
        let_in()
        before = fingerprint()
        assert counts(let_in()) == (0, 0, 4, 1, 1)
        assert fingerprint() == before

    def test_what_changed_is_written_and_told(self, let_in):
        let_in()
        brought = let_in(
            LIST.replace("0431 2;", "0431 222;").replace("Mitarbeiter", "Zahl der Mitarbeiter").replace(";60;", ";300;")
        )
        assert counts(brought) == (0, 2, 2, 1, 1)
        firm = Organisation.objects.get(register_number="HRB 1")
        assert firm.size_band == "250+"
        assert set(firm.sites.values_list("phone", flat=True)) == {"0431 1", "0431 222"}
        reason = brought.rows.get(number=3).reason
        assert reason == "Telephone: “0431 2” becomes “0431 222”."

    def test_an_emptier_file_takes_nothing_away(self, let_in):
        let_in()
        before = fingerprint()
        let_in("Firma;HRB;Ort\nNordwind Stahlbau GmbH;HRB 1;Kiel\n" + "Bäckerei Groß;;Kiel\n")
        assert fingerprint() == before

    def test_the_employers_are_found_at_once(self, let_in, school):
        let_in()
        found = search.search("nordwind", scopes=[scope_of(school)], kinds=[EMPLOYER])
        assert [hit.title for hit in found.hits] == ["Nordwind Stahlbau GmbH"]

    def test_it_tells_who_brought_it_and_lets_go_of_the_file(self, let_in, coordinator, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            brought = let_in()
        assert Notice.objects.get(user=coordinator).sentence == (
            "employers.csv is in the book: 4 new, 0 changed, 0 unchanged, 1 unclear, 1 wrong."
        )
        assert brought.file is None
        assert not StoredFile.objects.exists()

    def test_a_hand_written_employer_gets_what_the_file_knows(self, let_in, school):
        by_hand = EmployerFactory(school=school, organisation__name="BÄCKEREI GROSS", organisation__country="DE")
        SiteFactory(organisation=by_hand.organisation, name="", street="Ringweg 1", town="Kiel", country="DE")
        brought = let_in()
        assert counts(brought) == (3, 1, 0, 1, 1)
        assert by_hand.organisation.sites.get().postal_code == "24103"
        assert by_hand.positions.get().person.name == "Ben Bell"

    def test_somebody_who_asked_not_to_be_written_to_is_the_same_person_at_another_employer(self, let_in, school):
        said_no = PersonFactory(school=school, name="Ada Lamb", email="ada@nordwind.example", asked_not_to_be_written_at=now())
        PositionFactory(person=said_no, employer__school=school)
        let_in()
        assert Employer.objects.get(organisation__register_number="HRB 1").positions.get().person == said_no

    def test_another_schools_book_is_another_book(self, let_in, bring):
        let_in()
        elsewhere = OrganisationFactory(country="DE")
        brought = bring(school=elsewhere, by=staff_of(elsewhere))
        assert counts(brought) == (4, 0, 0, 1, 1)

    def test_formulas_go_in_as_text(self, let_in):
        let_in('Firma;Ort\n"=HYPERLINK(""http://evil.example"")";Kiel\n')
        assert Organisation.objects.filter(name='=HYPERLINK("http://evil.example")').exists()

    @pytest.mark.parametrize("count", [1, 40])
    def test_a_portion_costs_the_same_for_one_row_and_for_many(
        self, bring, coordinator, count, django_assert_num_queries, on_postgres
    ):
        lines = "\n".join(f"Firm {n};HRB {n};Weg {n};{n:05};Kiel;Person {n};p{n}@f{n}.example" for n in range(count))
        brought = bring(f"Firma;HRB;Straße;PLZ;Ort;Ansprechpartner;Mail Ansprechpartner\n{lines}\n")
        lot = Lot(brought.school, imports.read_rows(brought))
        with django_assert_num_queries(22):
            imports.let_rows_in(brought, lot=lot, rows=lot.rows, by=coordinator, at=now())


class TestColumns:
    def test_a_file_without_a_name_column_waits_for_somebody_to_say(self, bring):
        brought = bring("Code;Wort\n1;x\n2;y\n")
        assert brought.state == EmployerImport.State.MAPPING
        assert brought.mapping == {}

    def test_columns_can_be_corrected(self, bring, coordinator):
        brought = bring("Code;Wort\n1;Alpha\n2;Beta\n")
        brought = imports.match_columns(brought, mapping={"name": "Wort"}, country="AT", by=coordinator, at=now())
        assert counts(brought) == (2, 0, 0, 0, 0)
        assert brought.reading["preview"][0]["employer"] == "Alpha"

    def test_a_column_that_is_not_there_is_refused(self, bring, coordinator):
        with pytest.raises(Refused, match="no column"):
            imports.match_columns(bring(), mapping={"name": "Nowhere"}, country="DE", by=coordinator, at=now())

    def test_nothing_goes_in_before_it_was_looked_at(self, bring, coordinator):
        with pytest.raises(Refused, match="not been compared"):
            imports.begin_import(bring("Code;Wort\n1;x\n"), by=coordinator, at=now())

    def test_an_import_begins_once(self, bring, coordinator):
        brought = bring()
        imports.begin_import(brought, by=coordinator, at=now())
        with pytest.raises(Refused, match="already running"):
            imports.begin_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        with pytest.raises(Refused, match="is done"):
            imports.drop_list(brought, by=coordinator, at=now())

    def test_a_dropped_file_leaves_nothing(self, bring, coordinator):
        imports.drop_list(bring(), by=coordinator, at=now())
        assert not EmployerImport.objects.exists()
        assert not StoredFile.objects.exists()

    def test_a_file_that_waited_too_long_must_be_brought_again(self, bring, coordinator):
        brought = bring()
        files.sweep(now() + imports.KEPT)
        for begin in (
            lambda: imports.begin_import(brought, by=coordinator, at=now()),
            lambda: imports.match_columns(brought, mapping={"name": "Firma"}, country="DE", by=coordinator, at=now()),
        ):
            with pytest.raises(Refused, match="waited too long"):
                begin()
        imports.drop_list(brought, by=coordinator, at=now())

    def test_a_long_file_is_checked_by_a_task(self, bring, monkeypatch):
        monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 3)
        brought = bring()
        assert brought.state == EmployerImport.State.CHECKING
        assert (brought.progress.done, brought.progress.total) == (0, 6)
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == EmployerImport.State.READY
        assert counts(brought) == (4, 0, 0, 1, 1)
        assert brought.progress.done == 6

    def test_what_is_shown_is_the_check_of_the_columns_that_will_be_imported(self, bring, coordinator, monkeypatch):
        monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 3)
        brought = bring()
        portions, first = list(imports.lot_of(brought).check()), brought.progress
        mapping = {"name": brought.mapping["name"]}
        imports.match_columns(brought, mapping=mapping, country="DE", by=coordinator, at=now())
        brought = imports.keep_check(brought, progress=first, portions=portions, by=coordinator, at=now())
        assert (brought.state, brought.rows.count()) == (EmployerImport.State.CHECKING, 0)
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == EmployerImport.State.READY
        assert not any(row["address"] for row in brought.reading["preview"])

    @pytest.mark.parametrize("role", [Role.TEACHER, Role.GUIDANCE, Role.QUALITY, Role.LEARNER])
    def test_only_managers_and_coordinators_import(self, school, bring, role):
        with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
            bring(by=staff_of(school, role=role))


class TestInterruptions:
    def test_an_import_that_stopped_goes_on_where_it_was(self, bring, coordinator, monkeypatch):
        lines = "\n".join(f"Firm {n};Weg {n};Kiel" for n in range(1200))
        brought = imports.begin_import(bring(f"Firma;Straße;Ort\n{lines}\n"), by=coordinator, at=now())
        write, calls = imports.let_rows_in, []

        def breaks_down(*args, **kwargs):
            calls.append(1)
            write(*args, **kwargs)
            if len(calls) == 2:
                raise Refused("The power went.")

        monkeypatch.setattr(imports, "let_rows_in", breaks_down)
        with pytest.raises(Refused):
            tasks.run_waiting()
        brought.refresh_from_db()
        assert (brought.new, brought.progress.done, brought.progress.state) == (500, 500, Progress.State.FAILED)
        assert Employer.objects.count() == 500
        monkeypatch.setattr(imports, "let_rows_in", write)
        imports.go_on_with_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert (brought.state, counts(brought)) == (EmployerImport.State.DONE, (1200, 0, 0, 0, 0))
        assert Employer.objects.count() == 1200

    def test_what_the_first_rows_said_counts_after_an_interruption_too(self, bring, coordinator, monkeypatch):
        filler = "\n".join(f"Firm {n};HRB 1{n};;Weg {n};Kiel" for n in range(600))
        content = f"Firma;HRB;Telefon;Straße;Ort\nAlpha;HRB 7;0431 1;Weg 1;Kiel\n{filler}\nAlpha;HRB 7;0431 2;Weg 1;Kiel\n"
        brought = bring(content)
        assert counts(brought) == (601, 0, 0, 1, 0)
        imports.begin_import(brought, by=coordinator, at=now())
        write = imports.let_rows_in

        def dies(*args, **kwargs):
            monkeypatch.setattr(imports, "let_rows_in", write)
            write(*args, **kwargs)
            raise Refused("The power went.")

        monkeypatch.setattr(imports, "let_rows_in", dies)
        with pytest.raises(Refused):
            tasks.run_waiting()
        imports.go_on_with_import(EmployerImport.objects.get(), by=coordinator, at=now())
        tasks.run_waiting()
        done = EmployerImport.objects.get()
        assert counts(done) == (601, 0, 0, 1, 0)

    def test_one_that_runs_cannot_be_gone_on_with(self, bring, coordinator):
        brought = imports.begin_import(bring(), by=coordinator, at=now())
        with pytest.raises(Refused, match="has not stopped"):
            imports.go_on_with_import(brought, by=coordinator, at=now())


class TestTheSamples:
    def test_the_employers_of_metz(self, let_in, school):
        brought = let_in(sample("employers-metz.csv").read_bytes())
        assert counts(brought) == (2360, 0, 0, 0, 0)
        assert Employer.objects.in_book_of(school).count() == 2121
        assert Site.objects.filter(organisation__kept_by=school).count() == 2360
        post = Organisation.objects.get(register_number="356000414")
        assert post.sites.count() == 8
        assert not Site.objects.filter(latitude=0).exists()
        before = fingerprint()
        assert counts(let_in(sample("employers-metz.csv").read_bytes())) == (0, 0, 2360, 0, 0)
        assert fingerprint() == before

    def test_training_centres_with_cryptic_headings_in_an_old_encoding(self, let_in):
        content = sample("training-centres-fr.csv").read_bytes()
        brought = let_in(content)
        assert brought.reading["encoding"] == "cp1252"
        assert counts(brought) == (906, 0, 0, 25, 2)
        assert Site.objects.filter(street="52 avenue de la Libération", postal_code="01502").exists()
        before = fingerprint()
        assert counts(let_in(content)) == (0, 0, 906, 25, 2)
        assert fingerprint() == before

    def test_diplomas_are_not_taken_for_employers(self, bring):
        brought = bring(sample("diplomas-fr.csv").read_bytes())
        assert brought.state == EmployerImport.State.MAPPING


class TestTheCommand:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "list.csv"
        path.write_text(LIST, encoding="utf-8")
        return path

    def run(self, *arguments):
        out = StringIO()
        call_command("import_employers", *map(str, arguments), stdout=out)
        return out.getvalue().splitlines()

    def test_its_last_line_counts_the_rows(self, path, school):
        manager = staff_of(school, role=Role.MANAGER)
        lines = self.run(path, "--school", school.slug)
        assert lines[-1] == "new=4 changed=0 unchanged=0 unclear=1 wrong=1"
        assert lines[-2] == "row 7: new: “kein Mail” is not an e-mail address and is left out."
        assert Employer.objects.first().added_by == manager
        assert self.run(path, "--school", school.slug)[-1] == "new=0 changed=0 unchanged=4 unclear=1 wrong=1"

    def test_a_dry_run_says_the_same_and_leaves_nothing(self, path, school):
        before = fingerprint()
        assert self.run(path, "--school", school.slug, "--dry-run")[-1] == "new=4 changed=0 unchanged=0 unclear=1 wrong=1"
        assert fingerprint() == before
        assert not EmployerImport.objects.exists()

    def test_it_works_for_a_school_without_a_manager(self, path, school):
        self.run(path, "--school", school.slug)
        assert EmployerImport.objects.get().uploaded_by is None

    def test_columns_can_be_named(self, tmp_path, school):
        path = tmp_path / "odd.csv"
        path.write_text("Wort;Nr\nAlpha;1\n")
        with pytest.raises(CommandError, match="--map name=HEADING"):
            self.run(path, "--school", school.slug)
        with pytest.raises(CommandError, match="no column 'Word'"):
            self.run(path, "--school", school.slug, "--map", "name=Word")
        with pytest.raises(CommandError, match="not FIELD=HEADING"):
            self.run(path, "--school", school.slug, "--map", "nom=Wort")
        assert self.run(path, "--school", school.slug, "--map", "name=Wort", "--country", "at")[-1].startswith("new=1 ")
        assert Organisation.objects.get(name="Alpha").country == "AT"

    @pytest.mark.parametrize(
        ("content", "sentence"), [(b"", "empty"), (b"PK\x03\x04xl/", "spreadsheet is damaged"), (b"Firma;Ort\n", "no rows")]
    )
    def test_a_file_it_cannot_read_is_answered_with_a_sentence(self, tmp_path, school, content, sentence):
        path = tmp_path / "bad.csv"
        path.write_bytes(content)
        with pytest.raises(CommandError, match=sentence):
            self.run(path, "--school", school.slug)
        assert not EmployerImport.objects.exists()

    def test_unknown_schools_and_files_are_named(self, path, school):
        with pytest.raises(CommandError, match="no school"):
            self.run(path, "--school", uuid4().hex)
        with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read"):
            self.run("nowhere.csv", "--school", school.slug)


class TestPages:
    @pytest.fixture
    def colleague(self, client, coordinator):
        client.force_login(coordinator)
        return client

    def upload(self, client, content=LIST):
        content = content.encode() if isinstance(content, str) else content
        return client.post(reverse("engagement:imports"), {"file": SimpleUploadedFile("list.csv", content)})

    def test_from_upload_to_the_book_without_javascript(self, colleague):
        answer = self.upload(colleague)
        brought = EmployerImport.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, brought.get_absolute_url())
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert "Nothing has been written into the book yet." in page
        assert "Import 4 rows" in page
        assert "Nordwind Stahlbau GmbH" in page
        assert not Employer.objects.exists()
        answer = colleague.post(reverse("engagement:import_begin", args=[brought.pk]))
        assert answer["Location"] == brought.get_absolute_url()
        assert "0 of 6" in colleague.get(brought.get_absolute_url()).content.decode()
        tasks.run_waiting()
        page = colleague.get(f"{brought.get_absolute_url()}?outcome=new").content.decode()
        assert "Go to the book" in page
        assert "is not an e-mail address" in page
        assert "Nordwind Stahlbau GmbH" in colleague.get(reverse("engagement:employers")).content.decode()

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_a_file_of_two_bytes_a_letter_comes_in_with_and_without_the_mark_that_says_so(self, colleague, encoding):
        answer = self.upload(colleague, LIST.encode(encoding))
        page = colleague.get(answer["Location"]).content.decode()
        assert "Import 4 rows" in page
        assert "Bäckerei Groß" in page

    def test_the_progress_is_asked_for_by_itself_and_ends_with_the_page(self, colleague):
        self.upload(colleague)
        brought = EmployerImport.objects.get()
        colleague.post(reverse("engagement:import_begin", args=[brought.pk]))
        fragment = colleague.get(brought.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
        assert fragment.strip() in colleague.get(brought.get_absolute_url()).content.decode()
        tasks.run_waiting()
        answer = colleague.get(brought.get_absolute_url(), headers={"HX-Request": "true"})
        assert answer["HX-Refresh"] == "true"

    def test_what_is_wrong_with_a_file_stands_beside_the_field_and_nothing_stays(self, colleague):
        answer = self.upload(colleague, "<html><table></table></html>")
        assert answer.status_code == 422
        assert "This is a web page, not a table." in answer.content.decode()
        assert not EmployerImport.objects.exists()
        assert not StoredFile.objects.exists()

    def test_columns_are_corrected_on_the_page(self, colleague):
        self.upload(colleague, "Code;Wort\n1;Alpha\n2;Beta\n")
        brought = EmployerImport.objects.get()
        address = reverse("engagement:import_columns", args=[brought.pk])
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert "No column says clearly that it holds the names" in page
        assert "Alpha · Beta" in page
        answer = colleague.post(address, {"column_0": "-", "column_1": "-", "country": "DE"})
        assert answer.status_code == 422
        assert "Say which column holds the names" in answer.content.decode()
        answer = colleague.post(address, {"column_0": "name", "column_1": "name", "country": "DE"})
        assert "is this already" in answer.content.decode()
        answer = colleague.post(address, {"column_0": "-", "column_1": "name", "country": "DE"})
        assert answer.status_code == 302
        assert "Import 2 rows" in colleague.get(brought.get_absolute_url()).content.decode()

    def test_a_file_can_be_dropped(self, colleague):
        self.upload(colleague)
        answer = colleague.post(reverse("engagement:import_drop", args=[EmployerImport.objects.get().pk]), follow=True)
        assert "Nothing of it is in the book." in answer.content.decode()

    def test_a_value_of_the_file_is_never_markup(self, colleague):
        nasty = "<script>alert(1)</script>"
        self.upload(colleague, f"Firma;Ort;{nasty}\n{nasty};{nasty};{nasty}\n{nasty}2;x;kein\n")
        page = colleague.get(EmployerImport.objects.get().get_absolute_url()).content.decode()
        assert nasty not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_what_would_be_replaced_is_said_before(self, colleague, let_in):
        let_in()
        self.upload(colleague, LIST.replace("0431 2;", "0431 222;"))
        page = colleague.get(f"{EmployerImport.objects.latest('pk').get_absolute_url()}?outcome=changed").content.decode()
        assert "What the file says will replace what the book says" in page
        assert "Telephone: “0431 2” becomes “0431 222”." in page

    def test_the_page_opens_on_what_would_be_replaced_and_afterwards_on_what_stayed_out(self, colleague, let_in, coordinator):
        let_in()
        self.upload(colleague, LIST.replace("0431 2;", "0431 222;"))
        brought = EmployerImport.objects.latest("pk")
        before = colleague.get(brought.get_absolute_url())
        assert (before.context["kind"], "?outcome=changed#rows" in before.content.decode()) == ("changed", True)
        imports.begin_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        assert colleague.get(brought.get_absolute_url()).context["kind"] == "unclear"

    def test_only_as_many_rows_are_behind_a_figure_as_it_says(self, colleague, let_in):
        done = let_in()
        page = colleague.get(done.get_absolute_url()).content.decode()
        assert '<a href="?outcome=unclear#rows">1</a>' in page  # the only unclear row can be looked at
        assert '<a href="?outcome=new#rows">4</a>' not in page  # of the new ones only that with a remark

    def test_numbers_of_thousands_are_parted_and_numbers_of_rows_are_not(self, colleague, bring):
        lines = "".join(f"Firm {n};Weg {n};Kiel;0431 {n}\n" for n in range(1200))
        brought = bring(f"Firma;Straße;Ort;Telefon\n{lines}Firm X;Weg;Kiel;keins\n")
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert "1,201" in page
        assert '<th scope="row" class="numeric">1202</th>' in page
        assert (
            '<td class="numeric" data-heading="New">1,201</td>' in colleague.get(reverse("engagement:imports")).content.decode()
        )

    def test_why_another_column_is_the_name_on_the_door_is_said(self, colleague):
        content = sample("training-centres-fr.csv").read_bytes()
        colleague.post(reverse("engagement:imports"), {"file": SimpleUploadedFile("centres.csv", content)})
        brought = EmployerImport.objects.get()
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert "In “denomination_principale” many employers are called the same, and “patronyme_uai” tells them apart." in page
        imports.match_columns(brought, mapping={"name": "patronyme_uai"}, country="FR", by=brought.uploaded_by, at=now())
        assert "tells them apart" not in colleague.get(brought.get_absolute_url()).content.decode()

    def test_a_file_with_nothing_new_says_so_in_the_list(self, colleague, let_in, bring):
        let_in()
        bring()
        assert "nothing new in it" in colleague.get(reverse("engagement:imports")).content.decode()

    def test_with_nothing_new_there_is_nothing_to_import(self, colleague, let_in):
        let_in("Firma;Ort\nAlpha;Kiel\n")
        self.upload(colleague, "Firma;Ort\nAlpha;Kiel\n")
        page = colleague.get(EmployerImport.objects.latest("pk").get_absolute_url()).content.decode()
        assert "There is nothing to import" in page
        assert reverse("engagement:import_begin", args=[EmployerImport.objects.latest("pk").pk]) not in page

    def test_a_colleague_sees_what_came_of_it_and_may_not_import(self, client, school, let_in, bring):
        done, waiting = let_in(), bring()
        client.force_login(staff_of(school, role=Role.TEACHER))
        page = client.get(reverse("engagement:imports")).content.decode()
        assert "employers.csv" in page
        assert "Your list" not in page
        assert "Only the name says" in client.get(done.get_absolute_url()).content.decode()
        assert "Import 4 rows" not in client.get(waiting.get_absolute_url()).content.decode()
        for name in ("import_begin", "import_drop", "import_go_on"):
            assert client.post(reverse(f"engagement:{name}", args=[waiting.pk])).status_code == 403
        assert self.upload(client).status_code == 403

    @pytest.mark.parametrize("name", ["import", "import_columns", "import_begin", "import_go_on", "import_drop"])
    def test_there_is_no_such_page_for_others(self, client, bring, name):
        brought = bring()
        elsewhere = OrganisationFactory()
        client.force_login(staff_of(elsewhere, role=Role.MANAGER))
        address = reverse(f"engagement:{name}", args=[brought.pk])
        answer = client.get(address) if name == "import" else client.post(address)
        assert answer.status_code == 404

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_costs_the_same_for_one_and_for_three(self, colleague, bring, count, django_assert_num_queries):
        for _ in range(count):
            bring()
        colleague.get(reverse("engagement:imports"))
        with django_assert_num_queries(5):
            colleague.get(reverse("engagement:imports"))

    def test_an_import_page_costs_the_same_for_few_rows_and_many(self, colleague, bring, django_assert_num_queries):
        few = bring()
        many = bring(LIST + ";;Weg 1;;Kiel;;;;;;\n" * 60)
        assert ImportRow.objects.filter(employer_import=many).count() > 60
        for brought in (few, many):
            colleague.get(brought.get_absolute_url())
            with django_assert_num_queries(8):
                colleague.get(brought.get_absolute_url())
