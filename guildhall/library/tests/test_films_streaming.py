"""A long film can be played piece by piece: what is said of the pieces is true, for parsers and players that are not ours."""

from __future__ import annotations

import io
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import m3u8
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now
from m3u8 import version_matching

from guildhall.core.files import made
from guildhall.core.tasks import run_waiting
from guildhall.library import actions
from guildhall.library.actions.films import keep_rendition
from guildhall.library.films import encoding, fragments, making
from guildhall.library.models import Film
from guildhall.library.tests.clips import clip
from guildhall.library.tests.factories import ResourceFactory, member_of

HEIGHTS = {"360p": 360, "720p": 480}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> dict[str, tuple[Path, dict[str, Any]]]:
    """A film of two and a half seconds in pieces of one, in both sizes: where its file is, what was said of it."""
    folder = tmp_path_factory.mktemp("long")
    source = clip(folder / "source.mp4", seconds=2.5, width=640, height=480)
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fragments, "SECONDS", 1)
        for kind, side in making.SHORT_SIDES.items():
            if side:
                target = folder / f"{kind}.mp4"
                found[kind] = target, encoding.render(str(source), "video/mp4", str(target), side, in_fragments=True)
    return found


@pytest.fixture
def film(rendered, tmp_path) -> Film:
    draft = ResourceFactory(kind="video")
    film = Film.objects.create(resource=draft, state="ready", duration_seconds=2.5, brought_at=now())
    for kind, (path, said) in rendered.items():
        copy = shutil.copy(path, tmp_path / "copy.mp4")
        keep_rendition(film, kind=kind, placed=made.put(Path(copy)), made_of=said, by=None)
    return film


@pytest.fixture
def public(film):
    return actions.publish_resource(film.resource, by=member_of(film.resource.organisation), at=now())


def moments(film) -> list[float]:
    return [round(frame.time, 3) for frame in film.decode(video=0)]


class TestFragments:
    def test_who_knows_nothing_of_them_finds_an_ordinary_film(self, rendered):
        for kind, (path, said) in rendered.items():
            with av.open(str(path)) as film:
                assert [stream.codec_context.name for stream in film.streams] == ["h264", "aac"]
                assert film.streams.video[0].height == said["height"] == HEIGHTS[kind]
                assert 2.4 < film.duration / av.time_base < 2.6
                assert moments(film) == [round(number / 25, 3) for number in range(63)]

    def test_each_can_be_read_alone_and_together_they_are_all(self, rendered):
        for path, said in rendered.values():
            content = path.read_bytes()
            (start, length, _none), *pieces = said["pieces"]
            head = content[start : start + length]
            assert [round(seconds, 1) for _start, _length, seconds in pieces] == [1, 1, 0.5]
            assert pieces[0][0] == start + length
            assert all(one[0] + one[1] == next_one[0] for one, next_one in pairwise(pieces))
            frames = 0
            for start, length, _seconds in pieces:
                with av.open(io.BytesIO(head + content[start : start + length]), format="mp4") as piece:
                    packets = [packet for packet in piece.demux(video=0) if packet.size]
                assert packets[0].is_keyframe
                frames += len(packets)
            assert frames == 63

    def test_they_begin_at_the_same_moments_in_all_sizes(self, rendered):
        one, other = ([seconds for *_where, seconds in said["pieces"]] for _path, said in rendered.values())
        assert one == other

    @pytest.mark.parametrize("change", [lambda content: content[:-20], lambda content: content.replace(b"moof", b"free")])
    def test_a_file_that_is_not_whole_has_none(self, rendered, change):
        with pytest.raises(fragments.NotInFragments):
            fragments.of(io.BytesIO(change(rendered["360p"][0].read_bytes())))

    @pytest.mark.parametrize(
        ("kind", "seconds", "so"),
        [("720p", 600, False), ("720p", 601, True), ("360p", 0, True), ("audio", 3600, False)],
    )
    def test_they_are_made_of_the_pictures_of_long_films(self, monkeypatch, kind, seconds, so):
        asked: dict[str, Any] = {}
        monkeypatch.setattr(making, "_run", lambda what, *_limits: asked.update(what))
        making.render(Path("a.mp4"), "video/mp4", Path("b.mp4"), kind, seconds=seconds, tell=lambda _seconds: None)
        assert asked["in_fragments"] is so

    def test_a_film_in_one_piece_has_none(self, tmp_path):
        with clip(tmp_path / "a.mp4").open("rb") as file, pytest.raises(fragments.NotInFragments):
            fragments.of(file)


