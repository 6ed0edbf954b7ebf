import io
import time
from datetime import date, datetime
from functools import cache
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core import tasks
from guildhall.core.errors import Refused
from guildhall.core.models import StoredFile
from guildhall.engagement.actions import imports
from guildhall.engagement.importing.reading import Reading, Unreadable
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import Employer, EmployerImport
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.workbooks import ods, ole, replaced, xls, xlsx, xlsx_of_cells
from guildhall.people.models import Organisation, Site
from guildhall.people.tests.factories import OrganisationFactory

LIST = [["Firma", "PLZ", "Ort"], ["Nordwind GmbH", "24143", "Kiel"], ["Bäckerei Groß", "24103", "Kiel"]]
ODS_TAIL = (
    '<table:table-row table:number-rows-repeated="1048570">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)
ODS_BOMB = (
    '<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string"'
    ' table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>'
)


def read(content):
    """The reading of a file and its rows with their numbers."""
    seen = look_over(io.BytesIO(content), country="DE")
    kept = seen.reading
    headings = tuple(column["heading"] for column in kept["columns"])
    how = Reading(kept["encoding"], kept["delimiter"], headings, kept["heading_row"])
    return kept, list(how.records(seen.table))


def rows(content):
    return read(content)[1]


def refused(content):
    began = time.monotonic()
    with pytest.raises(Unreadable) as no:
        look_over(io.BytesIO(content), country="DE")
    assert time.monotonic() - began < 10
    return no.value.sentence


@cache
def bomb():
    """Made for the tests that send it only: packing 200 MB takes two seconds."""
    return replaced(xlsx(Liste=LIST), "xl/worksheets/sheet1.xml", b" " * (201 * 1024 * 1024))


class TestWhatPeopleSend:
    @pytest.mark.parametrize("content", [xlsx(Liste=LIST), xls(LIST), ods(LIST), ods(LIST, tail=ODS_TAIL)])
    def test_excel_new_and_old_and_libreoffice(self, content):
        kept, records = read(content)
        assert (kept["sheet"], kept["sheets"], kept["heading_row"], kept["rows"]) == ("Liste", 1, 1, 2)
        assert records == [(2, LIST[1]), (3, LIST[2])]

    def test_values_are_as_people_wrote_them(self):
        day = date(2026, 3, 1)
        table = [["Firma", "PLZ", "Nr", "Anteil", "Tag", "Zeit", "Summe", "Ja"]]
        table += [["Alpha", "01234", 57072.0, 0.1 + 0.2, day, datetime(2026, 3, 1, 8, 30), 43155512345678.0, True]]  # noqa: DTZ001
        with_time = "2026-03-01 08:30:00"
        assert rows(xlsx(L=table)) == [
            (2, ["Alpha", "01234", "57072", "0.3", "2026-03-01", with_time, "43155512345678", "TRUE"]),
        ]
        assert rows(xls([["Firma", "PLZ"], ["Alpha", 57072.0]])) == [(2, ["Alpha", "57072"])]

    def test_a_formula_counts_for_the_value_saved_with_it(self):
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer) as workbook:
            sheet = workbook.add_worksheet()
            sheet.write_row(0, 0, ["Firma", "Ort"])
            sheet.write_formula(1, 0, '=CONCAT("Al";"pha")', value="Alpha")
            sheet.write_formula(1, 1, "=1/0", value="#DIV/0!")
            sheet.write_row(2, 0, ["Beta", "Kiel"])
        assert rows(buffer.getvalue()) == [(2, ["Alpha"]), (3, ["Beta", "Kiel"])]

    def test_texts_stay_what_they_are(self):
        odd = ["=1+1", "'=1+1", "'Ndrangheta", 'a;"b"', "zwei\nZeilen", "<b>", "-5"]
        assert rows(xlsx(L=[["<a>", *"bcdefg"], odd])) == [(2, odd)]
        many_lines = "\n".join("x" * 70)
        assert rows(xlsx(L=[["a", "b"], ["A", many_lines], ["B", "y"]])) == [(2, ["A", " ".join("x" * 70)]), (3, ["B", "y"])]

    def test_rows_count_as_in_the_sheet_wherever_the_table_stands(self):
        kept, records = read(xlsx(L=[[], ["", "Liste 2026"], [], ["", *LIST[0]], [], ["", *LIST[1]]]))
        assert kept["heading_row"] == 4
        assert records == [(6, LIST[1])]

    def test_the_first_sheet_with_rows_is_read_and_hidden_ones_are_not(self):
        kept, _records = read(xlsx(Leer=[], Titel=[["Unsere Betriebe"]], Betriebe=LIST, Alt=[["x"], ["y"]]))
        assert (kept["sheet"], kept["sheets"]) == ("Betriebe", 4)
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer) as workbook:
            hidden, shown = workbook.add_worksheet("Codes"), workbook.add_worksheet("Betriebe")
            hidden.hide()
            shown.activate()
            for at, row in enumerate(LIST):
                hidden.write_row(at, 0, ["x", "y"])
                shown.write_row(at, 0, row)
        kept, _records = read(buffer.getvalue())
        assert (kept["sheet"], kept["sheets"]) == ("Betriebe", 1)

    def test_of_a_file_with_macros_the_values_are_read(self):
        assert rows(replaced(xlsx(L=LIST), "xl/vbaProject.bin", b"Sub Auto_Open()")) == [(2, LIST[1]), (3, LIST[2])]


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (xlsx(Leer=[], Auch=[]), "This file is empty."),
            (ods([]), "This file is empty."),
            (xls([]), "This file is empty."),
            (xlsx(L=LIST)[:2000], "This spreadsheet is damaged."),
            (xls(LIST)[:1600], "This spreadsheet is damaged."),
            (replaced(xlsx(L=LIST), "xl/workbook.xml", "<workbook><sheets>"), "This spreadsheet is damaged."),
            (ole(EncryptedPackage=b"x"), "locked with a password"),
            (xls(LIST, locked=True), "locked with a password"),
            (
                ods(LIST, manifest="<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"),
                "locked with a password",
            ),
            (ole(WordDocument=b"x"), "This file is no table."),
            (replaced(ods(LIST), "mimetype", "application/vnd.oasis.opendocument.text"), "This file is no table."),
            (b"PK\x05\x06" + bytes(18), "This file is no table."),
            (bomb, "unpacks to far more"),
            (xlsx_of_cells({"A1": "Firma", "GR50000": "x"}), "more than 5 million cells"),
            (xlsx_of_cells({"A1": "Firma", "XFD1048576": "x"}), "too large to be read"),
            (ods(LIST, tail=ODS_BOMB), "This spreadsheet is damaged."),
            (xlsx(L=[[f"c{n}" for n in range(10_000)], list(range(10_000))]), "more than 500 columns"),
            (b"%PDF-1.7 x", "This file is no table."),
            (b"\x89PNG\r\n\x1a\n", "This file is no table."),
            (b"<html><table><tr><td>Firma</td></tr></table></html>", "This is a web page, not a table."),
        ],
        ids=lambda given: given if isinstance(given, str) else "file",
    )
    def test_each_gets_its_sentence_and_costs_little(self, content, sentence):
        assert sentence in refused(content() if callable(content) else content)

    def test_a_directory_that_lies_about_the_size_unpacks_no_more(self):
        honest = bytearray(bomb())
        real = (201 * 1024 * 1024).to_bytes(4, "little")
        while (at := honest.find(real)) >= 0:
            honest[at : at + 4] = (1000).to_bytes(4, "little")
        assert refused(bytes(honest))

    def test_a_text_repeated_a_million_times_is_not_written_out(self, settings):
        settings.MAX_UPLOAD_MB = 1
        content = xlsx(L=[["Firma"], *[["x" * 30_000]] * 100])
        assert len(content) < 20_000
        assert "too large to be read" in refused(content)

    def test_more_parts_than_any_workbook_has_are_no_workbook(self):
        buffer = io.BytesIO()
        with ZipFile(buffer, "w", ZIP_DEFLATED) as packed:
            for n in range(20_000):
                packed.writestr(f"{n}", b"")
        assert "This file is no table." in refused(buffer.getvalue())


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def school(self):
        return OrganisationFactory(country="DE", slug="kiel")

    @pytest.fixture
    def coordinator(self, school):
        return staff_of(school)

    @pytest.fixture
    def colleague(self, client, coordinator):
        client.force_login(coordinator)
        return client

    def upload(self, client, content, name="liste.xlsx"):
        return client.post(reverse("engagement:imports"), {"file": SimpleUploadedFile(name, content)})

    @pytest.mark.parametrize(
        ("content", "name"),
        [
            (xlsx(Betriebe=LIST), "liste.xlsx"),
            (xls(LIST), "liste.xls"),
            (ods(LIST), "liste.ods"),
            (replaced(xlsx(L=LIST), "xl/vbaProject.bin", b"macro"), "liste.xlsm"),
            (xlsx(Betriebe=LIST), "liste.csv"),
            ("\n".join(";".join(row) for row in LIST).encode(), "liste.xlsx"),
        ],
        ids=["xlsx", "xls", "ods", "xlsm", "xlsx called csv", "csv called xlsx"],
    )
    def test_a_list_goes_from_the_upload_into_the_book_whatever_it_is_called(self, colleague, content, name):
        page = colleague.get(self.upload(colleague, content, name)["Location"]).content.decode()
        assert "Import 2 rows" in page
        brought = EmployerImport.objects.get()
        assert brought.file_name == name
        assert brought.file.content_type in ("text/csv", "text/plain")  # of a workbook only the text of its sheet is kept
        colleague.post(reverse("engagement:import_begin", args=[brought.pk]))
        tasks.run_waiting()
        assert {employer.organisation.name for employer in Employer.objects.all()} == {"Nordwind GmbH", "Bäckerei Groß"}
        assert Site.objects.filter(postal_code="24143", town="Kiel").exists()

    def test_which_of_several_sheets_it_is_is_said(self, colleague):
        page = colleague.get(self.upload(colleague, xlsx(Leer=[], Betriebe=LIST))["Location"]).content.decode()
        assert "This file has 2 sheets. Read is “Betriebe”, the first that has rows; the others are left out." in page
        assert "2 rows of the sheet “Betriebe”, headings in row 1." in page

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (bomb, "unpacks to far more"),
            (ole(EncryptedPackage=b"x"), "locked with a password"),
            (b"<html><table><tr><td>Firma</td></tr></table></html>", "This is a web page, not a table."),
        ],
    )
    def test_a_hostile_file_is_refused_beside_the_field_and_nothing_stays(self, colleague, content, sentence):
        answer = self.upload(colleague, content() if callable(content) else content)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not EmployerImport.objects.exists()
        assert not StoredFile.objects.exists()

    def test_an_import_that_stopped_goes_on_at_its_row(self, colleague, coordinator, monkeypatch):
        self.upload(colleague, xlsx(Liste=[LIST[0], *[[f"Firma {n}", f"{n:05}", "Kiel"] for n in range(1200)]]))
        brought = imports.begin_import(EmployerImport.objects.get(), by=coordinator, at=now())
        write = imports.let_rows_in

        def breaks_down(*args, **kwargs):
            if Employer.objects.exists():
                raise Refused("The power went.")
            return write(*args, **kwargs)

        monkeypatch.setattr(imports, "let_rows_in", breaks_down)
        with pytest.raises(Refused):
            tasks.run_waiting()
        assert Employer.objects.count() == 500
        brought.refresh_from_db()
        monkeypatch.setattr(imports, "let_rows_in", write)
        imports.go_on_with_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert (brought.state, brought.new) == (EmployerImport.State.DONE, 1200)
        assert Employer.objects.count() == 1200

    def test_the_command_reads_workbooks_too(self, school, tmp_path):
        path = tmp_path / "liste.ods"
        path.write_bytes(ods(LIST))
        call_command("import_employers", str(path), "--school", school.slug, stdout=io.StringIO())
        assert Organisation.objects.filter(name="Nordwind GmbH").exists()


