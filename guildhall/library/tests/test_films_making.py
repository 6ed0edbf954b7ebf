"""Films come in pieces over bad lines, are looked at before anything is made of them, and are made by a worker that may die."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import sys
from pathlib import Path

import av
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import UnreadablePostError
from django.utils.timezone import now, timedelta

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.files import TooLarge, made
from guildhall.core.models import Progress, StoredFile
from guildhall.core.tasks import run_waiting
from guildhall.library import actions
from guildhall.library.films import making, receiving
from guildhall.library.films.encoding import READERS
from guildhall.library.models import Film, Rendition, Upload
from guildhall.library.tasks import make_film, sweep_uploads
from guildhall.library.tests.clips import clip, turned
from guildhall.library.tests.factories import ResourceFactory, member_of
from guildhall.people.models import Notice, Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_both]


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER)


@pytest.fixture
def draft(school, teacher):
    return ResourceFactory(organisation=school, owner=teacher, kind="video")


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return clip(tmp_path_factory.mktemp("clips") / "small.mp4")


@pytest.fixture
def begin(draft, teacher):
    def begin(length: int, *, name="film.mp4", by=teacher, **more) -> Upload:
        return actions.begin_upload(draft, name=name, length=length, by=by, at=now(), **more)

    return begin


def send(upload: Upload, content: bytes, *, offset: int = 0, count: int | None = None) -> int:
    return receiving.receive(upload, offset=offset, count=count, read=io.BytesIO(content).read)


def bring(draft, path: Path, by) -> Film:
    """Have a film made of a file, as a browser without JavaScript sends it."""
    upload = SimpleUploadedFile(path.name, path.read_bytes())
    actions.bring_film(draft, upload=upload, by=by, at=now())
    run_waiting()
    return Film.objects.get(resource=draft)


def opened(rendition: Rendition):
    return av.open(rendition.file.content.path)


class TestUploads:
    def test_a_line_that_breaks_five_times_costs_only_what_was_under_way(self, begin, small, teacher):
        content = small.read_bytes()
        upload = begin(len(content))
        piece = len(content) // 6 + 1

        def breaking(start: int):
            given = io.BytesIO(content[start : start + piece])

            def read(count: int) -> bytes:
                if found := given.read(1000):
                    return found
                raise UnreadablePostError("connection reset")

            return read

        for _attempt in range(6):
            receiving.receive(upload, offset=upload.offset, count=len(content) - upload.offset, read=breaking(upload.offset))
        assert upload.path.read_bytes() == content
        film = actions.finish_upload(upload, by=teacher, at=now())
        run_waiting()
        film.refresh_from_db()
        assert (film.state, film.source.size) == ("ready", len(content))
        assert not Upload.objects.exists()
        assert list(receiving._folder().iterdir()) == []

    def test_another_window_goes_on_with_the_same_file_and_begins_anew_with_another(self, begin):
        first = begin(1000, mark="17")
        assert begin(1000, mark="17") == first
        assert begin(1000, mark="18") != first
        assert begin(1001, mark="17") != first

    def test_what_does_not_go_on_where_it_ends_is_not_taken(self, begin):
        upload = begin(100)
        send(upload, b"0123456789")
        for offset in (0, 9, 11):
            with pytest.raises(receiving.WrongPlace, match="10 bytes"):
                send(upload, b"x", offset=offset)
        assert upload.path.read_bytes() == b"0123456789"

    def test_more_than_was_announced_is_not_taken(self, begin):
        upload = begin(10)
        with pytest.raises(receiving.Longer):
            send(upload, b"0123456789x", count=11)
        with pytest.raises(receiving.Longer):
            send(upload, b"0123456789x")

    def test_two_at_the_same_time_do_not_mix_their_bytes(self, begin):
        upload = begin(100)
        send(upload, b"0123")
        with upload.path.open("rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(receiving.Busy):
                send(upload, b"4567", offset=4)
        assert send(upload, b"4567", offset=4) == 8

    def test_a_full_disk_keeps_what_has_arrived(self, begin, monkeypatch):
        upload = begin(100)
        send(upload, b"0123")

        def full(*_args):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(receiving.NoRoom):
                send(upload, b"4567", offset=4)
        assert upload.path.read_bytes() == b"0123"

    def test_what_there_is_no_room_for_is_not_begun(self, begin, monkeypatch):
        monkeypatch.setattr(receiving.shutil, "disk_usage", lambda _path: os.statvfs_result([0] * 10) and Usage(1, 1, 0))
        with pytest.raises(receiving.NoRoom):
            begin(100)

    def test_a_film_has_bytes_and_not_too_many(self, begin, settings):
        with pytest.raises(Refused, match="empty"):
            begin(0)
        with pytest.raises(TooLarge):
            begin(settings.MAX_FILM_GB * 1024**3 + 1)

    def test_nobody_begins_without_end(self, begin):
        for length in (1, 2, 3):
            begin(length)
        with pytest.raises(Refused, match="3 other films"):
            begin(4)

    def test_only_who_may_change_the_resource_sends_a_film(self, begin):
        with pytest.raises(NotAllowed):
            begin(10, by=member_of(OrganisationFactory()))

    def test_only_who_sends_it_finishes_it(self, begin, school):
        upload = begin(4)
        send(upload, b"0123")
        with pytest.raises(NotAllowed):
            actions.finish_upload(upload, by=member_of(school), at=now())
        with pytest.raises(NotAllowed):
            actions.drop_upload(upload, by=member_of(school), at=now())

    def test_a_part_of_a_film_is_no_film(self, begin, teacher):
        upload = begin(10)
        send(upload, b"0123")
        with pytest.raises(Refused, match="as a whole"):
            actions.finish_upload(upload, by=teacher, at=now())

    @pytest.mark.parametrize("content", [b"MZ\x90\x00" * 20, b"<svg onload=alert(1)>" * 5, b"#EXTM3U\nfile:///etc/passwd\n" * 3])
    def test_what_is_no_film_is_not_taken_whatever_it_is_called(self, begin, teacher, content):
        upload = begin(len(content))
        send(upload, content)
        with pytest.raises(receiving.NoFilm):
            actions.finish_upload(upload, by=teacher, at=now())

    def test_what_was_given_up_leaves_nothing(self, begin, teacher, django_capture_on_commit_callbacks):
        upload = begin(10)
        send(upload, b"0123")
        with django_capture_on_commit_callbacks(execute=True):
            actions.drop_upload(upload, by=teacher, at=now())
        assert not upload.path.exists()
        assert not Upload.objects.exists()

    def test_what_nobody_goes_on_with_is_swept_away_after_a_week(self, begin, django_capture_on_commit_callbacks):
        old, new = begin(10), begin(11)
        for upload in (old, new):
            send(upload, b"0123")
        Upload.objects.update(began_at=now() - timedelta(days=9))
        stale = (now() - timedelta(days=8)).timestamp()
        lost = receiving._folder() / "making-killed"
        lost.mkdir()
        for path in (old.path, lost):
            os.utime(path, (stale, stale))
        with django_capture_on_commit_callbacks(execute=True):
            sweep_uploads.func()
        assert list(Upload.objects.all()) == [new]
        assert [path.name for path in receiving._folder().iterdir()] == [new.id.hex]

    def test_only_a_video_that_is_not_published_takes_a_film(self, draft, begin, teacher, school):
        draft.kind = "text"
        draft.save()
        with pytest.raises(Refused, match="kind “Video”"):
            begin(10)
        draft.kind = "video"
        draft.save()
        actions.publish_resource(draft, by=member_of(school), at=now())
        with pytest.raises(Refused, match="keeps its film"):
            begin(10)


class Usage(tuple):
    def __new__(cls, total, used, free):
        return super().__new__(cls, (total, used, free))

    free = property(lambda self: self[2])


class TestMaking:
    def test_a_film_becomes_a_poster_two_sizes_and_its_sound(self, draft, teacher, tmp_path):
        film = bring(draft, clip(tmp_path / "big.mp4", width=1280, height=720), teacher)
        assert (film.state, film.width, film.height, round(film.duration_seconds)) == ("ready", 1280, 720, 1)
        sizes = {made.kind: (made.width, made.height) for made in film.renditions.all()}
        assert sizes == {"360p": (640, 360), "720p": (1280, 720), "audio": (0, 0)}
        assert film.poster.content_type == "image/jpeg"
        for rendition in film.renditions.all():
            content = Path(rendition.file.content.path).read_bytes()
            assert content.index(b"moov") < content.index(b"mdat"), "what is to be read first stands first"
            with opened(rendition) as made:
                names = [stream.codec_context.name for stream in made.streams]
                assert names == (["aac"] if rendition.kind == "audio" else ["h264", "aac"])
        assert Notice.objects.get(user=teacher).sentence.endswith("can be watched now.")
        assert film.progress.state == Progress.State.DONE

    def test_nothing_is_made_larger_than_it_is(self, draft, teacher, small):
        film = bring(draft, small, teacher)
        assert {made.kind: made.height for made in film.renditions.all()} == {"360p": 180, "audio": 0}

    def test_a_silent_film_with_odd_colours_can_be_watched(self, draft, teacher, tmp_path):
        path = clip(tmp_path / "odd.mp4", sound=False, width=322, height=182, pixels="yuv444p")
        film = bring(draft, path, teacher)
        rendition = film.renditions.get()
        with opened(rendition) as made:
            assert made.streams.video[0].pix_fmt == "yuv420p"
        assert (rendition.width, rendition.height) == (322, 182)

    def test_a_film_from_a_browser_can_be_watched(self, draft, teacher, tmp_path):
        path = clip(tmp_path / "film.webm", codec="libvpx", sound_codec="libopus", form="webm")
        assert {made.kind for made in bring(draft, path, teacher).renditions.all()} == {"360p", "audio"}

    @pytest.mark.parametrize(("degrees", "size"), [(90, (180, 320)), (180, (320, 180))])
    def test_a_film_of_a_phone_that_was_held_upright_stands_upright(self, draft, teacher, tmp_path, degrees, size):
        path = turned(clip(tmp_path / "lying.mp4", sound=False), tmp_path / "turned.mp4", degrees)
        film = bring(draft, path, teacher)
        rendition = film.renditions.get()
        assert (film.width, film.height) == (rendition.width, rendition.height) == size
        with opened(rendition) as made:
            assert next(made.decode(video=0)).rotation == 0

    def test_pictures_keep_the_moments_they_had(self, draft, teacher, tmp_path):
        path = clip(tmp_path / "screen.mp4", sound=False, moments=[0, 0.04, 0.3, 0.31, 0.9, 2.7])
        film = bring(draft, path, teacher)
        with opened(film.renditions.get()) as made:
            assert [round(frame.time, 2) for frame in made.decode(video=0)] == [0, 0.04, 0.3, 0.9, 2.7]
            assert made.duration >= 2_700_000, "no player stops before the last picture"

    def test_who_makes_what_is_known_to_both(self):
        assert set(READERS) == receiving.READABLE

    def test_a_worker_that_was_killed_is_gone_on_from_where_it_was(self, draft, teacher, tmp_path, monkeypatch):
        path = clip(tmp_path / "big.mp4", width=640, height=480)
        actions.bring_film(draft, upload=SimpleUploadedFile("a.mp4", path.read_bytes()), by=teacher, at=now())
        render, rendered = making.render, []

        def dying(*args, **more):
            rendered.append(args[3])
            if len(rendered) == 2:
                raise KeyboardInterrupt
            return render(*args, **more)

        monkeypatch.setattr(making, "render", dying)
        progress = Progress.objects.get()
        film = Film.objects.get()
        with pytest.raises(KeyboardInterrupt):
            make_film.func(progress_id=str(progress.pk), film_id=film.pk)
        assert [made.kind for made in film.renditions.all()] == ["360p"]
        run_waiting()
        film.refresh_from_db()
        assert film.is_ready
        assert rendered == ["360p", "720p", "720p", "audio"]
        assert StoredFile.objects.of(film).count() == 4  # three renditions and the poster: nothing was made twice

    def test_what_was_moved_before_the_worker_died_is_found_again(self, begin, small, teacher):
        content = small.read_bytes()
        upload = begin(len(content))
        send(upload, content)
        film = actions.finish_upload(upload, by=teacher, at=now())
        made.put(upload.path, upload.id.hex)
        assert not upload.path.exists()
        run_waiting()
        film.refresh_from_db()
        assert film.is_ready
        assert film.source.content_type == "video/mp4"

    def test_another_film_takes_the_place_of_the_first(self, draft, teacher, small, django_capture_on_commit_callbacks):
        first = bring(draft, small, teacher)
        places = [made.file.content.name for made in first.renditions.all()] + [first.source.content.name]
        with django_capture_on_commit_callbacks(execute=True):
            film = bring(draft, small, teacher)
        assert film.pk == first.pk
        assert film.renditions.count() == 2
        assert not any(default_storage.exists(place) for place in places)

    def test_a_film_that_was_sent_meanwhile_is_not_mixed_with_the_one_before(self, draft, teacher, small, monkeypatch):
        actions.bring_film(draft, upload=SimpleUploadedFile("a.mp4", small.read_bytes()), by=teacher, at=now())
        film, render = Film.objects.get(), making.render

        def meanwhile(*args, **more):
            monkeypatch.setattr(making, "render", render)
            actions.bring_film(draft, upload=SimpleUploadedFile("b.mp4", small.read_bytes()), by=teacher, at=now())
            return render(*args, **more)

        monkeypatch.setattr(making, "render", meanwhile)
        with pytest.raises(Refused, match="another one was sent"):
            make_film.func(progress_id=str(film.progress_id), film_id=film.pk)
        film.refresh_from_db()
        assert film.is_under_way
        assert not film.renditions.exists()
        run_waiting()
        film.refresh_from_db()
        assert (film.state, film.source.name) == ("ready", "b.mp4")
        assert film.renditions.count() == 2

    def test_a_draft_that_is_thrown_away_takes_its_film_along(self, draft, teacher, small):
        bring(draft, small, teacher)
        actions.drop_draft(draft, by=teacher, at=now())
        assert not Film.objects.exists()
        assert not StoredFile.objects.exists()

    def test_nothing_is_published_whose_film_cannot_be_watched(self, draft, teacher, school, small):
        actions.bring_film(draft, upload=SimpleUploadedFile("a.mp4", small.read_bytes()), by=teacher, at=now())
        manager = member_of(school)
        draft.refresh_from_db()
        with pytest.raises(Refused, match="cannot be watched yet"):
            actions.publish_resource(draft, by=manager, at=now())
        run_waiting()
        actions.publish_resource(draft, by=manager, at=now())
        with pytest.raises(Refused, match="keeps its film"):
            actions.remove_film(Film.objects.get(), by=manager, at=now())

    def test_a_film_alone_is_something_to_publish(self, draft, teacher, school, small):
        draft.text = ""
        draft.save()
        bring(draft, small, teacher)
        draft.refresh_from_db()
        assert actions.publish_resource(draft, by=member_of(school), at=now()).is_public


class TestHostileFilms:
    def refused(self, draft, path, by) -> str:
        with pytest.raises(Refused) as refused:
            bring(draft, path, by)
        film = Film.objects.get()
        assert film.state == Film.State.FAILED
        assert film.failed_why == str(refused.value)
        assert not film.renditions.exists()
        assert film.progress.error == film.failed_why
        return film.failed_why

    def test_a_header_that_claims_billions_of_pixels(self, draft, teacher, tmp_path):
        content = bytearray(clip(tmp_path / "a.mp4", sound=False).read_bytes())
        at = content.index(b"avc1") + 4 + 24  # width and height of the sample entry, 16 bits each
        content[at : at + 4] = b"\xff\xff\xff\xff"
        (path := tmp_path / "huge.mp4").write_bytes(content)
        film = None
        try:
            film = bring(draft, path, teacher)
        except Refused:
            return
        # FFmpeg believes the stream rather than the header: then what was made is as small as the stream.
        assert (film.width, film.height) == (320, 180)

    def test_a_stream_of_huge_pictures(self, draft, teacher, tmp_path):
        path = clip(tmp_path / "wide.mp4", sound=False, width=8208, height=16, seconds=0.1)
        assert "4096" in self.refused(draft, path, teacher)

    def test_a_header_that_claims_a_hundred_days_is_not_believed(self, draft, teacher, tmp_path):
        content = bytearray(clip(tmp_path / "a.mp4", sound=False).read_bytes())
        for box, behind in {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16}.items():
            at = content.index(box) + 4 + behind
            content[at : at + 4] = b"\x7f\xff\xff\xff"
        (path := tmp_path / "long.mp4").write_bytes(content)
        assert round(bring(draft, path, teacher).duration_seconds) == 1

    def test_two_pictures_that_are_three_hours_apart(self, draft, teacher, tmp_path):
        path = clip(tmp_path / "long.mp4", sound=False, moments=[0, 3 * 60 * 60 + 1])
        assert "three hours" in self.refused(draft, path, teacher)

    def test_a_file_that_ends_in_the_middle(self, draft, teacher, tmp_path):
        content = clip(tmp_path / "a.mp4").read_bytes()
        (path := tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
        assert "damaged" in self.refused(draft, path, teacher)

    def test_noise_behind_a_beginning(self, draft, teacher, tmp_path):
        (path := tmp_path / "noise.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(range(256)) * 40)
        assert "damaged" in self.refused(draft, path, teacher)

    def test_sound_without_a_picture(self, draft, teacher, tmp_path):
        path = clip(tmp_path / "sound.mp4", picture=False)
        assert "no moving picture" in self.refused(draft, path, teacher)

    def test_a_playlist_behind_the_name_of_a_film(self, draft, teacher, tmp_path):
        (path := tmp_path / "list.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
        with pytest.raises(Refused, match="in fact it is"):
            bring(draft, path, teacher)
        assert not Film.objects.exists()

    def test_who_needs_too_long_is_ended(self, draft, teacher, small, monkeypatch):
        monkeypatch.setattr(making, "LOOK_SECONDS", 0)
        assert "memory or time" in self.refused(draft, small, teacher)

    def test_the_process_that_reads_has_none_of_our_secrets(self, small, monkeypatch):
        seen = {}
        monkeypatch.setattr(
            making.subprocess, "Popen", lambda command, **more: seen.update(more) or (_ for _ in ()).throw(LookupError)
        )
        with pytest.raises(LookupError):
            making.look(small, "video/mp4")
        assert seen["env"] == {}
        assert sys.executable

    def test_what_failed_can_be_tried_again(self, draft, teacher, small, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr(making, "LOOK_SECONDS", 0)
            self.refused(draft, small, teacher)
        film = Film.objects.get()
        film = actions.make_again(film, by=teacher, at=now())
        run_waiting()
        film.refresh_from_db()
        assert film.is_ready
        with pytest.raises(Refused, match="nothing to be made"):
            actions.make_again(film, by=teacher, at=now())