@pytest.mark.django_db
class TestStreaming:
    @pytest.fixture
    def lists(self, client, film, public) -> dict[str, str]:
        """All lists, by the names that they have beside each other."""
        addresses = [reverse("oer:film_stream", args=[film.pk])]
        addresses += [reverse("oer:film_playlist", args=[film.pk, kind]) for kind in HEIGHTS]
        return {address.rpartition("/")[2]: client.get(address).content.decode() for address in addresses}

    def test_a_parser_that_is_not_ours_finds_nothing_against_the_standard(self, lists, film):
        for text in lists.values():
            assert version_matching.validate(text.splitlines()) == []
        master = m3u8.loads(lists["film.m3u8"])
        assert [(variant.uri, variant.stream_info.resolution) for variant in master.playlists] == [
            ("360p.m3u8", (480, 360)),
            ("720p.m3u8", (640, 480)),
        ]
        assert master.is_independent_segments
        for variant in master.playlists:
            told, made_of = variant.stream_info, film.renditions.get(kind=variant.uri.partition(".")[0])
            media = m3u8.loads(lists[variant.uri])
            assert (media.is_endlist, media.playlist_type, len(media.segments)) == (True, "vod", 3)
            assert media.target_duration >= max(round(segment.duration) for segment in media.segments)
            assert sum(segment.duration for segment in media.segments) == pytest.approx(2.5, abs=0.05)
            assert {segment.uri for segment in media.segments} == {f"{made_of.kind}.mp4"} == {media.segment_map[0].uri}
            sizes = [int(segment.byterange.split("@")[0]) for segment in media.segments]
            assert sum(sizes) < made_of.file.size
            for size, segment in zip(sizes, media.segments, strict=True):
                assert told.bandwidth >= int(8 * size / segment.duration)
            assert told.average_bandwidth <= told.bandwidth
            assert told.codecs.startswith("avc1.6400")
            assert told.codecs.endswith(",mp4a.40.2")

    def test_another_player_plays_it_and_goes_to_a_moment(self, lists, rendered, tmp_path):
        for name, text in lists.items():
            (tmp_path / name).write_text(text)
        for kind, (path, _said) in rendered.items():
            shutil.copy(path, tmp_path / f"{kind}.mp4")
        with av.open(str(tmp_path / "film.m3u8"), format="hls") as film:
            assert [stream.height for stream in film.streams.video] == [360, 480]
            assert moments(film) == [round(number / 25, 3) for number in range(63)]
            film.seek(2 * av.time_base)
            assert next(film.decode(video=0)).time == pytest.approx(2, abs=0.01)

    def test_the_pieces_come_as_they_are_listed(self, client, lists, film, rendered):
        segment = m3u8.loads(lists["360p.m3u8"]).segments[1]
        length, start = map(int, segment.byterange.split("@"))
        address = reverse("oer:film_file", args=[film.pk, "360p"])
        answer = client.get(address, headers={"Range": f"bytes={start}-{start + length - 1}"})
        assert (answer.status_code, answer["Cache-Control"]) == (206, "private, max-age=600")
        assert b"".join(answer.streaming_content) == rendered["360p"][0].read_bytes()[start : start + length]

    def test_a_page_offers_it_first_and_the_files_behind(self, client, film, public):
        page = client.get(public.get_absolute_url(), {"t": "2"}).content.decode()
        shown = page[page.index("<video") :]
        stream = reverse("oer:film_stream", args=[film.pk])
        assert f'<source src="{stream}#t=2" type="application/vnd.apple.mpegurl">' in shown
        assert shown.index(stream) < shown.index("720p.mp4") < shown.index("360p.mp4")
        assert "as it suits the line" in shown
        assert f'<a href="{reverse("oer:film_file", args=[film.pk, "720p"])}">This browser' in shown

    def test_a_draft_is_played_by_those_who_write_it_and_nobody_else(self, client, film):
        addresses = [reverse("oer:film_stream", args=[film.pk]), reverse("oer:film_playlist", args=[film.pk, "360p"])]
        for address in addresses:
            assert client.get(address).status_code == 404
        client.force_login(film.resource.owner)
        for address in addresses:
            assert client.get(address).status_code == 404, "an owner who has left the organisation"
        client.force_login(member_of(film.resource.organisation))
        for address in addresses:
            answer = client.get(address)
            assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.apple.mpegurl")
            assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("private, no-cache", "nosniff")
        # Another film may come in its place, whose pieces must not mix with those a browser has kept.
        piece = client.get(reverse("oer:film_file", args=[film.pk, "360p"]))
        assert piece["Cache-Control"] == "private, max-age=0"
        piece.close()

    def test_what_is_withdrawn_is_listed_no_more(self, client, film, public):
        manager = member_of(public.organisation)
        actions.withdraw_resource(public, why="Consent was taken back.", by=manager, at=now())
        assert client.get(reverse("oer:film_stream", args=[film.pk])).status_code == 404

    def test_what_is_in_one_piece_has_no_list(self, client, film, public):
        film.renditions.update(pieces=[], codecs="")
        for address in (reverse("oer:film_stream", args=[film.pk]), reverse("oer:film_playlist", args=[film.pk, "360p"])):
            assert client.get(address).status_code == 404
        assert "m3u8" not in client.get(public.get_absolute_url()).content.decode()

    def test_the_worker_makes_pieces_of_a_film_that_is_long(self, tmp_path, monkeypatch):
        monkeypatch.setattr(making, "IN_FRAGMENTS_FROM", 0.5)
        draft = ResourceFactory(kind="video")
        upload = SimpleUploadedFile("a.mp4", clip(tmp_path / "a.mp4", sound=False).read_bytes())
        actions.bring_film(draft, upload=upload, by=member_of(draft.organisation), at=now())
        run_waiting()
        rendition = Film.objects.get().renditions.get()
        assert rendition.is_in_pieces
        assert [seconds for *_where, seconds in rendition.pieces] == pytest.approx([0, 1], abs=0.01)
        assert rendition.codecs.startswith("avc1.")
        assert "mp4a" not in rendition.codecs
