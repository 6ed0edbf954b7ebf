from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.questions import serving_began
from guildhall.library import actions, counting
from guildhall.library.models import Resource, Review, Use
from guildhall.library.receivers import what_becomes_of_the_library, what_waits_to_be_published
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER)


def test_what_is_handed_in_waits_for_those_who_may_publish(school, teacher):
    draft = ResourceFactory(organisation=school, owner=teacher)
    actions.hand_in(draft, by=teacher, at=now())
    answer = what_waits_to_be_published(member_of(school), school, now())
    assert (answer.count, answer.entries[0].context["resource"]) == (1, draft)
    assert what_waits_to_be_published(teacher, school, now()) is None
    assert what_waits_to_be_published(teacher, None, now()) is None


def test_a_file_is_everybodys_once_it_is_published(client, school, teacher):
    draft = ResourceFactory(organisation=school, owner=teacher)
    part = actions.add_part(draft, upload=SimpleUploadedFile("a.txt", b"Hello"), by=teacher, at=now())
    address = part.file.get_absolute_url()

    def answered():
        response = client.get(address)
        assert not response.streaming or b"".join(response.streaming_content)
        return response.status_code

    assert answered() == 302
    client.force_login(UserFactory())
    assert answered() == 404
    client.force_login(teacher)
    assert answered() == 200
    actions.publish_resource(draft, by=member_of(school), at=now())
    client.logout()
    assert answered() == 200


def test_somebody_erased_takes_their_opinions_along_and_leaves_what_was_published(school, teacher):
    resource = published(owner=teacher)
    scores = dict.fromkeys(["quality", "use", "accessibility", "rights", "relevance"], 4)
    said = {"organisation": school, "language": "en", "by": teacher, "at": now()}
    actions.review_resource(resource, scores=scores, text="Good", **said)
    actions.tell_of_use(resource, sentence="Went well", **said)
    for step in what_becomes_of_the_library(teacher):
        assert step.sentence
        step.carry_out(now())
    assert not Review.objects.exists()
    assert not Use.objects.exists()
    assert Resource.objects.get().owner is None


def test_what_is_held_about_somebody_is_told(client, teacher):
    ResourceFactory(owner=teacher, title="My worksheet")
    client.force_login(teacher)
    assert "My worksheet" in client.get(reverse("people:my_data")).content.decode()


def test_who_asks_first_finds_what_is_public_read_already(school, django_assert_num_queries, django_capture_on_commit_callbacks):
    resource = published(owner=member_of(school))
    with django_capture_on_commit_callbacks(execute=True):
        serving_began.announce()
    with django_assert_num_queries(1):
        assert counting.image().keys_of([resource.work_id]) == [resource.pk]
