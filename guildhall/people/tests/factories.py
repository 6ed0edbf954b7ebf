"""People and organisations for tests: every field that matters to a test is said in the test."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils.timezone import now

from guildhall.core.sealing import seal
from guildhall.core.webhooks import new_secret
from guildhall.people.models import (
    Invitation,
    Kind,
    Mail,
    Membership,
    Notice,
    Organisation,
    Role,
    Site,
    User,
    Webhook,
    WebhookDelivery,
)
from guildhall.people.models.webhooks import SEALED_FOR
from guildhall.people.webhooks import mark_listening


class UserFactory(factory.django.DjangoModelFactory):
    """A person with a verified address, a name, English, and no password."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    password = factory.LazyFunction(lambda: make_password(None))

    @factory.post_generation
    def address(self: User, create: bool, extracted: Any, **_: Any) -> None:  # type: ignore[misc]
        if create and extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class OrganisationFactory(factory.django.DjangoModelFactory):
    """A school in Poland."""

    class Meta:
        model = Organisation

    kind = Kind.SCHOOL
    name = factory.Sequence(lambda n: f"Vocational School {n}")
    slug = factory.Sequence(lambda n: f"school-{n}")
    country = "PL"


class SiteFactory(factory.django.DjangoModelFactory):
    """A place of an organisation."""

    class Meta:
        model = Site

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Site {n}")
    town = "Łódź"


class MembershipFactory(factory.django.DjangoModelFactory):
    """Somebody who teaches at a school since a year."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.TEACHER
    since = factory.LazyFunction(lambda: now().date() - timedelta(days=365))
    until: date | None = None


class InvitationFactory(factory.django.DjangoModelFactory):
    """An open invitation to teach at a school; its link is made by ``actions.invite_member``."""

    class Meta:
        model = Invitation

    organisation = factory.SubFactory(OrganisationFactory)
    email = factory.Sequence(lambda n: f"invited{n}@example.org")
    roles = factory.LazyFunction(lambda: [Role.TEACHER])
    language = "en"
    invited_by = factory.SubFactory(UserFactory)
    invited_at = factory.LazyFunction(now)
    expires_at = factory.LazyAttribute(lambda invitation: invitation.invited_at + timedelta(days=30))


class NoticeFactory(factory.django.DjangoModelFactory):
    """An unread notice."""

    class Meta:
        model = Notice

    user = factory.SubFactory(UserFactory)
    kind = "people.test"
    sentence = factory.Sequence(lambda n: f"Something happened, number {n}.")
    language = "en"
    told_at = factory.LazyFunction(now)


class MailFactory(factory.django.DjangoModelFactory):
    """A letter that waits to be sent."""

    class Meta:
        model = Mail

    to = factory.Sequence(lambda n: f"reader{n}@example.org")
    language = "en"
    subject = "A letter"
    text = "A letter\n"
    written_at: datetime | factory.LazyFunction = factory.LazyFunction(now)


class WebhookFactory(factory.django.DjangoModelFactory):
    """A webhook of a school that is told of new employers."""

    class Meta:
        model = Webhook
        skip_postgeneration_save = True

    organisation = factory.SubFactory(OrganisationFactory)
    address = "https://receiver.example/in"
    events = factory.LazyFunction(lambda: ["employer.added"])
    secret = factory.LazyFunction(lambda: seal(new_secret(), purpose=SEALED_FOR))
    made_at = factory.LazyFunction(now)
    made_by = factory.SubFactory(UserFactory)

    @factory.post_generation
    def listening(self: Webhook, create: bool, extracted: Any, **_: Any) -> None:  # type: ignore[misc]
        mark_listening(self.organisation)


class WebhookDeliveryFactory(factory.django.DjangoModelFactory):
    """A test that a webhook took."""

    class Meta:
        model = WebhookDelivery

    webhook = factory.SubFactory(WebhookFactory)
    key = factory.Sequence(lambda n: f"msg_{n:032}")
    event = "test"
    body = "{}"
    made_at = factory.LazyFunction(now)
    state = WebhookDelivery.State.DELIVERED
    attempts = 1
    tried_at = factory.SelfAttribute("made_at")
    status = 200
    ms = 42


def member(organisation: Organisation, role: Role = Role.TEACHER, **user: Any) -> User:
    """Make a person with a role in an organisation."""
    return MembershipFactory(organisation=organisation, role=role, user=UserFactory(**user)).user
