"""Captions are read strictly and kept so that they can do nothing; what is spoken is found at its second."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.search import search
from guildhall.library import actions
from guildhall.library.films.tracks import (
    MOST_BYTES,
    Cue,
    Unreadable,
    cleaned,
    clock,
    cues_of_minute,
    exact,
    moment,
    parse,
    read,
    written,
)
from guildhall.library.films.transcripts import PASSAGE, describe_passages, everything_said
from guildhall.library.models import Film, Track
from guildhall.library.search import PUBLIC
from guildhall.library.tests.factories import ResourceFactory, member_of
from guildhall.people.tests.factories import OrganisationFactory

VTT = """WEBVTT - a film

STYLE
::cue { background: url(https://elsewhere.example/) }

NOTE nobody reads this

first
00:01.000 --> 00:03.500 position:10%,line-left align:left
<v Ada Lovelace>We begin at <i>four</i>.

1:02:03.000 --> 1:02:04.000
The learners & the masters
"""


class TestReading:
    def test_webvtt(self):
        assert read(VTT.encode()) == [
            Cue(1, 3.5, "Ada Lovelace: We begin at <i>four</i>."),
            Cue(3723, 3724, "The learners &amp; the masters"),
        ]

    @pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_srt_however_it_was_saved(self, coding):
        first = '1\r\n00:00:01,000 --> 00:00:02,5\r\n{\\an8}<font color="red">Grüße</font>\r\naus Łódź\r\n\r\n'
        content = f"{first}2\r\n00:00:03,000 --> 00:00:04,000\r\n-- > ja\r\n"
        assert read(content.encode(coding)) == [Cue(1, 2.5, "Grüße\naus Łódź"), Cue(3, 4, "-- &gt; ja")]

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("<script>alert(1)</script>", "alert(1)"),
            ('<img src=x onerror="alert(1)">text', "text"),
            ("&lt;script&gt;alert(1)", "&lt;script&gt;alert(1)"),
            ("<i>open", "<i>open</i>"),
            ("<i><b>crossed</i></b>", "<i><b>crossed</b></i>"),
            ("<i.loud onclick=x>loud</i>", "<i>loud</i>"),
            ("a <00:00:01.000> b", "a b"),
            ("3 < 4 --> 5", "3 &lt; 4 --&gt; 5"),
            ("<scr<script>ipt>", "&lt;script&gt;"),
            ("\u202egnp.exe\x00", "gnp.exe"),
            ("one\n\n\ntwo", "one\ntwo"),
        ],
    )
    def test_nothing_in_a_cue_can_do_anything(self, given, kept):
        assert cleaned(given) == kept
        assert "-->" not in cleaned(given)

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ("", "no captions"),
            ("WEBVTT\n", "no captions"),
            ("MZ\x90", "Line 1"),
            ("WEBVTT\n\n00:01.000 -> 00:02.000\nx", "Line 3"),
            ("WEBVTT\n\n00:02.000 --> 00:01.000\nx", "line 3"),
            ("WEBVTT\n\n00:61.000 --> 00:62.000\nx", "Line 3"),
            ("WEBVTT\n\n00:01.000 --> 99:00:00.000\nx", "line 3"),
            ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "x" * 1001, "line 4"),
            ("WEBVTT\n" + "\n00:01.000 --> 00:02.000\nx\n" * 6001, "6000"),
        ],
    )
    def test_what_cannot_be_is_refused_with_its_line(self, given, why):
        with pytest.raises(Unreadable, match=why):
            parse(given)

    def test_what_is_too_large_or_no_text_is_refused(self):
        with pytest.raises(Unreadable, match="one megabyte"):
            read(b"x" * (MOST_BYTES + 1))
        with pytest.raises(Unreadable, match="UTF-8"):
            read("1\n00:00:01,000 --> 00:00:02,000\nGrüße".encode("cp1252"))

    def test_what_was_written_is_read_again_as_it_was(self):
        cues = [Cue(0.04, 1, "a <b>b</b>"), Cue(3599.999, 3600.5, "x &amp; y\nz")]
        assert parse(written(cues)) == cues

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ("83", 83),
            ("83.5", 83.5),
            ("1:23", 83),
            ("1:23.5", 83.5),
            ("0:01:23,25", 83.25),
            ("1:99", None),
            ("soon", None),
            ("", None),
        ],
    )
    def test_a_moment_is_read_as_people_write_it(self, said, seconds):
        assert moment(said) == seconds

    def test_the_cues_of_a_minute_are_those_that_begin_in_it(self):
        cues = [
            Cue(start, start + 4, f"At {start}.\n00:01:00.000 is no time here.") for start in (0, 58.5, 60, 61, 119.999, 3661)
        ]
        whole = written(cues)
        assert [cues_of_minute(whole, minute) for minute in (0, 1, 2, 61)] == [cues[:2], cues[2:5], [], cues[5:]]

    def test_a_moment_is_written_as_people_read_it(self):
        assert [clock(83.9), clock(3723), exact(83.5), exact(60)] == ["1:23", "1:02:03", "1:23.500", "1:00"]


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def manager(school):
    return member_of(school)


@pytest.fixture
def film(school, manager):
    resource = ResourceFactory(organisation=school, owner=manager, kind="video", title="A visit")
    return Film.objects.create(resource=resource, state="ready", duration_seconds=200, brought_at=now(), brought_by=manager)


def add(film, by, *, kind="captions", language="en", cues=None, **more) -> Track:
    cues = cues or [
        Cue(1, 3, "We begin at four."),
        Cue(61, 64, "The apprentices knead <i>sourdough</i>."),
        Cue(70, 72, "They go home."),
    ]
    return actions.add_track(film, language=language, kind=kind, cues=cues, by=by, at=now(), **more)


def found(word: str) -> list[int]:
    return [hit.key for hit in search(word, scopes=[PUBLIC], kinds=[PASSAGE]).hits]


@pytest.mark.django_db
class TestTracks:
    def test_captions_for_deaf_people_stand_beside_subtitles_of_the_same_language(self, film, manager):
        add(film, manager)
        add(film, manager, kind="subtitles")
        with pytest.raises(Refused, match="already"):
            add(film, manager)
        assert film.tracks.count() == 2

    def test_only_who_may_change_the_resource_changes_its_tracks(self, film, manager):
        stranger = member_of(OrganisationFactory())
        track = add(film, manager)
        for forbidden in (
            lambda: add(film, stranger, language="de"),
            lambda: actions.change_track(track, cues=[Cue(0, 1, "x")], by=stranger, at=now()),
            lambda: actions.remove_track(track, by=stranger, at=now()),
            lambda: actions.look_through_track(track, by=stranger, at=now()),
        ):
            with pytest.raises(NotAllowed):
                forbidden()

    def test_two_who_write_at_the_same_time_do_not_undo_each_other(self, film, manager):
        track = add(film, manager)
        actions.change_track(track, cues=[Cue(0, 1, "hers")], revision=0, by=manager, at=now())
        with pytest.raises(Refused, match="Somebody else"):
            actions.change_track(track, cues=[Cue(0, 1, "his")], revision=0, by=manager, at=now())

    def test_some_of_the_lines_are_put_in_the_place_of_others(self, film, manager):
        track = add(film, manager)
        track = actions.change_track(track, cues=[Cue(61, 64, "New")], of=slice(1, 3), by=manager, at=now())
        assert [cue.text for cue in parse(track.vtt)] == ["We begin at four.", "New"]
        with pytest.raises(Refused, match="Nothing would be left"):
            actions.change_track(track, cues=[], by=manager, at=now())

    def test_what_a_machine_wrote_says_so_until_somebody_has_looked_through(self, film, manager):
        track = add(film, manager, source="machine")
        assert track.is_rough
        track = actions.look_through_track(track, by=manager, at=now())
        assert not track.is_rough
        with pytest.raises(Refused, match="already"):
            actions.look_through_track(track, by=manager, at=now())

    def test_what_is_spoken_is_found_once_it_is_public_and_while_it_is(self, film, manager):
        track = add(film, manager)
        resource = film.resource
        assert found("sourdough") == []
        resource = actions.publish_resource(resource, by=manager, at=now())
        assert found("sourdough") == [track.pk * 10_000 + 1]
        actions.withdraw_resource(resource, why="Consent was taken back.", by=manager, at=now())
        assert found("sourdough") == []
        resource.refresh_from_db()
        actions.take_up_again(resource, by=manager, at=now())
        assert found("sourdough") == [track.pk * 10_000 + 1]
        actions.change_track(track, cues=[Cue(5, 6, "Nothing of it")], by=manager, at=now())
        assert found("sourdough") == []
        assert found("nothing of it") == [track.pk * 10_000]
        actions.remove_track(track, by=manager, at=now())
        assert found("nothing of it") == []

    def test_of_captions_and_subtitles_in_a_language_only_one_is_found(self, film, manager):
        subtitles = add(film, manager, kind="subtitles")
        actions.publish_resource(film.resource, by=manager, at=now())
        assert found("sourdough") == [subtitles.pk * 10_000 + 1]
        captions = add(film, manager, cues=[Cue(61, 62, "[Dough slaps] The sourdough.")])
        assert found("sourdough") == [captions.pk * 10_000 + 1]
        actions.remove_track(captions, by=manager, at=now())
        assert found("sourdough") == [subtitles.pk * 10_000 + 1]

    def test_the_index_made_anew_says_the_same(self, film, manager):
        track = add(film, manager)
        add(film, manager, kind="chapters")
        actions.publish_resource(film.resource, by=manager, at=now())
        assert [document.key for document in everything_said()] == [track.pk * 10_000, track.pk * 10_000 + 1]
        described = list(describe_passages([track.pk * 10_000 + 1, 7]))
        assert [(document.title, document.url) for document in described] == [
            ("A visit", f"/oer/{film.resource_id}/?t=61#film"),
        ]

    def test_a_search_over_all_films_opens_one_at_the_second(self, film, manager, client):
        add(film, manager)
        actions.publish_resource(film.resource, by=manager, at=now())
        page = client.get(reverse("oer:transcripts"), {"q": "going home"}).content.decode()
        assert f"/oer/{film.resource_id}/?transcript=en&amp;t=1:10#film" in page
        assert "<mark>go</mark> <mark>home</mark>" in page
        assert "Nobody says this" in client.get(reverse("oer:transcripts"), {"q": "elephants"}).content.decode()
        assert client.get(reverse("oer:transcripts")).status_code == 200

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_list_of_hits_costs_no_more_for_three(self, film, manager, client, count, django_assert_num_queries):
        for number in range(count):
            add(film, manager, language=["en", "de", "pl"][number])
        actions.publish_resource(film.resource, by=manager, at=now())
        client.get(reverse("oer:transcripts"), {"q": "sourdough"})
        with django_assert_num_queries(2):
            page = client.get(reverse("oer:transcripts"), {"q": "sourdough"}).content.decode()
        assert page.count("<mark>sourdough</mark>") == count

    def test_the_swapped_fragment_is_the_page_you_would_get_by_reloading(self, film, manager, client):
        add(film, manager)
        actions.publish_resource(film.resource, by=manager, at=now())
        fragment = client.get(reverse("oer:transcripts"), {"q": "home"}, headers={"HX-Request": "true"}).content.decode()
        assert fragment.strip() in client.get(reverse("oer:transcripts"), {"q": "home"}).content.decode()
