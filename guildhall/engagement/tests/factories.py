"""Employers for tests: every field that matters to a test is said in the test."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils.timezone import localdate, now

from guildhall.engagement.models import (
    CapturedMail,
    Consortium,
    ConsortiumMember,
    Contact,
    Employer,
    NextStep,
    Person,
    Position,
    sort_key_of,
)
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory


class KeptOrganisationFactory(OrganisationFactory):
    """An employer that a school keeps."""

    kind = Kind.EMPLOYER
    name = factory.Sequence(lambda n: f"Employer {n} Ltd")
    slug = None
    kept_by = factory.SubFactory(OrganisationFactory)


class EmployerFactory(factory.django.DjangoModelFactory):
    """An employer in a school's book, nobody's in particular."""

    class Meta:
        model = Employer

    school = factory.SubFactory(OrganisationFactory)
    organisation = factory.SubFactory(KeptOrganisationFactory, kept_by=factory.SelfAttribute("..school"))
    sort_key = factory.LazyAttribute(lambda employer: sort_key_of(str(employer.organisation)))
    added_at = factory.LazyFunction(now)


class PersonFactory(factory.django.DjangoModelFactory):
    """Somebody a school knows."""

    class Meta:
        model = Person

    school = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Contact Person {n}")
    email = factory.Sequence(lambda n: f"contact{n}@firm.example")


class PositionFactory(factory.django.DjangoModelFactory):
    """Somebody who works at an employer."""

    class Meta:
        model = Position

    employer = factory.SubFactory(EmployerFactory)
    person = factory.SubFactory(PersonFactory, school=factory.SelfAttribute("..employer.school"))


class ContactFactory(factory.django.DjangoModelFactory):
    """A call yesterday."""

    class Meta:
        model = Contact

    employer = factory.SubFactory(EmployerFactory)
    kind = Contact.Kind.CALL
    held_at = factory.LazyFunction(lambda: now() - timedelta(days=1))
    recorded_at = factory.LazyFunction(now)
    by = factory.SubFactory(UserFactory)


class NextStepFactory(factory.django.DjangoModelFactory):
    """A promise for today."""

    class Meta:
        model = NextStep

    employer = factory.SubFactory(EmployerFactory)
    what = "Call again"
    due_on = factory.LazyFunction(localdate)
    owner = factory.SubFactory(UserFactory)
    added_at = factory.LazyFunction(now)
    added_by = factory.SelfAttribute("owner")


class CapturedMailFactory(factory.django.DjangoModelFactory):
    """A mail of yesterday that waits to be filed."""

    class Meta:
        model = CapturedMail

    school = factory.SubFactory(OrganisationFactory)
    owner = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"{n:064}")
    is_from_us = False
    others = factory.Sequence(lambda n: [[f"writer{n}@firm.example", f"Writer {n}"]])
    said = "Do you have learners?"
    sent_at = factory.LazyFunction(lambda: now() - timedelta(days=1))
    received_at = factory.SelfAttribute("sent_at")
    waits_since = factory.SelfAttribute("sent_at")


def staff_of(school, role=Role.COORDINATOR, **fields):
    """Somebody who works for a school in a role."""
    user = UserFactory(**fields)
    MembershipFactory(user=user, organisation=school, role=role)
    return user


class ConsortiumFactory(factory.django.DjangoModelFactory):
    """A consortium hosted by an association."""

    class Meta:
        model = Consortium

    name = factory.Sequence(lambda n: f"Consortium {n}")
    host = factory.SubFactory(OrganisationFactory, kind=Kind.ASSOCIATION)
    made_at = factory.LazyFunction(now)
    made_by = factory.SubFactory(UserFactory)


class ConsortiumMemberFactory(factory.django.DjangoModelFactory):
    """A school that has joined a consortium."""

    class Meta:
        model = ConsortiumMember

    consortium = factory.SubFactory(ConsortiumFactory)
    school = factory.SubFactory(OrganisationFactory)
    invited_at = factory.LazyFunction(now)
    invited_by = factory.SubFactory(UserFactory)
    accepted_at = factory.SelfAttribute("invited_at")
    accepted_by = factory.SelfAttribute("invited_by")
