"""The pages of a film: sent in pieces, watched with and without JavaScript, by those who may see it and nobody else."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape
from django.utils.timezone import now

from guildhall.core.files import made
from guildhall.core.tasks import run_waiting
from guildhall.library import actions
from guildhall.library.actions.prompts import Asked
from guildhall.library.attribution import attribution_text
from guildhall.library.films.tracks import Cue, parse
from guildhall.library.models import Answer, Film, Prompt, PromptText, Rendition, Track, Upload
from guildhall.library.tests.clips import clip
from guildhall.library.tests.factories import ResourceFactory, member_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
TUS = {"Tus-Resumable": "1.0.0"}


SAID = "WEBVTT\n\n00:01.000 --> 00:02.000\nWir fangen an.\n"


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER)


@pytest.fixture
def manager(school):
    return member_of(school)


@pytest.fixture
def draft(school, teacher):
    return ResourceFactory(organisation=school, owner=teacher, kind="video", title="A visit at the bakery")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return clip(tmp_path_factory.mktemp("clips") / "small.mp4", width=640, height=480)


@pytest.fixture
def film(draft, teacher, tmp_path) -> Film:
    """A film of a minute and a half, as if it had been made, with captions, descriptions, chapters and questions."""
    film = Film.objects.create(
        resource=draft, state="ready", duration_seconds=90, width=640, height=480, brought_at=now(), brought_by=teacher
    )

    def kept(name: str, content_type: str):
        (path := tmp_path / name).write_bytes(name.encode() * 100)
        return made.put(path).keep(name=name, content_type=content_type, kept_for=film, by=teacher)

    film.source, film.poster = kept("a.mp4", "video/mp4"), kept("poster.jpg", "image/jpeg")
    film.save()
    for kind, height in {"360p": 360, "720p": 480, "audio": 0}.items():
        content_type = "audio/mp4" if kind == "audio" else "video/mp4"
        stored = kept(f"{kind}.mp4", content_type)
        Rendition.objects.create(film=film, kind=kind, file=stored, width=height * 4 // 3, height=height)
    said = {
        ("captions", "en"): [Cue(1, 3, "[A bell] We begin at <i>four</i>."), Cue(80, 85, "They go home &amp; sleep.")],
        ("captions", "de"): [Cue(1, 3, "Wir beginnen um vier."), Cue(80, 85, "Sie gehen nach Hause.")],
        ("descriptions", "en"): [Cue(0, 1, "A dark street.")],
        ("chapters", "en"): [Cue(0, 60, "In the bakery"), Cue(60, 90, "Home")],
    }
    for (kind, language), cues in said.items():
        actions.add_track(film, kind=kind, language=language, cues=cues, by=teacher, at=now())
    asks = [
        (
            10,
            "choose",
            {"en": Asked("Who decides?", ["The owner", "Nobody"]), "de": Asked("Wer entscheidet?", ["Chefin", "Niemand"])},
        ),
        (60, "write", {"en": Asked("What would you ask first?")}),
        (70, "scale", {"en": Asked("How near is this to your school?")}),
        (80, "think", {"en": Asked("Who is not in the picture?")}),
    ]
    for second, kind, texts in asks:
        actions.add_prompt(film, at_seconds=second, kind=kind, texts=texts, by=teacher, at=now())
    return film


@pytest.fixture
def public(film, manager):
    film.resource.refresh_from_db()
    return actions.publish_resource(film.resource, by=manager, at=now())


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


class TestSending:
    @pytest.fixture
    def begin(self, client, draft, teacher):
        client.force_login(teacher)

        def begin(length: int, name: str = "Ein Besuch.mp4"):
            told = f"filename {base64.b64encode(name.encode()).decode()},mark {base64.b64encode(b'17').decode()}"
            return client.post(
                reverse("library:upload_begin", args=[draft.pk]),
                headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": told},
            )

        return begin

    def patch(self, client, place: str, content: bytes, offset: int, **headers: str):
        told = {**TUS, "Upload-Offset": str(offset), **headers}
        return client.patch(place, content, content_type="application/offset+octet-stream", headers=told)

    def test_a_film_comes_in_pieces_and_is_made(self, client, begin, small):
        content = small.read_bytes()
        answer = begin(len(content))
        place = answer["Location"]
        assert (answer.status_code, answer["Tus-Resumable"], answer["Upload-Offset"]) == (201, "1.0.0", "0")
        half = len(content) // 2
        assert self.patch(client, place, content[:half], 0)["Upload-Offset"] == str(half)
        again = begin(len(content))
        assert (again["Location"], again["Upload-Offset"]) == (place, str(half)), "another window goes on"
        head = client.head(place, headers=TUS)
        assert (head["Upload-Offset"], head["Upload-Length"], head["Cache-Control"]) == (str(half), str(len(content)), "no-store")
        answer = self.patch(client, place, content[half:], half)
        assert (answer.status_code, answer["Upload-Offset"]) == (204, str(len(content)))
        assert self.patch(client, place, b"", len(content)).status_code == 204, "whose answer was lost may ask again"
        run_waiting()
        assert Film.objects.get().is_ready

    def test_the_page_offers_to_go_on(self, client, begin, draft):
        place = begin(100)["Location"]
        self.patch(client, place, b"\0\0\0\x18ftypisom" + b"\0" * 13, 0)
        page = client.get(reverse("library:film", args=[draft.pk])).content.decode()
        assert "Ein Besuch.mp4 was begun, and 25 % of it have arrived." in page
        client.post(reverse("library:upload_drop", args=[Upload.objects.get().pk]))
        assert not Upload.objects.exists()

    @pytest.mark.parametrize(
        ("change", "status", "says"),
        [
            ({"Upload-Offset": "5"}, 409, "0 bytes have arrived"),
            ({"Upload-Offset": "-1"}, 400, "number of bytes"),
            ({"Upload-Offset": "x"}, 400, "number of bytes"),
            ({"Tus-Resumable": "0.2.2"}, 412, "version 1.0.0"),
        ],
    )
    def test_what_is_not_the_protocol_is_refused_in_a_sentence(self, client, begin, change, status, says):
        answer = self.patch(client, begin(100)["Location"], b"0123", 0, **change)
        assert answer.status_code == status
        assert says in answer.content.decode()
        assert answer["Content-Type"].startswith("text/plain")

    def test_a_form_is_no_piece(self, client, begin):
        answer = client.patch(begin(100)["Location"], b"0123", content_type="text/plain", headers={**TUS, "Upload-Offset": "0"})
        assert answer.status_code == 415

    def test_more_than_was_announced_is_refused(self, client, begin):
        assert self.patch(client, begin(3)["Location"], b"0123", 0).status_code == 413

    def test_what_is_told_of_a_file_is_checked(self, client, begin, draft):
        address = reverse("library:upload_begin", args=[draft.pk])
        assert client.post(address, headers={**TUS, "Upload-Length": "9" * 25}).status_code == 400
        assert client.post(address, headers={**TUS, "Upload-Length": "9" * 18}).status_code == 413
        broken = client.post(address, headers={**TUS, "Upload-Length": "9", "Upload-Metadata": "filename ***"})
        assert broken.status_code == 400

    def test_what_is_no_film_is_given_up_before_all_of_it_has_come(self, client, begin):
        place = begin(10_000_000)["Location"]
        answer = self.patch(client, place, b"MZ\x90\x00" * 2000, 0)
        assert (answer.status_code, Upload.objects.count()) == (415, 0)

    def test_the_upload_of_another_person_is_not_there(self, client, begin, school):
        place = begin(100)["Location"]
        client.force_login(member_of(school))
        for answer in (client.head(place, headers=TUS), self.patch(client, place, b"x", 0), client.delete(place, headers=TUS)):
            assert answer.status_code == 404

    def test_a_stranger_sends_nothing(self, client, draft):
        client.force_login(member_of(OrganisationFactory()))
        address = reverse("library:upload_begin", args=[draft.pk])
        assert client.post(address, headers={**TUS, "Upload-Length": "9"}).status_code == 404

    def test_what_is_given_up_is_gone(self, client, begin):
        place = begin(100)["Location"]
        assert client.delete(place, headers=TUS).status_code == 204
        assert client.head(place, headers=TUS).status_code == 404

    def test_without_javascript_a_small_film_comes_at_once(self, client, draft, teacher, small):
        client.force_login(teacher)
        address = reverse("library:film", args=[draft.pk])
        answer = client.post(address, {"film": SimpleUploadedFile("a.mp4", small.read_bytes())}, follow=True)
        assert "The film has arrived, and is being made." in answer.content.decode()
        state = client.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "Waiting to look at the film" in state
        assert state.strip() in client.get(address).content.decode()
        run_waiting()
        assert client.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
        assert "<video" in client.get(address).content.decode()

    def test_what_is_no_film_is_said_beside_the_field(self, client, draft, teacher):
        client.force_login(teacher)
        answer = client.post(reverse("library:film", args=[draft.pk]), {"film": SimpleUploadedFile("a.mp4", b"text")})
        assert answer.status_code == 422
        assert "in fact it is a plain text" in answer.content.decode()


class TestFiles:
    def test_a_draft_is_seen_by_those_who_write_it_and_nobody_else(self, client, film, teacher):
        addresses = [
            reverse("oer:film_file", args=[film.pk, "360p"]),
            reverse("oer:film_poster", args=[film.pk]),
            reverse("oer:film_track", args=[film.pk, "en", "captions"]),
            reverse("oer:film_guide", args=[film.resource_id]),
        ]
        for address in addresses:
            assert client.get(address).status_code == 404
        client.force_login(teacher)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200
            body(answer)

    def test_what_was_sent_is_given_to_nobody(self, client, film, public, teacher):
        client.force_login(teacher)
        assert client.get(film.source.get_absolute_url()).status_code == 404

    def test_what_is_withdrawn_is_not_played_any_more(self, client, film, public, manager):
        address = reverse("oer:film_file", args=[film.pk, "720p"])
        body(client.get(address))
        actions.withdraw_resource(public, why="Consent was taken back.", by=manager, at=now())
        assert client.get(address).status_code == 404

    def test_players_get_the_part_they_ask_for(self, client, film, public):
        stored = film.renditions.get(kind="360p").file
        content = Path(stored.content.path).read_bytes()
        address = reverse("oer:film_file", args=[film.pk, "360p"])
        # A server that packs a part on its way would send other bytes than it says.
        answer = client.get(address, headers={"Range": "bytes=100-299", "Accept-Encoding": "gzip"})
        assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes 100-299/{len(content)}")
        assert body(answer) == content[100:300]
        assert not answer.has_header("Content-Encoding") or answer["Content-Encoding"] == "identity"
        assert answer["Content-Length"] == "200"

    def test_captions_come_as_captions_and_run_nothing(self, client, film, public):
        answer = client.get(reverse("oer:film_track", args=[film.pk, "en", "captions"]))
        assert answer["Content-Type"] == "text/vtt; charset=utf-8"
        assert (answer["X-Content-Type-Options"], "sandbox" in answer["Content-Security-Policy"]) == ("nosniff", True)
        assert answer.content.decode().startswith("WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n[A bell] We begin at <i>four</i>.")


class TestWatching:
    """What each reader gets is written down in docs/films.md."""

    @pytest.fixture
    def page(self, client, public):
        return lambda **asked: client.get(public.get_absolute_url(), asked).content.decode()

    def test_a_film_plays_without_javascript_and_never_by_itself(self, page, film):
        shown = page()
        video = re.search(r"<video.*?</video>", shown, re.DOTALL).group()
        assert " controls" in video
        assert "autoplay" not in video
        large, short = (reverse("oer:film_file", args=[film.pk, kind]) for kind in ("720p", "360p"))
        assert video.index(large) < video.index(short)
        assert 'media="(min-width: 900px)"' in video

    def test_a_deaf_person_gets_captions_that_are_on_and_a_text_with_what_is_heard(self, page, film):
        shown = page()
        track = reverse("oer:film_track", args=[film.pk, "en", "captions"])
        assert f'<track src="{track}" kind="captions" srclang="en" label="English, captions for deaf people" default>' in shown
        assert shown.count(" default>") == 1
        assert "[A bell] We begin at four." in shown

    def test_a_blind_person_gets_descriptions_the_sound_alone_and_a_text_with_what_is_seen(self, page, film):
        shown = page()
        assert 'kind="descriptions"' in shown
        assert reverse("oer:film_file", args=[film.pk, "audio"]) in shown
        assert "[A dark street.]" in shown
        assert shown.index("[A dark street.]") < shown.index("[A bell]")
        assert 'aria-label="A visit at the bakery"' in shown

    def test_who_has_a_keyboard_only_gets_there_by_links_and_buttons(self, page):
        shown = page()
        assert '<a href="?t=80#film" data-seek="80.0" aria-describedby="transcript-3">1:20</a>' in shown
        assert 'href="#transcript-heading"' in shown
        assert 'tabindex="1"' not in shown

    def test_a_link_to_a_moment_begins_there_without_javascript(self, page, film):
        address = reverse("oer:film_file", args=[film.pk, "360p"])
        assert f'src="{address}#t=80"' in page(t="80")
        assert f'src="{address}#t=80"' in page(t="1:20")
        for other in ("x", "-1", "99999", "nan"):
            assert f'src="{address}"' in page(t=other)

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same_for_one_track_and_question_and_for_three(
        self, client, public, film, count, django_assert_num_queries
    ):
        film.prompts.all().delete()
        film.tracks.all().delete()
        for number in range(count):
            track = {"language": ["de", "pl", "el"][number], "kind": Track.Kind.CAPTIONS, "vtt": SAID, "changed_at": now()}
            Track.objects.create(film=film, **track)
            prompt = Prompt.objects.create(film=film, at_seconds=number + 1)
            PromptText.objects.create(prompt=prompt, language="de", question="Warum?")
        client.get(public.get_absolute_url())
        # The resource, its files and sources; the film, its files and tracks; questions and their words; what is beside it.
        with django_assert_num_queries(9):
            client.get(public.get_absolute_url())

    def test_the_transcript_comes_in_the_language_one_asks_for_and_says_which(self, page):
        shown = page(transcript="de")
        assert 'lang="de" role="list">' in shown
        assert "Wir beginnen um vier." in shown
        assert "Wir beginnen um vier." not in page()
        assert "[A bell]" in page(transcript="xx")

    def test_chapters_and_questions_stand_below_with_their_moments(self, page):
        shown = page()
        assert "In the bakery" in shown
        for question in ("Who decides?", "What would you ask first?", "Who is not in the picture?"):
            assert question in shown
        assert re.findall(r'data-pause="(\d+)"', shown) == ["10", "60", "70", "80"]
        assert "Sign in to keep your answers" in shown

    def test_a_translation_shows_the_film_of_its_original_in_its_language(self, client, public, manager, film):
        translation = actions.start_translation(public, organisation=public.organisation, language="de", by=manager, at=now())
        actions.change_resource(translation, described={"title": "Ein Besuch", "text": ""}, by=manager, at=now())
        translation.refresh_from_db()
        translation = actions.publish_resource(translation, by=manager, at=now())
        shown = client.get(translation.get_absolute_url()).content.decode()
        assert reverse("oer:film_file", args=[film.pk, "360p"]) in shown
        assert "Wir beginnen um vier." in shown
        assert "Wer entscheidet?" in shown

    def test_the_guide_has_chapters_questions_and_room_to_write(self, client, public):
        guide = client.get(reverse("oer:film_guide", args=[public.pk])).content.decode()
        for said in ("In the bakery", "Who decides?", "The owner", "Watch the film together, 1:30"):
            assert said in guide
        assert guide.count('class="writing-lines"') == 5
        assert escape(attribution_text(public.shown)) in guide  # on paper, too, its authors are named

    def test_a_resource_without_a_film_has_no_guide(self, client, school):
        other = ResourceFactory(organisation=school)
        other = actions.publish_resource(other, by=member_of(school), at=now())
        assert client.get(reverse("oer:film_guide", args=[other.pk])).status_code == 404


class TestAnswers:
    @pytest.fixture
    def prompts(self, film):
        return {prompt.kind: prompt for prompt in Prompt.objects.all()}

    @pytest.fixture
    def other_school(self):
        return OrganisationFactory()

    @pytest.fixture
    def learner(self, other_school):
        return member_of(other_school, Role.LEARNER)

    def answer(self, client, prompt, **sent):
        return client.post(reverse("library:prompt_answer", args=[prompt.pk]), sent, headers={"HX-Request": "true"})

    def test_an_answer_saves_itself_and_is_there_again(self, client, public, prompts, learner):
        client.force_login(learner)
        shown = client.get(public.get_absolute_url()).content.decode()
        assert 'hx-trigger="input delay:1500ms, change delay:300ms, submit"' in shown
        saved = self.answer(client, prompts["choose"], value="1", text="We have no owner.", visibility="private")
        assert saved.status_code == 200
        assert "only I see it" in saved.content.decode()
        assert Answer.objects.get().value == 1
        self.answer(client, prompts["choose"], value="0", text="We do.", visibility="group")
        answer = Answer.objects.get()
        assert (answer.value, answer.text, answer.organisation) == (0, "We do.", learner.memberships.get().organisation)
        shown = client.get(public.get_absolute_url()).content.decode()
        assert "We do." in shown
        fragment = re.sub(
            r'value="[\w-]{20,}"',
            "",
            self.answer(client, prompts["choose"], value="0", text="We do.", visibility="group").content.decode(),
        )
        page = re.sub(r'value="[\w-]{20,}"', "", client.get(public.get_absolute_url()).content.decode())
        assert fragment.strip() in page, "the fragment is what a reload shows"

    def test_without_javascript_a_button_keeps_it(self, client, public, prompts, learner):
        client.force_login(learner)
        address = reverse("library:prompt_answer", args=[prompts["write"].pk])
        answer = client.post(address, {"text": "Who opens?", "visibility": "private", "resource": public.pk}, follow=True)
        assert answer.redirect_chain[-1][0] == f"{public.get_absolute_url()}#prompt-{prompts['write'].pk}"
        assert "Who opens?" in answer.content.decode()
        client.post(reverse("library:answer_take_back", args=[prompts["write"].pk]))
        assert not Answer.objects.exists()

    @pytest.mark.parametrize("sent", [{"value": "7"}, {"value": "x"}, {"visibility": "everybody"}, {"text": "x" * 4001}])
    def test_what_is_not_offered_is_not_kept(self, client, public, prompts, learner, sent):
        client.force_login(learner)
        answer = self.answer(client, prompts["scale"], **{"value": "3", "visibility": "private", **sent})
        assert answer.status_code == 422
        assert not Answer.objects.exists()

    def test_what_is_only_thought_about_is_not_answered(self, client, public, prompts, learner):
        client.force_login(learner)
        assert self.answer(client, prompts["think"], text="x", visibility="private").status_code == 409

    def test_who_belongs_nowhere_answers_for_themselves(self, client, public, prompts):
        client.force_login(UserFactory())
        assert self.answer(client, prompts["write"], text="Mine").status_code == 200
        assert Answer.objects.get().visibility == "private"

    def test_a_visitor_is_led_to_sign_in(self, client, public, prompts):
        assert self.answer(client, prompts["write"], text="x").status_code == 302

    def test_a_question_of_a_draft_is_not_there_for_others(self, client, film, prompts, learner):
        client.force_login(learner)
        assert self.answer(client, prompts["write"], text="x", visibility="private").status_code == 404

    def test_a_group_sees_what_is_shared_with_it_and_who_leads_it_sees_more(
        self, client, public, prompts, learner, other_school, school
    ):
        said = {"private": "Mine alone", "group": "For us all", "facilitator": "For my teacher"}
        for visibility, text in said.items():
            person = member_of(other_school, Role.LEARNER)
            actions.answer_prompt(
                prompts["write"], text=text, visibility=visibility, organisation=other_school, by=person, at=now()
            )
        actions.answer_prompt(prompts["choose"], value=1, visibility="group", organisation=other_school, by=learner, at=now())
        address = reverse("library:film_thoughts", args=[public.pk])

        def seen(person) -> list[str]:
            client.force_login(person)
            page = client.get(address).content.decode()
            return [visibility for visibility, text in said.items() if text in page]

        assert seen(learner) == ["group"]
        assert seen(member_of(other_school, Role.COORDINATOR)) == ["group", "facilitator"]
        assert seen(member_of(school)) == [], "who published the film sees nothing of other organisations"
        client.force_login(UserFactory())
        assert client.get(address).status_code == 404

    def test_counts_are_of_what_is_shared(self, client, public, prompts, other_school):
        for value in (0, 1, 1):
            person = member_of(other_school, Role.LEARNER)
            actions.answer_prompt(
                prompts["choose"], value=value, visibility="group", organisation=other_school, by=person, at=now()
            )
        client.force_login(member_of(other_school))
        page = client.get(reverse("library:film_thoughts", args=[public.pk])).content.decode()
        assert re.search(r"The owner.*?>\s*1\s*<.*?Nobody.*?>\s*2\s*<", page, re.DOTALL)

    @pytest.mark.parametrize("count", [1, 3])
    def test_what_a_group_thought_costs_the_same_for_one_and_for_three(
        self, client, public, prompts, other_school, count, django_assert_num_queries
    ):
        for _number in range(count):
            person = member_of(other_school, Role.LEARNER)
            actions.answer_prompt(prompts["write"], text="x", visibility="group", organisation=other_school, by=person, at=now())
        client.force_login(member_of(other_school))
        client.get(reverse("library:film_thoughts", args=[public.pk]))
        with django_assert_num_queries(9):
            client.get(reverse("library:film_thoughts", args=[public.pk]))


class TestWorkroom:
    @pytest.fixture(autouse=True)
    def _signed_in(self, client, teacher):
        client.force_login(teacher)

    def test_a_track_comes_from_a_file(self, client, film):
        address = reverse("library:track_add", args=[film.resource_id])
        sent = {"kind": "subtitles", "language": "pl", "source": "machine", "label": ""}
        given = SimpleUploadedFile("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\nZaczynamy <script>o czwartej</script>.\n")
        answer = client.post(address, {**sent, "file": given}, follow=True)
        assert "by a machine, not looked through" in answer.content.decode()
        track = Track.objects.get(language="pl")
        assert [cue.text for cue in parse(track.vtt)] == ["Zaczynamy o czwartej."]
        through = reverse("library:track_look_through", args=[film.resource_id, track.pk])
        assert "noted" in client.post(through, follow=True).content.decode()

    def test_what_cannot_be_read_is_said_beside_the_field(self, client, film):
        address = reverse("library:track_add", args=[film.resource_id])
        sent = {"kind": "subtitles", "language": "pl", "source": "human", "file": SimpleUploadedFile("a.vtt", b"WEBVTT\n\nx\ny")}
        answer = client.post(address, sent)
        assert answer.status_code == 422
        assert "Line 3 should say" in answer.content.decode()

    def test_a_track_is_written_with_the_film_beside_it(self, client, film):
        track = Track.objects.get(language="de")
        address = reverse("library:track", args=[film.resource_id, track.pk])
        page = client.get(address).content.decode()
        assert "<video" in page
        assert 'value="1:20"' in page
        rows = {"start_0": "0:01", "end_0": "0:03", "text_0": "Um fünf.", "start_2": "0:30", "end_2": "0:31.5", "text_2": "Neu"}
        client.post(address, {"revision": "0", **rows})
        track.refresh_from_db()
        assert parse(track.vtt) == [Cue(1, 3, "Um fünf."), Cue(30, 31.5, "Neu")]
        answer = client.post(address, {"revision": "0", **rows})
        assert (answer.status_code, "Somebody else has changed this" in answer.content.decode()) == (422, True)
        answer = client.post(address, {"revision": "1", "start_0": "soon", "end_0": "", "text_0": "x"})
        assert "Write minutes and seconds" in answer.content.decode()

    def test_a_long_track_is_written_page_by_page(self, client, film, teacher):
        cues = [Cue(second, second + 1, f"line {second}") for second in range(120)]
        track = actions.add_track(film, kind="subtitles", language="en", cues=cues, by=teacher, at=now())
        address = reverse("library:track", args=[film.resource_id, track.pk])
        assert 'value="0:50"' in client.get(f"{address}?page=2").content.decode()
        rows = {}
        for number in range(50):
            rows |= {f"start_{number}": str(50 + number), f"end_{number}": str(51 + number), f"text_{number}": f"new {number}"}
        client.post(f"{address}?page=2", {"revision": "0", **rows})
        track.refresh_from_db()
        texts = [cue.text for cue in parse(track.vtt)]
        assert (len(texts), texts[49], texts[50], texts[99], texts[100]) == (120, "line 49", "new 0", "new 49", "line 100")

    def test_a_track_is_removed_after_having_asked(self, client, film):
        track = Track.objects.get(language="de")
        address = reverse("library:track_remove", args=[film.resource_id, track.pk])
        assert "does not come back" in client.get(address).content.decode()
        client.post(address)
        assert not Track.objects.filter(pk=track.pk).exists()

    def test_a_question_is_asked_in_several_languages_and_changed(self, client, film):
        address = reverse("library:prompt_add", args=[film.resource_id])
        sent = {"at_seconds": "0:20", "kind": "choose", "is_pause": "on"}
        sent |= {"question_en": "Which?", "choices_en": "One\nTwo", "question_de": "Welche?", "choices_de": "Eins"}
        answer = client.post(address, sent)
        assert "as many in every language" in answer.content.decode()
        client.post(address, {**sent, "choices_de": "Eins\nZwei"})
        prompt = Prompt.objects.get(at_seconds=20)
        assert [(text.language, text.choices) for text in prompt.texts.order_by("pk")] == [
            ("en", ["One", "Two"]),
            ("de", ["Eins", "Zwei"]),
        ]
        change = reverse("library:prompt", args=[film.resource_id, prompt.pk])
        assert "Welche?" in client.get(change).content.decode()
        client.post(change, {"at_seconds": "25", "kind": "write", "question_en": "Why?"})
        prompt.refresh_from_db()
        assert (prompt.at_seconds, prompt.kind, prompt.is_pause, prompt.texts.get().question) == (25, "write", False, "Why?")

    @pytest.mark.parametrize(
        ("sent", "says"),
        [
            ({"question_en": ""}, "Say what is asked."),
            ({"at_seconds": "5:00"}, "The film is over by then."),
            ({"at_seconds": "soon"}, "Write minutes and seconds"),
            ({"choices_en": "One\nTwo"}, "Only where one is to be chosen"),
            ({"kind": "choose", "choices_en": "One"}, "from two to 8"),
        ],
    )
    def test_what_cannot_be_asked_is_said(self, client, film, sent, says):
        address = reverse("library:prompt_add", args=[film.resource_id])
        answer = client.post(address, {"at_seconds": "20", "kind": "write", "question_en": "Why?", **sent})
        assert answer.status_code == 422
        assert says in answer.content.decode()

    def test_what_people_have_answered_stays_answerable(self, client, film, manager):
        prompt = Prompt.objects.get(kind="choose")
        actions.answer_prompt(prompt, value=1, by=manager, at=now())
        address = reverse("library:prompt", args=[film.resource_id, prompt.pk])
        answer = client.post(address, {"at_seconds": "10", "kind": "write", "question_en": "Why?"})
        assert "People have answered this." in answer.content.decode()
        remove = reverse("library:prompt_remove", args=[film.resource_id, prompt.pk])
        assert "does not come back" in client.get(remove).content.decode()
        client.post(remove)
        assert not Answer.objects.exists()

    def test_the_film_is_taken_out_after_having_asked(self, client, film):
        address = reverse("library:film_remove", args=[film.resource_id])
        assert "does not come back" in client.get(address).content.decode()
        client.post(address)
        assert not Film.objects.exists()

    @pytest.mark.parametrize("name", ["film", "film_remove", "track_add", "prompt_add"])
    def test_a_colleague_of_another_organisation_finds_none_of_it(self, client, film, name):
        client.force_login(member_of(OrganisationFactory()))
        assert client.get(reverse(f"library:{name}", args=[film.resource_id])).status_code == 404

    def test_a_member_who_may_not_change_it_is_told_so(self, client, film, school):
        client.force_login(member_of(school, Role.MEMBER))
        assert client.get(reverse("library:film", args=[film.resource_id])).status_code == 403
