from __future__ import annotations

import pytest
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.search import search
from guildhall.library import actions
from guildhall.library.models import Resource, Source, Version
from guildhall.library.search import PUBLIC
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.models import Notice, Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def manager(school):
    return member_of(school)


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER)


@pytest.fixture
def draft(school, teacher):
    return ResourceFactory(organisation=school, owner=teacher)


def found(word):
    return [hit.key for hit in search(word, scopes=[PUBLIC]).hits]


def test_a_teacher_writes_hands_in_and_a_manager_publishes(school, teacher, manager):
    described = {
        "language": "en",
        "title": "Visit checklist",
        "summary": "What to look at.",
        "text": "Machines",
        "kind": "worksheet",
    }
    resource = actions.start_resource(school, described=described, by=teacher, at=now())
    with pytest.raises(Refused, match="Name who made it"):
        actions.hand_in(resource, by=teacher, at=now())
    actions.change_resource(resource, described={"authors": [{"name": "Ada"}]}, by=teacher, at=now())
    actions.hand_in(resource, by=teacher, at=now())
    assert Notice.objects.get(user=manager).sentence == f"{teacher} would like “Visit checklist” to be published."
    assert found("checklist") == []
    resource = actions.publish_resource(resource, by=manager, at=now())
    assert (resource.state, resource.current.number, resource.has_changes) == ("published", 1, False)
    assert resource.current.title == "Visit checklist"
    assert found("checklist") == [resource.pk]
    assert "has published" in Notice.objects.get(user=teacher).sentence


def test_what_is_public_stays_as_it_is_until_it_is_published_again(draft, manager, teacher):
    actions.publish_resource(draft, by=manager, at=now())
    actions.change_resource(draft, described={"title": "Second call sheet"}, by=teacher, at=now())
    resource = Resource.objects.get(pk=draft.pk)
    assert resource.shown.title.startswith("First call sheet")
    assert found("second") == []
    resource = actions.publish_resource(resource, what_changed="Another call", by=manager, at=now())
    assert resource.shown.title == "Second call sheet"
    assert found("second") == [resource.pk]
    assert list(Version.objects.order_by("number").values_list("number", "what_changed")) == [(1, ""), (2, "Another call")]
    with pytest.raises(Refused, match="nothing that is not published"):
        actions.publish_resource(resource, by=manager, at=now())


def test_who_may_not_publish_is_told_to_hand_it_in(draft, teacher):
    with pytest.raises(NotAllowed, match="Hand it in"):
        actions.publish_resource(draft, by=teacher, at=now())


def test_a_learner_may_not_write_in_public(school):
    with pytest.raises(NotAllowed, match="learners not"):
        actions.start_resource(school, described={}, by=member_of(school, Role.LEARNER), at=now())


def test_a_stranger_may_not_change_it(draft):
    with pytest.raises(NotAllowed):
        actions.change_resource(draft, described={"title": "Mine now"}, by=UserFactory(), at=now())


def test_what_is_sent_back_comes_with_a_word_why(draft, teacher, manager):
    actions.hand_in(draft, by=teacher, at=now())
    with pytest.raises(Refused, match="already"):
        actions.hand_in(draft, by=teacher, at=now())
    with pytest.raises(Refused, match="still missing"):
        actions.send_back(draft, why=" ", by=manager, at=now())
    resource = actions.send_back(draft, why="Who decides?", by=manager, at=now())
    assert resource.submitted_at is None
    assert Notice.objects.get(user=teacher).sentence.endswith("Who decides?")
    with pytest.raises(Refused, match="not handed in"):
        actions.send_back(draft, why="Again", by=manager, at=now())


def test_what_is_withdrawn_is_not_found_and_can_be_taken_up_again(draft, manager):
    actions.publish_resource(draft, by=manager, at=now())
    with pytest.raises(Refused, match="why"):
        actions.withdraw_resource(draft, why="", by=manager, at=now())
    resource = actions.withdraw_resource(draft, why="The law has changed.", by=manager, at=now())
    assert found("call") == []
    assert not Resource.objects.public().exists()
    with pytest.raises(Refused, match="Take it up again"):
        actions.change_resource(resource, described={"title": "New"}, by=manager, at=now())
    actions.take_up_again(resource, by=manager, at=now())
    assert found("call") == [resource.pk]
    with pytest.raises(Refused, match="not withdrawn"):
        actions.take_up_again(resource, by=manager, at=now())


def test_who_relies_on_what_is_withdrawn_is_told_why(draft, teacher, manager):
    draft = actions.publish_resource(draft, by=manager, at=now())
    here, elsewhere = {"organisation": OrganisationFactory(), "at": now()}, member_of(OrganisationFactory())
    user, collector = member_of(here["organisation"]), member_of(here["organisation"])
    actions.tell_of_use(draft, sentence="Well", language="en", by=user, **here)
    actions.collect_in_new(here["organisation"], title="Calls", language="en", resource=draft, by=collector, at=now())
    Notice.objects.all().delete()
    actions.withdraw_resource(draft, why="The law has changed.", by=manager, at=now())
    told = {notice.user: notice.sentence for notice in Notice.objects.all()}
    assert told == dict.fromkeys([teacher, user, collector], f"{manager} has withdrawn “{draft.title}”: The law has changed.")
    assert elsewhere not in told


