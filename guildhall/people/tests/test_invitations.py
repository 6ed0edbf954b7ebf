from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.people import actions
from guildhall.people.models import ConsentRecord, Invitation, Mail, Membership, Notice, Role, User
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory, member
from guildhall.people.tests.swapping import is_part_of, swapped

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(slug="north", name="North School")


@pytest.fixture
def manager(school):
    return member(school, Role.MANAGER, name="Ewa Lis", email="ewa@example.org")


@pytest.fixture
def invite(school, manager):
    def send(email="anna@example.org", roles=(Role.TEACHER,), **fields):
        return actions.invite_member(school, email=email, roles=roles, by=manager, at=now(), **fields)

    return send


def last_link() -> str:
    return "/p/" + Mail.objects.latest("pk").text.partition("/p/")[2].partition("/")[0] + "/"


def open_link(client, url: str = "") -> str:
    """Follow the link of the last letter, and return the address of the page behind it."""
    return client.get(url or last_link()).url


def test_an_invitation_comes_in_the_language_and_the_words_of_who_sends_it(invite):
    invite(name="Anna", language="de", sentence="We met on Tuesday.")
    letter = Mail.objects.get()
    assert (letter.to, letter.language) == ("anna@example.org", "de")
    assert (letter.sender_name, letter.reply_to) == ("Ewa Lis", "ewa@example.org")
    assert "We met on Tuesday." in letter.text


def test_somebody_new_signs_up_by_the_link(client, invite, school, manager):
    actions.load_statements(by=None, at=now())
    invite(roles=[Role.TEACHER, Role.QUALITY], name="Anna")
    page = open_link(client)
    assert "North School" in client.get(page).content.decode()
    assert client.post(page, {"name": "Anna Nowak"}).status_code == 422
    response = client.post(page, {"name": "Anna Nowak", "informed": "on"})
    assert response.status_code == 302
    anna = User.objects.get(email="anna@example.org")
    assert anna.name == "Anna Nowak"
    assert EmailAddress.objects.get(user=anna).verified
    assert set(Membership.objects.filter(user=anna).values_list("role", flat=True)) == {Role.TEACHER, Role.QUALITY}
    assert ConsentRecord.objects.about(anna).get().how == ConsentRecord.How.LINK
    answer = client.get(reverse("people:me"))
    assert (answer.wsgi_request.user, answer.wsgi_request.organisation) == (anna, school)
    assert "Anna Nowak accepted" in Notice.objects.get(user=manager).sentence


def test_who_is_invited_is_called_by_the_name_that_was_typed(client, invite, manager):
    invite(name="Anna Nowak")
    page = client.get(open_link(client)).content.decode()
    assert "Hello Anna Nowak," in page
    assert 'value="Anna Nowak"' in page
    client.force_login(manager)
    assert "Anna Nowak" in client.get(reverse("people:members", args=["north"])).content.decode()


def test_the_link_works_once(client, invite):
    invite()
    link = last_link()
    page = open_link(client)
    client.post(page, {"name": "Anna Nowak"})
    client.logout()
    assert client.get(link).status_code == 404
    assert client.post(page, {"name": "Somebody else"}).status_code == 404
    assert User.objects.count() == 2


def test_who_has_an_account_signs_in_and_accepts(client, invite, school):
    anna = UserFactory(email="anna@example.org")
    invite(email="Anna@Example.org")
    page = open_link(client)
    client.force_login(anna)
    assert client.get(page).status_code == 200
    assert not Membership.objects.filter(user=anna).exists()
    assert client.post(page).url == school.get_absolute_url()
    assert Membership.objects.get(user=anna).organisation == school


def test_a_link_makes_no_second_account_and_opens_none_that_exists(client, invite):
    """Somebody with a second factor must not be signed in by a letter alone."""
    UserFactory(email="anna@example.org")
    invite()
    page = open_link(client)
    assert client.post(page, {"name": "Anna"}).status_code == 409
    assert client.get(reverse("people:me")).status_code == 302
    assert Invitation.objects.get().accepted_at is None


def test_who_is_invited_under_another_of_their_addresses_may_accept(client, invite):
    anna = UserFactory(email="private@example.org")
    EmailAddress.objects.create(user=anna, email="anna@example.org", verified=True)
    invite()
    page = open_link(client)
    client.force_login(anna)
    assert client.post(page).status_code == 302


