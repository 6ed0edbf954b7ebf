"""Counting from memory: it agrees with counting one by one, whatever the library holds, and follows every action at once."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils.timezone import now

from guildhall.library import actions, counting, finding, kinds
from guildhall.library.counting import FILTERS
from guildhall.library.finding import NEWEST, TITLE, USED, Finding
from guildhall.library.listing import rows_of
from guildhall.library.models import PublicChange, PublicState, Resource, Use, Version
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
READ = ["en", "de"]
#: What a random resource is described by, and which choice of which filter that is.
SAID = {
    "kind": {kind: kind for kind in ("worksheet", "slide", "video")},
    "area": {"": "", "1.1": "1.1", "2.3": "2.3"},
    "language": {language: language for language in ("en", "de", "el", "pl")},
    "isced": {"": "", "0715": "07", "0716": "07", "0913": "09"},
    "nace": {"": "", "25.11": "C", "25": "C", "C": "C", "F": "F", "43.21": "F"},
    "licence": {"by": "on", "by-sa": "on", "by-nc": "", "cc0": "on"},
}
FILTER_OF = {"isced": "subject", "nace": "sector", "licence": "open"}


def fill(chance, size):
    """Works in one to four languages, some of which are withdrawn; returns what each public resource answers to."""
    organisations = [OrganisationFactory() for _ in range(3)]
    rows, work, left, at = [], None, 0, now()
    PublicState.objects.create()
    for number in range(size):
        described = {name: chance.choice(list(choices)) for name, choices in SAID.items()}
        several = {"audience": chance.sample(list(kinds.AUDIENCES)[:3], 2), "eqf": chance.sample([3, 4, 5], chance.randint(0, 2))}
        resource = ResourceFactory(organisation=chance.choice(organisations), title=f"{chance.random()}", **described, **several)
        if left:
            resource.work, left = work, left - 1
        else:
            work, left = resource, chance.choice([0, 0, 0, 1, 3])
        version = Version.objects.create(
            resource=resource, number=1, published_at=at, title=resource.title, **described, **several, authors=resource.authors
        )
        resource.current, resource.public_at = version, at - timedelta(minutes=chance.randint(0, size))
        resource.state = chance.choice([Resource.State.PUBLISHED] * 5 + [Resource.State.WITHDRAWN])
        resource.withdrawn_at = at if resource.state == Resource.State.WITHDRAWN else None
        resource.save()
        if resource.is_public:
            answers = {FILTER_OF.get(name, name): {SAID[name][value]} - {""} for name, value in described.items()}
            answers |= {"audience": set(several["audience"]), "level": {str(level) for level in several["eqf"]}}
            answers["organisation"] = {str(resource.organisation_id)}
            rows.append((resource, answers))
        if number % 7 == 0:
            Use.objects.create(resource=resource, by=UserFactory(), organisation=organisations[0], made_at=at)
    return rows


def asked(chance, rows):
    """Some filters, with choices that something answers to, and some to which nothing does."""
    names = chance.sample(FILTERS, chance.randint(0, 3))
    return {name: chance.choice(sorted(chance.choice(rows)[1][name]) or ["2"]) for name in names}


def answering(rows, wanted, but=""):
    return [row for row in rows if all(value in row[1][name] for name, value in wanted.items() if name != but)]


def best_of_each(rows, languages):
    """Of each work the resource in the language that comes first, else the oldest."""
    best = {}
    for resource, _answers in rows:
        rank = languages.index(resource.language) if resource.language in languages else len(languages)
        best.setdefault(resource.work_id, []).append((rank, resource.pk))
    return {min(theirs)[1] for theirs in best.values()}


class TestItAgreesWithCountingOneByOne:
    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize("few", [0, 2_000])
    def test_list_counts_and_orders(self, seed, few, monkeypatch):
        monkeypatch.setattr(finding, "FEW", few)
        chance = random.Random(seed)  # noqa: S311
        rows = fill(chance, 60)
        for _ in range(25):
            wanted = asked(chance, rows)
            found = Finding("", wanted, languages=READ)
            languages = [*filter(None, [wanted.get("language")]), *READ]
            best = best_of_each(answering(rows, wanted), languages)
            counts = found.counts()
            for name in FILTERS:
                counted = {}
                for resource, answers in answering(rows, wanted, but=name):
                    for choice in answers[name]:
                        counted.setdefault(choice, set()).add(resource.work_id)
                assert counts.by_choice[name] == {choice: len(works) for choice, works in counted.items()}, (name, wanted)
            assert counts.total == len(found.found()) == len(best)
            of_best = Resource.objects.filter(pk__in=best)
            newest = list(of_best.order_by("-public_at", "-pk").values_list("pk", flat=True))
            uses = {pk: Use.objects.filter(resource__work=work).count() for pk, work in of_best.values_list("pk", "work")}
            assert found.found()[:100] == newest
            assert found.found(NEWEST)[5:12] == newest[5:12]
            assert found.found(USED)[:100] == sorted(newest, key=lambda pk: -uses[pk])
            titles = [shown.resource.title for shown in rows_of(found.found(TITLE)[:100])]
            assert titles == sorted(titles)
            assert len(titles) == len(best)

    def test_what_a_search_finds_is_narrowed_alike(self, monkeypatch):
        monkeypatch.setattr(finding, "FEW", 0)
        for number in range(6):
            published(title=f"Lathe {number}", kind=["worksheet", "slide"][number % 2], language=["en", "pl"][number // 3])
        published(title="Mill", kind="worksheet")
        found = Finding("lathe", {"kind": "worksheet"}, languages=READ)
        assert found.counts().by_choice["kind"] == {"worksheet": 3, "slide": 3}
        # What one can read first, then what answers best, then the newest.
        assert [shown.resource.title for shown in rows_of(found.found()[:9])] == ["Lathe 0", "Lathe 2", "Lathe 4"]


def counted():
    counts = Finding("", {}, languages=READ).counts()
    return counts.total, counts.by_choice["kind"]


class TestItFollowsEveryAction:
    def test_publishing_changing_withdrawing_and_taking_up_again(self):
        assert counted() == (0, {})
        resource = published(kind="worksheet")
        by = member_of(resource.organisation)
        assert counted() == (1, {"worksheet": 1})
        resource = actions.change_resource(resource, described={"kind": "slide"}, by=by, at=now())
        assert counted() == (1, {"worksheet": 1})
        resource = actions.publish_resource(resource, by=by, at=now())
        assert counted() == (1, {"slide": 1})
        resource = actions.withdraw_resource(resource, why="Out of date.", by=by, at=now())
        assert counted() == (0, {})
        actions.take_up_again(resource, by=by, at=now())
        assert counted() == (1, {"slide": 1})

    def test_a_translation_joins_its_work_and_leaves_it(self):
        resource = published(kind="worksheet", language="en")
        others = [published(kind="slide") for _ in range(3)]
        assert counted() == (4, {"worksheet": 1, "slide": 3})
        by = member_of(resource.organisation)
        described = {"kind": "text", "title": "Auf Deutsch"}
        german = actions.start_translation(
            resource, organisation=resource.organisation, language="de", described=described, by=by, at=now()
        )
        german = actions.publish_resource(german, by=by, at=now())
        assert counted() == (4, {"worksheet": 1, "text": 1, "slide": 3})
        # Of one organisation two languages are one work.
        counts = Finding("", {}, languages=READ).counts()
        assert counts.by_choice["organisation"][str(resource.organisation_id)] == 1
        assert Finding("", {"kind": "text"}, languages=["en"]).found()[:5] == [german.pk]
        actions.withdraw_resource(resource, why="Out of date.", by=by, at=now())
        assert counted() == (4, {"text": 1, "slide": 3})
        assert len(Finding("", {}, languages=READ).found()[:9]) == 1 + len(others)

    def test_an_organisation_has_the_name_it_has_now(self):
        resource = published()
        names = Finding("", {}, languages=READ).counts().organisations
        assert names == {str(resource.organisation_id): resource.organisation.name}
        type(resource.organisation).objects.filter(pk=resource.organisation_id).update(name="Renamed School")
        assert Finding("", {}, languages=READ).counts().organisations == {str(resource.organisation_id): "Renamed School"}

    def test_it_costs_one_query_when_nothing_has_changed_and_three_when_something_has(self, django_assert_num_queries):
        published()
        counting.image()
        with django_assert_num_queries(1):
            before = counting.image()
        published()
        with django_assert_num_queries(3):
            assert counting.image() is not before

    def test_who_counts_is_not_disturbed_by_who_reads_what_has_changed(self, monkeypatch):
        worksheet, _slide = published(kind="worksheet", language="en"), published(kind="slide")
        by, at = member_of(worksheet.organisation), now()
        described = {"kind": "worksheet", "title": "Auf Deutsch"}
        german = actions.start_translation(
            worksheet, organisation=worksheet.organisation, language="de", described=described, by=by, at=at
        )
        actions.publish_resource(german, by=by, at=at)
        image = counting.image()
        flags = image.of("kind", ["worksheet"])
        first_of_each = counting._first_of_each

        def meanwhile(numbers):
            for name in FILTERS:
                image._columns[name].code_of((f"new {len(image._columns[name].answers)}",))
            return first_of_each(numbers)

        monkeypatch.setattr(counting, "_first_of_each", meanwhile)
        assert image.count(["kind"], flags) == {"kind": {"worksheet": 1}}

    def test_when_very_much_has_changed_all_is_read_anew(self, monkeypatch):
        monkeypatch.setattr(counting, "MOST_CHANGED", 1)
        published(kind="worksheet")
        assert counted() == (1, {"worksheet": 1})
        for _ in range(3):
            published(kind="slide")
        assert counted() == (4, {"worksheet": 1, "slide": 3})

    def test_another_history_of_the_database_is_noticed(self):
        """As after a backup was played back: the numbers may be the same, what they stand for is not."""
        published(kind="worksheet")
        assert counted() == (1, {"worksheet": 1})
        Resource.objects.update(state=Resource.State.WITHDRAWN, withdrawn_at=now())
        PublicState.objects.update(epoch="another")
        assert counted() == (0, {})

    def test_every_change_has_a_number_of_its_own_and_the_last_one_is_known(self):
        first, second = published(), published()
        numbers = dict(PublicChange.objects.values_list("work", "number"))
        assert numbers[first.work_id] < numbers[second.work_id] == PublicState.objects.get().number