@pytest.mark.django_db
class TestMemory:
    @pytest.fixture
    def school(self):
        return OrganisationFactory(country="DE")

    @pytest.fixture
    def colleague(self, client, school):
        client.force_login(staff_of(school))
        return client

    @pytest.fixture
    def corrected(self, colleague):
        """A file whose columns somebody has put right and let in."""
        brought = self.upload(colleague, "Wort;Ort;Code\nAlpha;Kiel;1\nBeta;Bonn;2\n")
        columns = {"column_0": "name", "column_1": "note", "column_2": "-", "country": "DE"}
        colleague.post(reverse("engagement:import_columns", args=[brought.pk]), columns)
        colleague.post(reverse("engagement:import_begin", args=[brought.pk]))
        tasks.run_waiting()
        return brought

    def upload(self, client, text):
        client.post(reverse("engagement:imports"), {"file": SimpleUploadedFile("mai.csv", text.encode())})
        return EmployerImport.objects.latest("pk")

    def test_the_next_file_with_the_same_headings_begins_as_the_last_one_ended(self, colleague, corrected):
        brought = self.upload(colleague, "CODE;wört;Ort\n3;Gamma;Köln\n")
        assert brought.mapping == {"name": "wört", "note": "Ort"}
        page = colleague.get(brought.get_absolute_url()).content.decode()
        assert "Matched as in “mai.csv”, your last file with the same headings." in page
        assert "Import 1 row" in page

    def test_other_headings_or_none_are_guessed(self, colleague, corrected):
        assert self.upload(colleague, "Wort;Ort\nGamma;Köln\n").mapping == {"town": "Ort"}
        assert self.upload(colleague, "Wort;Ort;Code;Mail\nGamma;Köln;3;a@b.example\n").reading.get("as_in") is None
        assert self.upload(colleague, "1001;Alpha Werke;Köln\n1002;Beta Werke;Bonn\n").reading.get("as_in") is None

    def test_what_was_matched_but_not_let_in_is_not_remembered(self, colleague):
        brought = self.upload(colleague, "Wort;Ort\nAlpha;Kiel\n")
        columns = {"column_0": "name", "column_1": "-", "country": "DE"}
        colleague.post(reverse("engagement:import_columns", args=[brought.pk]), columns)
        assert self.upload(colleague, "Wort;Ort\nAlpha;Kiel\n").mapping == {"town": "Ort"}

    def test_another_school_guesses_for_itself(self, client, corrected):
        client.force_login(staff_of(OrganisationFactory(country="DE")))
        brought = self.upload(client, "Wort;Ort;Code\nGamma;Köln;3\n")
        assert "name" not in brought.mapping
        assert "as_in" not in brought.reading