def test_an_address_that_is_not_proved_is_not_theirs(client, invite):
    thief = UserFactory()
    EmailAddress.objects.create(user=thief, email="anna@example.org", verified=False)
    invite()
    page = open_link(client)
    client.force_login(thief)
    assert client.post(page).status_code == 403


def test_a_forwarded_link_tells_who_opens_it_that_it_is_not_theirs(client, invite):
    invite(name="Anna")
    page = open_link(client)
    client.force_login(UserFactory(email="bob@example.org"))
    response = client.get(page)
    assert response.status_code == 403
    text = response.content.decode()
    assert "sent to another address" in text
    assert "bob@example.org" in text
    assert "anna@example.org" not in text
    assert "Anna" not in text
    assert client.post(page).status_code == 403


def test_a_withdrawn_invitation_opens_nothing(client, invite, manager):
    invitation = invite()
    page = open_link(client)
    client.force_login(manager)
    client.post(reverse("people:invitation_withdraw", args=[invitation.pk]))
    client.logout()
    assert client.get(page).status_code == 404
    assert client.get(last_link()).status_code == 404


def test_sending_again_makes_a_new_link_and_ends_the_old_one(client, invite, manager):
    invitation = invite()
    old = last_link()
    actions.resend_invitation(invitation, by=manager, at=now())
    assert last_link() != old
    assert client.get(old).status_code == 404
    assert client.get(last_link()).status_code == 302


def test_an_invitation_expires(client, invite):
    invite()
    Invitation.objects.update(expires_at=now() - timedelta(seconds=1))
    page = open_link(client)
    assert client.post(page, {"name": "Anna"}).status_code == 409


def test_nobody_is_invited_twice_at_once(invite):
    invite()
    with pytest.raises(Refused):
        invite(email="ANNA@example.org")


def test_an_expired_invitation_gives_way_to_a_new_one(invite):
    Invitation.objects.filter(pk=invite().pk).update(expires_at=now() - timedelta(days=1))
    invite()
    assert Invitation.objects.waiting().count() == 1


def test_who_has_the_role_is_not_invited_to_it(invite, school):
    MembershipFactory(organisation=school, user=UserFactory(email="anna@example.org"))
    with pytest.raises(Refused):
        invite()
    assert invite(roles=[Role.TEACHER, Role.QUALITY])


def test_the_letter_is_the_same_whether_or_not_there_is_an_account(invite, manager, school):
    UserFactory(email="anna@example.org")
    invite(email="anna@example.org")
    invite(email="berta@example.org")
    first, second = (mail.text for mail in Mail.objects.order_by("pk"))
    token = [text.partition("/p/")[2].partition("/")[0] for text in (first, second)]
    assert first.replace(token[0], "") == second.replace(token[1], "")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.TEACHER, Role.LEARNER])
def test_only_managers_invite(school, role):
    with pytest.raises(NotAllowed):
        actions.invite_member(school, email="x@example.org", roles=[Role.MANAGER], by=member(school, role), at=now())


@pytest.mark.parametrize("name", ["invitation_resend", "invitation_withdraw"])
def test_the_invitations_of_others_are_not_there(client, invite, school, name):
    invitation = invite()
    for stranger in (member(school), member(OrganisationFactory(), Role.MANAGER)):
        client.force_login(stranger)
        assert client.post(reverse(f"people:{name}", args=[invitation.pk])).status_code == 404


def test_the_page_of_inviting_sends_the_letter(client, school, manager):
    client.force_login(manager)
    data = {"email": "Anna@example.org", "name": "Anna", "roles": ["teacher", "quality"], "language": "pl", "sentence": "Cześć"}
    assert client.post(reverse("people:member_invite", args=["north"]), data).status_code == 302
    assert Invitation.objects.get().roles == ["quality", "teacher"]
    assert Mail.objects.get().language == "pl"


def test_the_swapped_invitations_are_those_you_would_get_by_reloading(client, invite, manager):
    invitation, _other = invite(), invite(email="berta@example.org")
    client.force_login(manager)
    fragment = swapped(client, reverse("people:invitation_withdraw", args=[invitation.pk]))
    assert "berta@example.org" in fragment
    assert is_part_of(fragment, client.get(reverse("people:members", args=["north"])))
