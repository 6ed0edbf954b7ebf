from __future__ import annotations

from datetime import date

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine
from guildhall.people import actions
from guildhall.people.models import Kind, Notice, Organisation, Role, Site
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory, UserFactory, member
from guildhall.people.tests.swapping import is_part_of, swapped

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(slug="north", name="North School", country="DE")


@pytest.fixture
def manager(school):
    return member(school, Role.MANAGER)


def test_who_creates_an_organisation_is_its_first_manager():
    user = UserFactory()
    created = actions.create_organisation(by=user, at=now(), kind=Kind.SCHOOL, name="BBS Metall 2", country="DE", nace="85")
    assert (created.slug, created.nace) == ("bbs-metall-2", "85")
    assert [(m.user, m.role) for m in created.memberships.current()] == [(user, Role.MANAGER)]
    assert AuditLine.objects.latest("pk").action == "people.create_organisation"


@pytest.mark.parametrize("name", ["North School", "north school", "1ο ΕΠΑΛ Πειραιά", "new"])
def test_every_organisation_gets_a_short_name_of_its_own(name):
    user = UserFactory()
    slugs = {actions.create_organisation(by=user, at=now(), kind=Kind.SCHOOL, name=name, country="GR").slug for _ in range(3)}
    assert len(slugs) == 3
    assert not slugs & {"", "new"}


def test_a_closed_account_creates_nothing():
    with pytest.raises(NotAllowed):
        actions.create_organisation(by=UserFactory(is_active=False), at=now(), kind=Kind.OTHER, name="X", country="DE")


def test_an_organisation_is_created_on_its_page_and_worked_for_at_once(client, school, manager):
    client.force_login(manager)
    data = {"kind": "employer", "name": "Garage Nowak", "country": "PL"}
    response = client.post(reverse("people:organisation_create"), data, follow=True)
    created = Organisation.objects.get(name="Garage Nowak")
    assert response.redirect_chain[0][0] == created.get_absolute_url()
    assert response.wsgi_request.organisation == created


@pytest.mark.parametrize("missing", ["kind", "name", "country"])
def test_what_is_missing_is_said_beside_the_field(client, missing):
    client.force_login(UserFactory())
    data = {"kind": "school", "name": "North", "country": "PL"} | {missing: ""}
    response = client.post(reverse("people:organisation_create"), data)
    assert response.status_code == 422
    assert missing in response.context["form"].errors


def test_all_that_is_known_can_be_changed(client, school, manager):
    client.force_login(manager)
    data = {
        "kind": "school",
        "name": "North School",
        "country": "DE",
        "nuts": "DE600",
        "nace": "85",
        "size_band": "50-249",
        "language_1": "de",
        "language_2": "pl",
        "language_3": "de",
        "website": "north.example.org",
    }
    response = client.post(reverse("people:organisation_edit", args=["north"]), data)
    assert response.status_code == 302
    school.refresh_from_db()
    assert (school.nuts, school.nace, school.size_band) == ("DE600", "85", "50-249")
    assert school.languages == ["de", "pl"]
    assert school.website == "https://north.example.org"
    assert school.slug == "north"


def test_an_organisation_that_moves_loses_its_region(client, school, manager):
    Organisation.objects.update(nuts="DE600")
    client.force_login(manager)
    data = {"kind": "school", "name": "North School", "country": "PL", "nuts": "DE600"}
    client.post(reverse("people:organisation_edit", args=["north"]), data)
    school.refresh_from_db()
    assert (school.country, school.nuts) == ("PL", "")


def test_only_managers_change_an_organisation(school):
    for stranger in (member(school, Role.COORDINATOR), UserFactory()):
        with pytest.raises(NotAllowed):
            actions.edit_organisation(school, by=stranger, at=now(), name="Taken over")


def test_asking_for_a_second_factor_begins_with_oneself(school, manager):
    teacher = member(school)
    with pytest.raises(Refused):
        actions.require_second_factor(school, required=True, by=manager, at=now())
    TOTP.activate(manager, generate_totp_secret())
    assert actions.require_second_factor(school, required=True, by=manager, at=now()).requires_second_factor
    assert [notice.user for notice in Notice.objects.all()] == [teacher]


def test_asking_twice_tells_nobody_twice(school, manager):
    member(school)
    TOTP.activate(manager, generate_totp_secret())
    for _ in range(2):
        actions.require_second_factor(school, required=True, by=manager, at=now())
    assert Notice.objects.count() == 1


def test_a_site_is_added_changed_closed_and_opened_again(client, school, manager):
    client.force_login(manager)
    client.post(reverse("people:site_add", args=["north"]), {"town": "Kiel", "country": "DE"})
    site = Site.objects.get(organisation=school)
    client.post(reverse("people:site_edit", args=[site.pk]), {"name": "Workshop", "town": "Kiel"})
    client.post(reverse("people:site_close", args=[site.pk]))
    site.refresh_from_db()
    assert (site.name, site.closed_on is not None) == ("Workshop", True)
    client.post(reverse("people:site_reopen", args=[site.pk]))
    assert Site.objects.open().get() == site


def test_one_coordinate_alone_is_no_place(client, school, manager):
    client.force_login(manager)
    response = client.post(reverse("people:site_add", args=["north"]), {"town": "Kiel", "latitude": "54.3"})
    assert response.status_code == 422
    assert "Latitude and longitude go together" in response.content.decode()


def test_a_site_is_closed_once(school, manager):
    site = SiteFactory(organisation=school, closed_on=date(2026, 1, 1))
    with pytest.raises(Refused):
        actions.close_site(site, on=date(2026, 2, 1), by=manager, at=now())


def test_the_swapped_sites_are_those_you_would_get_by_reloading(client, school, manager):
    site = SiteFactory(organisation=school)
    client.force_login(manager)
    fragment = swapped(client, reverse("people:site_close", args=[site.pk]))
    assert is_part_of(fragment, client.get(school.get_absolute_url()))


@pytest.mark.parametrize("name", ["site_edit", "site_close", "site_reopen"])
def test_the_sites_of_others_are_not_there(client, school, name):
    site = SiteFactory(organisation=school)
    client.force_login(member(OrganisationFactory(), Role.MANAGER))
    assert client.post(reverse(f"people:{name}", args=[site.pk])).status_code == 404


def test_a_person_switches_between_their_organisations(client, school):
    user = member(school)
    other = OrganisationFactory()
    actions.members.begin_membership(other, user, Role.TEACHER, at=now())
    client.force_login(user)
    client.post(reverse("people:switch"), {"organisation": other.pk, "next": "/people/me/"})
    assert client.get(reverse("people:me")).wsgi_request.organisation == other


def test_nobody_switches_to_an_organisation_of_others(client, school, manager):
    client.force_login(manager)
    for wanted in (OrganisationFactory().pk, "", "x"):
        assert client.post(reverse("people:switch"), {"organisation": wanted}).status_code == 404


@pytest.mark.parametrize("name", ["switch", "language"])
@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "javascript:alert(1)", "https:evil.example"])
def test_a_switch_leads_nowhere_else(client, school, manager, name, elsewhere):
    client.force_login(manager)
    data = {"organisation": school.pk, "language": "de", "next": elsewhere}
    assert client.post(reverse(f"people:{name}"), data).url == "/"
