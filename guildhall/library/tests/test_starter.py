from __future__ import annotations

from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from guildhall.core.search import search
from guildhall.library.kinds import ACTIVITIES, AREAS, AUDIENCES, CASE_PARTS
from guildhall.library.lacks import lacks_of
from guildhall.library.models import Resource, Version
from guildhall.library.search import PUBLIC
from guildhall.library.starter import cases_in, publish_case
from guildhall.library.tests.factories import member_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.skills import taxonomy

CASES = settings.CONTENT / "cases"
LANGUAGES = ["de", "el", "en", "es", "pl", "pt"]


@pytest.fixture
def school(db):
    return OrganisationFactory(slug="school")


@pytest.fixture
def manager(school):
    return member_of(school)


def test_there_are_two_cases_for_each_area_in_every_language():
    cases = list(cases_in(CASES))
    areas = [case.original["area"] for case in cases]
    assert {area: areas.count(area) for area in AREAS} == dict.fromkeys(AREAS, 2)
    assert {case.name: sorted(case.by_language) for case in cases} == {case.name: LANGUAGES for case in cases}


@pytest.mark.parametrize("case", list(cases_in(CASES)), ids=lambda case: case.name)
def test_a_case_says_what_every_case_says(case, db):
    for described in case.by_language.values():
        assert 10 < len(described["title"]) <= 120
        assert 100 < len(described["summary"]) <= 400
        assert all(len(described["account"][part]) > 150 for part in CASE_PARTS)
        assert len(described["account"]["figures"]) in range(2, 5)
        assert all(figure["value"] and figure["label"] for figure in described["account"]["figures"])
        assert described["activity"] in ACTIVITIES
        assert set(described["audience"]) <= set(AUDIENCES)
    assert taxonomy.is_known("isced-f", case.original["isced"])
    assert taxonomy.is_known("country", case.original["country"])
    assert taxonomy.is_known("nace", case.original["nace"])


def test_they_are_published_in_all_languages_and_lack_nothing_that_is_needed(school, manager):
    case = next(cases_in(CASES))
    assert publish_case(case, organisation=school, by=manager, at=now())
    assert sorted(Resource.objects.public().values_list("language", flat=True)) == LANGUAGES
    assert len({resource.work_id for resource in Resource.objects.all()}) == 1
    assert set(Resource.objects.exclude(language="en").values_list("translated", flat=True)) == {"human"}
    assert not [lack for version in Version.objects.all() for lack in lacks_of(version) if lack.is_needed]
    greek = Resource.objects.get(language="el")
    assert greek.pk in [hit.key for hit in search(greek.title, scopes=[PUBLIC]).hits]


def test_twice_nothing_is_published_twice_and_what_has_changed_is(school, manager):
    case = next(cases_in(CASES))
    publish_case(case, organisation=school, by=manager, at=now())
    assert not publish_case(case, organisation=school, by=manager, at=now())
    case.by_language["pl"]["summary"] = "Inaczej."
    assert publish_case(case, organisation=school, by=manager, at=now())
    assert sorted(Version.objects.values_list("language", flat=True)) == sorted([*LANGUAGES, "pl"])


def test_the_command_says_what_it_has_done(school, manager):
    out = StringIO()
    call_command("load_cases", organisation="school", stdout=out)
    assert out.getvalue().splitlines()[-1] == "published=12"
    assert Resource.objects.public().count() == 12 * 6


def test_the_command_says_what_is_wrong(school, tmp_path):
    with pytest.raises(CommandError, match="no organisation"):
        call_command("load_cases", organisation="nowhere")
    with pytest.raises(CommandError, match="no manager"):
        call_command("load_cases", organisation="school")
    member_of(school, Role.MANAGER)
    (tmp_path / "one").mkdir()
    same = {"area": "1.1", "country": "DE", "nace": "C25", "isced": "0715", "eqf": [3], "audience": [], "activity": "project"}
    (tmp_path / "one" / "case.yaml").write_text(yaml.safe_dump({**same, "figures": []}))
    words = {**dict.fromkeys([*CASE_PARTS, "summary"], ""), "title": "Something", "keywords": [], "figures": {}}
    (tmp_path / "one" / "en.yaml").write_text(yaml.safe_dump(words))
    with pytest.raises(CommandError, match="one: There is nothing in it yet"):
        call_command("load_cases", organisation="school", folder=tmp_path)
    assert not Resource.objects.exists()
