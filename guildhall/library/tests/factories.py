"""Resources for tests: every field that matters to a test is said in the test."""

from __future__ import annotations

from typing import Any

import factory
from django.utils.timezone import now

from guildhall.library import actions
from guildhall.library.models import Expert, ExpertGroup, Resource
from guildhall.people.models import Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory


class ResourceFactory(factory.django.DjangoModelFactory):
    """A draft that lacks nothing."""

    class Meta:
        model = Resource
        skip_postgeneration_save = True

    organisation = factory.SubFactory(OrganisationFactory)
    owner = factory.SubFactory(UserFactory)
    language = "en"
    title = factory.Sequence(lambda n: f"First call sheet {n}")
    summary = "What to ask an employer on the first call."
    text = "## Before\n\nLook up who decides."
    authors = factory.LazyFunction(lambda: [{"name": "Ada Example", "orcid": "", "affiliation": ""}])
    created_at = factory.LazyFunction(now)
    changed_at = factory.SelfAttribute("created_at")

    @factory.post_generation
    def named(self: Resource, create: bool, extracted: Any, **_: Any) -> None:  # type: ignore[misc]
        if self.work_id is None:
            self.work = self
            self.save(update_fields=["work"])


class ExpertGroupFactory(factory.django.DjangoModelFactory):
    """A group run by a school."""

    class Meta:
        model = ExpertGroup

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Care {n}")
    expertise = "We know how care at home is learnt."
    language = "en"
    made_at = factory.LazyFunction(now)


class ExpertFactory(factory.django.DjangoModelFactory):
    """An invitation that waits; with ``user``, somebody who is in the group."""

    class Meta:
        model = Expert

    group = factory.SubFactory(ExpertGroupFactory)
    email = factory.LazyAttributeSequence(lambda expert, n: expert.user.email if expert.user else f"expert{n}@example.org")
    invited_at = factory.LazyFunction(now)
    user: Any = None
    name = factory.LazyAttribute(lambda expert: expert.user.name if expert.user else "")
    accepted_at = factory.LazyAttribute(lambda expert: expert.invited_at if expert.user else None)


def member_of(organisation: Any, role: Role = Role.MANAGER, **fields: Any) -> Any:
    """Somebody who belongs to an organisation in a role."""
    user = UserFactory(**fields)
    MembershipFactory(user=user, organisation=organisation, role=role)
    return user


def published(**fields: Any) -> Resource:
    """A resource everybody can read."""
    resource = ResourceFactory(**fields)
    publisher = member_of(resource.organisation)
    return actions.publish_resource(resource, by=publisher, at=now())
