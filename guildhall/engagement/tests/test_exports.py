"""Employers in a file: that everything comes along, that text stays text, and that it is known who took it."""

import csv
import io
import json
import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate, now
from python_calamine import CalamineWorkbook

from guildhall.core.errors import NotAllowed
from guildhall.core.models import AuditLine
from guildhall.engagement import actions
from guildhall.engagement.columns import COLUMNS, USUAL
from guildhall.engagement.exporting.formulas import SIGNS, as_meant, disarmed
from guildhall.engagement.exporting.table import PORTION, as_csv, as_json, as_xlsx, table_of
from guildhall.engagement.importing.lot import rows_of
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import Employer, Export
from guildhall.engagement.receivers import how_long_exports_are_known
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.models import Organisation, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

EVIL = [
    '=HYPERLINK("http://evil.example","x")',
    "+SUM(A1:A9)",
    "-1+1|calc",
    "@cmd",
    "＝1+1",
    "'=1+1",
    "''@cmd",
    "'Ndrangheta",
    "a;=1",
]


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def employer(school, coordinator):
    employer = EmployerFactory(school=school, organisation__name="Νότιος Łódź & Söhne", owner=coordinator, last_contact_at=now())
    SiteFactory(organisation=employer.organisation, town="Kiel")
    SiteFactory(organisation=employer.organisation, town="Lübeck")
    NextStepFactory(employer=employer, owner=coordinator, what="Call again", due_on=date(2026, 12, 1))
    return employer


def everything(school):
    return Employer.objects.in_book_of(school).order_by("sort_key", "pk")


def body(response):
    return b"".join(response.streaming_content)


def read(file):
    with file:
        return file.read()


def export(client, file_format, address="", **sent):
    return client.post(reverse("engagement:export"), {"file_format": file_format, "of": address, **sent})


def read_xlsx(content):
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def read_csv(content, delimiter=","):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


# --- What is in a file ---------------------------------------------------------------------------------------------


def test_a_workbook_holds_what_the_list_shows_with_dates_that_are_dates(colleague, employer, coordinator):
    response = export(colleague, "xlsx")
    assert re.fullmatch(r'attachment; filename="Employers-\d{4}-\d\d-\d\d\.xlsx"', response["Content-Disposition"])
    headings, row = read_xlsx(body(response))
    assert headings == ["Employer", "Where", "Other sites", "Looked after by", "Last contact", "Next step", "What comes next"]
    assert row == ["Νότιος Łódź & Söhne", "Kiel", 1.0, str(coordinator), localdate(), date(2026, 12, 1), "Call again"]


def test_a_file_has_the_columns_order_and_filters_of_the_list(colleague, school, employer):
    for number in range(3):
        EmployerFactory(school=school, organisation__name=f"Nord {number}", organisation__register_number=f"HRB {number}")
    response = export(colleague, "json", "sort=-name&q=nord&column=number")
    told = json.loads(body(response))
    assert told["format"] == "guildhall-employers-1"
    assert told["headings"] == {"name": "Employer", "number": "Register number"}
    assert told["employers"] == []  # nothing is indexed in this test
    told = json.loads(body(export(colleague, "json", "sort=-name&step=none&column=number")))
    assert [row["number"] for row in told["employers"]] == ["HRB 2", "HRB 1", "HRB 0"]


def test_only_the_ticked_are_in_the_file_of_the_ticked(colleague, school, employer):
    other, _third = EmployerFactory(school=school), EmployerFactory(school=school)
    told = json.loads(body(export(colleague, "json", employer=[employer.pk, other.pk, "9" * 30, "x"])))
    assert {row["name"] for row in told["employers"]} == {str(employer), str(other)}


def test_what_is_not_known_is_null(colleague, school):
    EmployerFactory(school=school)
    (row,) = json.loads(body(export(colleague, "json")))["employers"]
    assert row["contact"] is row["step"] is row["where"] is None
    assert row["other_sites"] == 0


