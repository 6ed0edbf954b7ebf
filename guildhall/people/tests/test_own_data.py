from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.people import actions, erasure, leaving, personal_data
from guildhall.people.erasure import plan_erasure
from guildhall.people.hooks import Belongings, ErasureStep, PersonalData
from guildhall.people.models import ConsentRecord, Invitation, Mail, Membership, Notice, Pass, Role, User
from guildhall.people.passes import issue_pass
from guildhall.people.tests.factories import (
    InvitationFactory,
    MailFactory,
    MembershipFactory,
    NoticeFactory,
    OrganisationFactory,
    UserFactory,
    member,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def anna(school):
    """A teacher about whom everything is held that this room can hold."""
    member(school, Role.MANAGER)
    anna = member(school, name="Anna Nowak", email="anna@example.org")
    EmailAddress.objects.create(user=anna, email="anna@home.example", verified=True)
    TOTP.activate(anna, generate_totp_secret())
    NoticeFactory(user=anna, sentence="Something for Anna")
    MailFactory(to="anna@home.example", subject="A letter to Anna", text="Dear Anna Nowak")
    InvitationFactory(email="anna@example.org", sentence="Come, Anna", accepted_by=anna, accepted_at=now())
    thing = OrganisationFactory()
    issue_pass(thing, purpose="people.test", email="anna@home.example", valid_for=timedelta(days=1), by=None, at=now())
    actions.load_statements(by=None, at=now())
    actions.record_consent(anna, purpose="people.account", how="form", language="en", by=anna, at=now())
    return anna


def sign_in(client, user):
    """Sign in as somebody who has just proved who they are."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "code", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def test_everything_this_room_holds_is_told(anna):
    held = {kind.key: kind.rows for kind in personal_data.held_in_people(anna)}
    for key in ("account", "addresses", "keys", "memberships", "invitations", "notices", "mails", "passes", "consents", "audit"):
        assert held[f"people.{key}"], key


def test_every_row_has_the_columns_that_are_told(anna):
    for kind in personal_data.held_about(anna):
        assert kind.title
        assert kind.why
        for row in kind.rows:
            assert set(row) == set(kind.columns), kind.key


def test_nothing_about_others_is_told(anna, school):
    other = member(school, name="Berta Wolf", email="berta@example.org")
    NoticeFactory(user=other, sentence="Something for Berta")
    MailFactory(to="berta@example.org", subject="A letter to Berta")
    told = json.dumps(personal_data.as_json(anna), default=str)
    assert "Anna" in told
    assert "Berta" not in told
    assert "berta" not in told


def test_a_secret_is_not_told(anna):
    told = json.dumps(personal_data.as_json(anna), default=str)
    for secret in (Pass.objects.latest("pk").digest, Authenticator.objects.get(user=anna).data["secret"]):
        assert secret not in told


def test_my_data_is_a_page_and_a_file(client, anna):
    client.force_login(anna)
    assert "A letter to Anna" in client.get(reverse("people:my_data")).content.decode()
    response = client.get(reverse("people:my_data_download"))
    assert response["Content-Type"] == "application/json"
    assert "attachment" in response["Content-Disposition"]
    assert response.json()["data"]["people.account"]["rows"][0]["email"] == "anna@example.org"


def test_every_room_is_asked_what_it_holds(monkeypatch, anna):
    more = PersonalData(key="x.y", title="Visits", why="Because", columns={"on": "On"}, rows=[{"on": "Monday"}])
    monkeypatch.setattr(personal_data.personal_data_of, "ask", lambda user: [[more]])
    kind = {"title": "Visits", "why": "Because", "columns": {"on": "On"}, "rows": [{"on": "Monday"}]}
    assert personal_data.as_json(anna) == {"x.y": kind}


def test_looking_at_what_erasing_would_do_changes_nothing(client, anna):
    client.force_login(anna)
    text = client.get(reverse("people:erase")).content.decode()
    assert "You leave North School." in text
    assert "1 notice is deleted." in text
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


def test_of_an_erased_person_only_a_number_remains(anna, client, school):
    client.force_login(anna)
    UserSession.objects.create(user=anna, ip="192.0.2.7", session_key=client.session.session_key)
    actions.erase_person(anna, by=anna, at=now())
    anna.refresh_from_db()
    assert (anna.email, anna.name, anna.is_active) == (f"erased-{anna.pk}@erased.invalid", "", False)
    assert str(anna) == "Erased person"
    assert not anna.has_usable_password()
    for model in (EmailAddress, Authenticator, UserSession, Notice):
        assert not model.objects.filter(user=anna).exists(), model
    assert not Session.objects.exists()
    assert not Mail.objects.filter(to__startswith="anna").exists()
    assert not Invitation.objects.filter(email__startswith="anna").exists()
    assert not Pass.objects.filter(email__startswith="anna").exists()
    assert not ConsentRecord.objects.about(anna).exists()
    assert not Membership.objects.current().filter(user=anna).exists()
    assert Membership.objects.filter(user=anna, organisation=school).exists()
    rest = json.dumps(personal_data.as_json(anna), default=str)
    assert "Nowak" not in rest
    assert "anna@" not in rest


def test_who_was_erased_is_signed_out_everywhere(client, anna):
    client.force_login(anna)
    actions.erase_person(anna, by=anna, at=now())
    assert client.get(reverse("people:me")).status_code == 302


def test_the_last_manager_is_not_erased_while_others_need_one(school):
    manager = member(school, Role.MANAGER)
    member(school, Role.LEARNER)
    assert plan_erasure(manager, at=now()).obstacles
    with pytest.raises(Refused, match="no manager"):
        actions.erase_person(manager, by=manager, at=now())
    manager.refresh_from_db()
    assert not manager.erased_at


def test_who_is_alone_in_an_organisation_may_go(school):
    manager = member(school, Role.MANAGER)
    actions.erase_person(manager, by=manager, at=now())
    assert not school.memberships.current().filter(until__isnull=True).exists()


def test_a_room_can_stand_in_the_way_and_nothing_happens(monkeypatch, anna):
    done = []
    steps = [
        ErasureStep(sentence="A plan is deleted.", count=1, carry_out=done.append),
        ErasureStep(sentence="A signature stays.", count=1, carry_out=done.append, obstacle="The agreement runs until June."),
    ]
    monkeypatch.setattr(erasure.erasure_of, "ask", lambda user: [steps])
    with pytest.raises(Refused, match="until June"):
        actions.erase_person(anna, by=anna, at=now())
    assert not done


def test_when_one_room_fails_no_room_has_erased_anything(monkeypatch, anna):
    def fail(at):
        raise ZeroDivisionError

    lower, upper = [ErasureStep(sentence="?", count=1, carry_out=fail)], erasure.erasure_in_people(anna)
    monkeypatch.setattr(erasure.erasure_of, "ask", lambda user: [lower, upper])
    with pytest.raises(ZeroDivisionError):
        actions.erase_person(anna, by=anna, at=now())
    assert Notice.objects.filter(user=anna).exists()
    assert Membership.objects.current().filter(user=anna).exists()


def test_what_somebody_looks_after_goes_to_an_heir(client, monkeypatch, anna, school):
    heirs = []
    owned = Belongings(sentence="3 employers", count=3, hand_over=lambda heir, by, at: heirs.append(heir))
    monkeypatch.setattr(leaving.belongings_of, "ask", lambda *, user, organisation: [owned])
    heir = member(school)
    sign_in(client, anna)
    url = reverse("people:erase")
    assert "3 employers" in client.get(url).content.decode()
    assert client.post(url, {"confirmation": anna.email}).status_code == 422
    response = client.post(url, {"confirmation": anna.email, f"heir_{school.pk}": heir.pk})
    assert response.status_code == 302
    assert heirs == [heir]
    assert User.objects.get(pk=anna.pk).erased_at


@pytest.mark.parametrize("typed", ["", "yes", "anna@example.com"])
def test_erasing_asks_for_the_address(client, anna, typed):
    sign_in(client, anna)
    assert client.post(reverse("people:erase"), {"confirmation": typed}).status_code == 422
    assert not User.objects.get(pk=anna.pk).erased_at


def test_erasing_asks_who_one_is_when_that_was_long_ago(client, anna):
    client.force_login(anna)
    response = client.post(reverse("people:erase"), {"confirmation": anna.email})
    assert response.status_code == 302
    assert "reauthenticate" in response.url
    assert not User.objects.get(pk=anna.pk).erased_at


def test_nobody_erases_somebody_else_but_an_operator(anna, school):
    for stranger in (UserFactory(), member(school, Role.MANAGER)):
        with pytest.raises(NotAllowed):
            actions.erase_person(anna, by=stranger, at=now())
    assert actions.erase_person(anna, by=UserFactory(is_operator=True), at=now()).erased_at


def test_nobody_is_erased_twice(anna):
    actions.erase_person(anna, by=None, at=now())
    with pytest.raises(Refused):
        actions.erase_person(anna, by=None, at=now())


def test_the_command_says_first_and_then_does(capsys, anna):
    call_command("erase", "anna@example.org", "--dry-run")
    assert "They leave North School." in capsys.readouterr().out
    assert not User.objects.get(pk=anna.pk).erased_at
    call_command("erase", "Anna@example.org")
    assert User.objects.get(pk=anna.pk).erased_at


def test_the_command_says_what_is_in_the_way(school):
    manager = member(school, Role.MANAGER)
    member(school)
    with pytest.raises(CommandError, match="no manager"):
        call_command("erase", manager.email)
    with pytest.raises(CommandError, match="Nobody has"):
        call_command("erase", "nobody@example.org")


def test_a_role_that_ended_long_ago_is_not_ended_again(school, anna):
    old = MembershipFactory(user=anna, role=Role.QUALITY, until=now().date() - timedelta(days=99))
    actions.erase_person(anna, by=None, at=now())
    assert Membership.objects.get(pk=old.pk).until == old.until