def test_two_who_write_at_the_same_time_do_not_undo_each_other(draft, teacher, manager):
    actions.change_resource(draft, described={"title": "Hers"}, revision=0, by=teacher, at=now())
    with pytest.raises(Refused, match="Somebody else"):
        actions.change_resource(draft, described={"title": "His"}, revision=0, by=manager, at=now())
    assert Resource.objects.get(pk=draft.pk).title == "Hers"


def test_a_draft_can_be_thrown_away_and_what_was_published_cannot(draft, teacher, manager):
    other = published(organisation=draft.organisation)
    actions.drop_draft(draft, by=teacher, at=now())
    assert list(Resource.objects.all()) == [other]
    with pytest.raises(Refused, match="withdrawn, not thrown away"):
        actions.drop_draft(other, by=manager, at=now())


class TestTranslations:
    @pytest.fixture
    def original(self):
        return published(title="Mentor’s one-pager", licence="by-sa")

    def test_a_translation_knows_its_original_and_when_that_has_changed(self, original, school, manager):
        translation = actions.start_translation(original, organisation=school, language="de", by=manager, at=now())
        assert (translation.work, translation.translated_from, translation.licence) == (original, original.current, "by-sa")
        assert Source.objects.get(resource=translation).of == original
        with pytest.raises(Refused, match="already"):
            actions.start_translation(original, organisation=school, language="de", by=manager, at=now())
        with pytest.raises(Refused, match="not changed"):
            actions.catch_up(translation, by=manager, at=now())
        author = member_of(original.organisation)
        actions.change_resource(original, described={"summary": "For mentors."}, by=author, at=now())
        original = actions.publish_resource(original, by=author, at=now())
        translation = Resource.objects.get(pk=translation.pk)
        assert translation.translated_from != original.current
        assert actions.catch_up(translation, by=manager, at=now()).translated_from == original.current

    def test_what_nobody_has_translated_is_not_published_as_a_translation(self, original, school, manager):
        translation = actions.start_translation(original, organisation=school, language="de", by=manager, at=now())
        for publish in (actions.hand_in, actions.publish_resource):
            with pytest.raises(Refused, match="Nothing of this is translated yet"):
                publish(translation, by=manager, at=now())
        actions.change_resource(translation, described={"title": "Blatt"}, by=manager, at=now())
        assert actions.publish_resource(translation, by=manager, at=now()).is_public

    def test_a_machine_is_not_published_before_somebody_has_looked_through(self, original, school, manager):
        given = {"title": "Blatt"}
        translation = actions.start_translation(
            original, organisation=school, language="de", described=given, is_machine=True, by=manager, at=now()
        )
        with pytest.raises(Refused, match="machine"):
            actions.publish_resource(translation, by=manager, at=now())
        translation = actions.look_through(translation, by=manager, at=now())
        assert actions.publish_resource(translation, by=manager, at=now()).shown.title == "Blatt"

    def test_of_a_work_the_language_one_reads_is_shown(self, original, school, manager):
        given = {"organisation": school, "language": "de", "described": {"title": "Auf Deutsch"}}
        translation = actions.start_translation(original, **given, by=manager, at=now())
        actions.publish_resource(translation, by=manager, at=now())
        assert list(Resource.objects.best_of_each_work(["de", "en"])) == [translation]
        assert list(Resource.objects.best_of_each_work(["en", "de"])) == [original]
        assert list(Resource.objects.best_of_each_work(["el"])) == [original]

    def test_a_licence_that_forbids_changes_forbids_translating(self, school, manager):
        with pytest.raises(Refused, match="not translated or changed"):
            actions.start_translation(published(licence="by-nd"), organisation=school, language="de", by=manager, at=now())


class TestSources:
    def test_made_from_something_alike_it_must_be_under_the_same_licence(self, draft, teacher):
        source = published(licence="by-sa")
        with pytest.raises(Refused, match="must be under CC BY-SA"):
            actions.add_source(draft, relation="based_on", of=source, by=teacher, at=now())
        draft = actions.change_resource(draft, described={"licence": "by-sa"}, by=teacher, at=now())
        actions.add_source(draft, relation="based_on", of=source, what_changed="Shorter", by=teacher, at=now())
        with pytest.raises(Refused, match="already"):
            actions.add_source(draft, relation="remix", of=source, by=teacher, at=now())

    def test_a_licence_chosen_later_keeps_it_from_being_published(self, draft, teacher, manager):
        actions.add_source(draft, relation="based_on", title="A book", licence="by", by=teacher, at=now())
        draft = actions.change_resource(draft, described={"licence": "cc0"}, by=teacher, at=now())
        with pytest.raises(Refused, match="authors must be named"):
            actions.publish_resource(draft, by=manager, at=now())

    def test_nothing_is_made_from_itself(self, draft, teacher, manager):
        first = actions.publish_resource(draft, by=manager, at=now())
        second = ResourceFactory(organisation=first.organisation)
        actions.add_source(second, relation="based_on", of=first, by=teacher, at=now())
        second = actions.publish_resource(second, by=manager, at=now())
        with pytest.raises(Refused, match="was made from this one"):
            actions.add_source(first, relation="based_on", of=second, by=teacher, at=now())

    def test_somewhere_else_needs_a_name(self, draft, teacher):
        with pytest.raises(Refused, match="Name what"):
            actions.add_source(draft, relation="based_on", by=teacher, at=now())
