"""Two people with the same employer open: the second is told, sees both, loses nothing."""

import re

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import escape

from guildhall.engagement.models import Employer
from guildhall.engagement.tests.factories import EmployerFactory, PositionFactory, staff_of
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db

FIELD = re.compile(r'<input type="(?:text|url|email|hidden|tel)" name="([\w-]+)"(?: value="([^"]*)")?')
CHOSEN = re.compile(r'<select name="(\w+)".*?<option value="([^"]*)" selected', re.DOTALL)
WRITTEN = re.compile(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>')


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def employer(school):
    return EmployerFactory(school=school, organisation__name="Nordwind", organisation__country="DE", note="Rings twice")


def opened(client, address):
    """What a browser would send of a page's form, as it was opened."""
    page = client.get(address).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    given = QueryDict(mutable=True)
    for name, value in [*FIELD.findall(main), *CHOSEN.findall(main), *WRITTEN.findall(main)]:
        given.appendlist(name, value)
    return given


def signed_in(client_class, user):
    client = client_class()
    client.force_login(user)
    return client


@pytest.fixture
def two(school):
    from django.test import Client

    return [signed_in(Client, staff_of(school, name=name)) for name in ("Heike Berg", "Tom Lehr")]


def test_what_each_changed_alone_is_kept_of_both(two, employer):
    heike, tom = two
    address = reverse("engagement:change", args=[employer.pk])
    hers, his = opened(heike, address), opened(tom, address)
    hers["trade_name"], his["note"] = "Nordwind Stahl", "Rings once"
    assert heike.post(address, hers).status_code == 302
    assert tom.post(address, his).status_code == 302
    kept = Employer.objects.get()
    assert (str(kept), kept.note) == ("Nordwind Stahl", "Rings once")


def test_who_comes_second_to_the_same_field_sees_both_and_decides(two, employer):
    heike, tom = two
    address = reverse("engagement:change", args=[employer.pk])
    hers, his = opened(heike, address), opened(tom, address)
    hers["note"], his["note"] = "Never ring", "Ring after noon"
    heike.post(address, hers)
    answer = tom.post(address, his)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert escape("Heike Berg changed this to “Never ring”") in page
    assert "Ring after noon" in page
    assert Employer.objects.get().note == "Never ring"
    again = QueryDict(mutable=True)
    for name, value in [*FIELD.findall(page), *CHOSEN.findall(page), *WRITTEN.findall(page)]:
        again.appendlist(name, value)
    assert tom.post(address, again).status_code == 302
    assert Employer.objects.get().note == "Ring after noon"


@pytest.mark.parametrize("what", ["a site", "a person"])
def test_it_is_so_for_sites_and_people_too(two, employer, what):
    heike, tom = two
    site = SiteFactory(organisation=employer.organisation, town="Kiel")
    held = PositionFactory(employer=employer, person__name="Ada")
    addresses = {
        "a site": reverse("engagement:site_change", args=[employer.pk, site.pk]),
        "a person": reverse("engagement:person_change", args=[held.pk]),
    }
    address, field = addresses[what], {"a site": "town", "a person": "name"}[what]
    hers, his = opened(heike, address), opened(tom, address)
    hers[field], his[field] = "Hers", "His"
    assert heike.post(address, hers).status_code == 302
    answer = tom.post(address, his)
    assert answer.status_code == 422
    assert "“Hers”" in answer.content.decode()