@pytest.mark.parametrize(("language", "delimiter", "heading"), [("en", ",", "Employer"), ("de", ";", None), ("el", ";", None)])
def test_a_csv_file_is_as_spreadsheets_of_the_readers_language_take_it(
    school, employer, coordinator, language, delimiter, heading
):
    with translation.override(language):
        content = read(as_csv(table_of(everything(school), USUAL, [coordinator])))
    assert content.startswith(b"\xef\xbb\xbf")
    headings, row = read_csv(content, delimiter)
    assert (row[0], row[1], row[5]) == ("Νότιος Łódź & Söhne", "Kiel", "2026-12-01")
    assert heading is None or headings[0] == heading


def test_every_column_has_a_value_and_a_name_of_its_own(school, employer, coordinator):
    table = table_of(everything(school), COLUMNS, [coordinator])
    assert len({column.name for column in table.columns}) == len(table.columns)
    (row,) = json.loads(read(as_json(table)))["employers"]
    assert list(row) == [column.name for column in table.columns]


def test_an_empty_list_makes_a_file_with_headings_only(school):
    def table():
        return table_of(everything(school), USUAL, [])

    assert len(read_xlsx(read(as_xlsx(table())))) == 1
    assert len(read_csv(read(as_csv(table())))) == 1
    assert json.loads(read(as_json(table())))["employers"] == []


def many(school, count):
    """Employers by the thousand, each with a site and a next step."""
    organisations = Organisation.objects.bulk_create(
        KeptOrganisationFactory.build(kept_by=school, name=f"Employer {number:05}") for number in range(count)
    )
    Employer.objects.bulk_create(
        Employer(school=school, organisation=organisation, sort_key=f"employer {number:05}", added_at=now())
        for number, organisation in enumerate(organisations)
    )


def test_all_rows_come_along_portion_by_portion(school, coordinator, django_assert_num_queries):
    many(school, PORTION + 2)
    with django_assert_num_queries(1 + 2 * 3):
        content = read(as_csv(table_of(everything(school), USUAL, [coordinator])))
    rows = read_csv(content)
    assert [row[0] for row in rows[1:]] == [f"Employer {number:05}" for number in range(PORTION + 2)]


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(colleague, school, coordinator, count, django_assert_num_queries):
    for _ in range(count):
        EmployerFactory(school=school)
        Export.objects.create(school=school, file_format="csv", count=1, made_at=now(), made_by=coordinator)
    with django_assert_num_queries(9):
        page = colleague.get(reverse("engagement:export"))
    assert page.content.count(b'<th scope="row">') == count


# --- Text stays text -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*EVIL, *(f"{sign}x" for sign in SIGNS), "", "'", "plain", "+49 431 1"])
def test_a_text_comes_back_from_a_csv_file_as_it_was(text):
    assert as_meant(disarmed(text)) == text
    assert not disarmed(text).startswith(SIGNS)


def test_different_texts_stay_different():
    texts = [f"{quotes}{rest}" for quotes in ("", "'", "''", "'''") for rest in ("=1", "x", "")]
    assert len({disarmed(text) for text in texts}) == len(texts)


@pytest.mark.parametrize("evil", EVIL)
def test_a_formula_is_no_formula_in_any_file(school, coordinator, evil):
    employer = EmployerFactory(school=school, organisation__name=evil)
    NextStepFactory(employer=employer, owner=coordinator, what=evil)

    def table():
        return table_of(everything(school), COLUMNS, [coordinator])

    cells = [cell for row in read_csv(read(as_csv(table()))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(SIGNS)]
    workbook = read(as_xlsx(table()))
    assert evil in read_xlsx(workbook)[1]
    assert b"<f>" not in unzipped(workbook)
    assert json.loads(read(as_json(table())))["employers"][0]["name"] == evil


def unzipped(workbook):
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(workbook)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist())


