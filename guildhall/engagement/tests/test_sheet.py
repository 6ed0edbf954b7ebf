"""An employer on paper: readable, archivable, in every language, and never code."""

import json
import re
import zlib
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.exporting import sheet as sheets
from guildhall.engagement.models import Employer
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", name="Nordschule")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Cleo Coordinator")


@pytest.fixture
def employer(school, coordinator):
    name = "Ζαχαροπλαστείο Żółć"
    employer = EmployerFactory(
        school=school, organisation__name=name, organisation__nace="25.11", owner=coordinator, note="A note"
    )
    SiteFactory(organisation=employer.organisation, name="Werk", street="Am Markt 3", town="Kiel", phone="0431 1")
    somebody = PersonFactory(school=school, name="Ada Lamb", email="ada@k.example")
    PositionFactory(employer=employer, person=somebody, title="Meisterin", trains=True)
    ContactFactory(employer=employer, by=coordinator, said="She takes two.").people.add(somebody)
    NextStepFactory(employer=employer, owner=coordinator, what="Send the papers", due_on=date(2026, 12, 1))
    actions.tag_employers(school, employers=Employer.objects.all(), name="fair", by=coordinator, at=now())
    return employer


def told_of(employer):
    """What the sheet of an employer is set from."""
    given = {}

    def compiled(**passed):
        given.update(passed)
        return b""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets.typst, "compile", compiled)
        sheets.sheet(employer, at=now())
    return json.loads(given["sys_inputs"]["sheet"])


def inside(pdf):
    """The parts of a PDF that are compressed, read."""
    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def pages_of(pdf):
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", inside(pdf)))


def is_kept_by_archives(pdf):
    content = inside(pdf)
    return b"pdfaid:part>2<" in content and b"pdfuaid:part>1<" in content


def test_a_sheet_is_a_pdf_that_archives_keep_and_screen_readers_read(employer):
    pdf = sheets.sheet(employer, at=now())
    assert pdf.startswith(b"%PDF-1.7")
    assert is_kept_by_archives(pdf)
    content = inside(pdf)
    assert b"/MarkInfo" in content
    assert b"/Alt" in content
    assert b"/FontFile" in content
    assert pages_of(pdf) == 1


def test_it_says_what_one_needs_on_the_way(employer):
    told = told_of(employer)
    assert told["title"] == "Ζαχαροπλαστείο Żółć"
    assert ["Looked after by", "Cleo Coordinator"] in told["facts"]
    assert ["Tags", "fair"] in told["facts"]
    assert told["sites"]["rows"] == [["Werk", "Am Markt 3, Kiel", "0431 1", ""]]
    assert told["people"]["rows"] == [["Ada Lamb", "Meisterin · trains", "", "ada@k.example"]]
    assert told["steps"]["rows"] == [["01/12/2026", "Send the papers", "Cleo Coordinator"]]
    (contact,) = told["contacts"]["entries"]
    assert (contact["who"], contact["said"]) == ("Cleo Coordinator · Ada Lamb", "She takes two.")
    assert "Nordschule" in told["foot"]
    assert len(told["window"]["rows"]) == 2


def test_who_asked_not_to_be_written_to_has_no_address_on_it(employer, coordinator):
    actions.forbid_writing(employer.positions.get().person, by=coordinator, at=now())
    assert told_of(employer)["people"]["rows"][0][3] == "do not write"


def test_it_fits_on_two_pages_and_says_what_did_not(school, employer, coordinator):
    for number in range(40):
        ContactFactory(employer=employer, by=coordinator, said="word " * 400, held_at=now() - timedelta(days=number))
        NextStepFactory(employer=employer, owner=coordinator)
        PositionFactory(employer=employer, person=PersonFactory(school=school), title="Director of everything")
        SiteFactory(organisation=employer.organisation, street="Main Street 1")
    told = told_of(employer)
    assert told["people"]["more"] == "27 more stand in the book."
    assert told["contacts"]["more"] == "31 more stand in the book."
    assert pages_of(sheets.sheet(employer, at=now())) <= 2


@pytest.mark.parametrize("language", ["en", "de", "el", "es", "pl", "pt"])
def test_it_is_in_the_readers_language(employer, language):
    with translation.override(language):
        pdf = sheets.sheet(employer, at=now())
    assert f"/Lang({language}".encode() in re.sub(rb"/Lang\s+\(", b"/Lang(", inside(pdf))
    assert is_kept_by_archives(pdf)


EVIL = [
    '#panic("no")',
    '#read("/etc/passwd")',
    '#include "/etc/passwd"',
    "$x$ *b* _i_ `raw` @label <label> = head - list // comment /* more",
    '"}, "title": "other',
    "\\u{1f600} \\ #",
    "nul \x01 \u200b \ufeff \ue000 \u202e",
    "a" * 250,
    "https://" + "x" * 200,
]


@pytest.mark.parametrize("evil", EVIL)
def test_what_people_write_is_never_code(employer, coordinator, evil):
    employer.organisation.name = evil
    employer.note = evil
    employer.organisation.save()
    ContactFactory(employer=employer, by=coordinator, said=evil)
    assert is_kept_by_archives(sheets.sheet(employer, at=now()))


@pytest.mark.parametrize("letters", ["😀", "日本語", "한국어"])
def test_letters_that_its_fonts_lack_make_a_sheet_all_the_same(employer, letters):
    employer.note = letters
    assert sheets.sheet(employer, at=now()).startswith(b"%PDF")


def test_an_employer_of_which_nothing_is_known_has_a_sheet(school):
    told = told_of(EmployerFactory(school=school))
    assert told["facts"] == [["Looked after by", "nobody yet"]]
    assert told["people"]["none"] == "Nobody is noted yet."


@pytest.mark.parametrize("count", [1, 3])
def test_a_sheet_costs_the_same_for_one_of_each_and_for_three(
    client, school, coordinator, employer, count, django_assert_num_queries
):
    for _ in range(count - 1):
        ContactFactory(employer=employer, by=coordinator).people.add(PersonFactory(school=school))
        PositionFactory(employer=employer)
        NextStepFactory(employer=employer)
    begin_visit(client, coordinator)
    with django_assert_num_queries(11):
        response = client.get(reverse("engagement:sheet", args=[employer.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline; filename")
    assert "no-store" in response["Cache-Control"]


def test_another_school_and_a_learner_get_no_sheet(client, school, employer):
    for user in (staff_of(OrganisationFactory()), staff_of(school, Role.LEARNER)):
        client.force_login(user)
        assert client.get(reverse("engagement:sheet", args=[employer.pk])).status_code == 404