@pytest.mark.parametrize("strange", ["bell \x07 and _x0041_", "line\nbreak", "]]></t>", "😀 日本", "a" * 250])
def test_strange_letters_make_no_broken_workbook(school, coordinator, strange):
    EmployerFactory(school=school, organisation__name=strange)
    row = read_xlsx(read(as_xlsx(table_of(everything(school), USUAL, []))))[1]
    assert row[0] == strange


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_file_that_is_imported_again_says_the_same(school, coordinator, language):
    names = [evil for evil in EVIL if evil == " ".join(evil.split())]
    for name in names:
        EmployerFactory(school=school, organisation__name=name)
    with translation.override(language):
        content = read(as_csv(table_of(everything(school), USUAL, [])))
        file = SimpleUploadedFile("employers.csv", content)
        seen = look_over(file, country="DE")
        file.seek(0)
        heading = seen.reading["columns"][0]["heading"]
        rows = rows_of(file, seen.reading, {"name": heading}, seen.country)
    assert sorted(row.name for row in rows) == sorted(names)


# --- Who takes it, and that it is known ----------------------------------------------------------------------------


def test_it_is_noted_who_took_how_many_along_as_what(colleague, school, coordinator, employer):
    EmployerFactory(school=school)
    body(export(colleague, "csv"))
    noted = Export.objects.get()
    assert (noted.school, noted.made_by, noted.file_format, noted.count) == (school, coordinator, "csv", 2)
    line = AuditLine.objects.get(action="engagement.export_employers")
    assert (line.thing_type, line.thing_id) == ("engagement.export", str(noted.pk))


def test_a_format_nobody_knows_is_said_to_be_wrong(colleague, employer):
    assert export(colleague, "xls").status_code == 422
    assert not Export.objects.exists()


def test_another_school_takes_nothing_of_ours_along(client, employer):
    client.force_login(staff_of(OrganisationFactory()))
    assert json.loads(body(export(client, "json")))["employers"] == []
    assert json.loads(body(export(client, "json", employer=[employer.pk])))["employers"] == []


def test_a_learner_takes_nothing_along(client, school, employer):
    client.force_login(staff_of(school, Role.LEARNER))
    assert export(client, "json").status_code == 404
    with pytest.raises(NotAllowed):
        actions.export_employers(
            school, employers=Employer.objects.all(), file_format="csv", by=staff_of(school, Role.LEARNER), at=now()
        )


def test_only_who_coordinates_takes_the_whole_book_along(client, school, employer):
    client.force_login(staff_of(school, Role.TEACHER))
    refused = client.post(reverse("engagement:export_book"))
    assert refused.status_code == 403
    assert "Only managers and placement coordinators can take the whole book along." in refused.content.decode()
    page = client.get(reverse("engagement:export")).content.decode()
    assert reverse("engagement:export_book") not in page
    assert not Export.objects.exists()


def test_the_whole_book_says_everything_once(colleague, school, coordinator, employer):
    position = PositionFactory(employer=employer, person=PersonFactory(school=school, name="Ada Lamb"), trains=True)
    contact = ContactFactory(employer=employer, by=coordinator, said="=Two in spring")
    contact.people.add(position.person)
    actions.tag_employers(school, employers=everything(school), name="fair", by=coordinator, at=now())
    EmployerFactory()  # of another school
    response = colleague.post(reverse("engagement:export_book"))
    told = json.loads(body(response))
    assert told["format"] == "guildhall-book-1"
    (one,) = told["employers"]
    assert [site["town"] for site in one["sites"]] == ["Kiel", "Lübeck"]
    assert one["tags"] == ["fair"]
    assert (one["people"][0]["name"], one["people"][0]["trains"]) == ("Ada Lamb", True)
    assert one["contacts"][0]["said"] == "=Two in spring"
    assert one["contacts"][0]["people"] == [one["people"][0]["number"]]
    assert one["next_steps"][0]["what"] == "Call again"
    assert one["owner"]["email"] == coordinator.email
    assert Export.objects.get().file_format == Export.Format.BOOK


def test_who_took_something_along_is_forgotten_after_three_years(school, coordinator):
    for years in (1, 4):
        made_at = now() - timedelta(days=365 * years)
        Export.objects.create(school=school, file_format="csv", count=1, made_at=made_at, made_by=coordinator)
    (rule,) = how_long_exports_are_known()
    before = now() - rule.keep
    assert rule.overdue(before) == 1
    assert rule.delete(before) == 1
    assert Export.objects.count() == 1
