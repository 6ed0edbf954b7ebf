"""Files are given out whole or in ranges, as RFC 9110 says, from a folder and from S3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponseBase
from django.test import RequestFactory

from guildhall.core.files import ranges, store
from guildhall.core.files.ranges import ranged
from guildhall.core.middleware import PackingMiddleware
from guildhall.core.models import StoredFile

pytestmark = pytest.mark.django_db
LETTERS = b"abcdefghijklmnopqrstuvwxyz"
LONG = LETTERS * 40_000


def kept(user: Any, content: bytes = LETTERS, name: str = "letters.txt") -> StoredFile:
    upload = SimpleUploadedFile(name, content)
    return store(upload, allowed={"text/plain", "application/pdf"}, max_mb=5, kept_for=user, by=user)


@pytest.fixture
def asked() -> Iterator[Callable[..., HttpResponseBase]]:
    """Ask for a file, with headers; the answers are closed in the end."""
    answers = []

    def ask(stored: StoredFile, method: str = "get", *, more: dict[str, Any] | None = None, **headers: str) -> HttpResponseBase:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answers.append(ranged(getattr(RequestFactory(), method)("/", headers=sent), stored, **(more or {})))
        return answers[-1]

    yield ask
    for answer in answers:
        answer.close()


def body(answer: HttpResponseBase) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]


@pytest.fixture
def letters(user):
    return kept(user)


def test_without_a_range_it_is_the_whole(letters, asked):
    answer = asked(letters)
    assert (answer.status_code, answer["Content-Length"], answer["Accept-Ranges"]) == (200, "26", "bytes")
    assert body(answer) == LETTERS
    assert "Content-Range" not in answer


@pytest.mark.parametrize(
    ("wanted", "given", "content"),
    [
        ("bytes=0-4", "bytes 0-4/26", b"abcde"),
        ("bytes=20-", "bytes 20-25/26", b"uvwxyz"),
        ("bytes=-3", "bytes 23-25/26", b"xyz"),
        ("bytes=-300", "bytes 0-25/26", LETTERS),
        ("bytes=25-25", "bytes 25-25/26", b"z"),
        ("bytes=24-9999999999999999999", "bytes 24-25/26", b"yz"),
        ("Bytes = 1 - 2", "bytes 1-2/26", b"bc"),
        ("bytes=0-0", "bytes 0-0/26", b"a"),
    ],
)
def test_a_range_is_given_out_with_its_place(letters, wanted, given, content, asked):
    answer = asked(letters, range=wanted)
    assert (answer.status_code, answer["Content-Range"], answer["Content-Length"]) == (206, given, str(len(content)))
    assert body(answer) == content


@pytest.mark.parametrize("wanted", ["bytes=26-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-"])
def test_a_range_beyond_the_end_is_refused_with_how_long_it_is(letters, wanted, asked):
    answer = asked(letters, range=wanted)
    assert (answer.status_code, answer["Content-Range"], body(answer)) == (416, "bytes */26", b"")


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-3",
        "bytes=a-b",
        "items=0-4",
        "bytes=0-4,8-9",
        "bytes=٣-٤",
        f"bytes=0-{'9' * 5000}",
    ],
)
def test_what_is_no_single_range_of_bytes_is_answered_by_the_whole(letters, wanted, asked):
    answer = asked(letters, range=wanted)
    assert (answer.status_code, body(answer)) == (200, LETTERS)


def test_a_range_holds_only_for_the_file_that_was_begun(letters, asked):
    same = asked(letters)["ETag"]
    assert asked(letters, range="bytes=0-4", if_range=same).status_code == 206
    for other in ('"another"', f"W/{same}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert asked(letters, range="bytes=0-4", if_range=other).status_code == 200


def test_what_the_asker_has_is_not_sent_again(letters, asked):
    same = asked(letters)["ETag"]
    for known in (same, f"W/{same}", f'"x", {same}', "*"):
        answer = asked(letters, if_none_match=known)
        assert (answer.status_code, body(answer), answer["ETag"]) == (304, b"", same)
    assert asked(letters, if_none_match='"x"').status_code == 200


def test_the_head_alone_says_how_long_it_is_and_knows_no_ranges(letters, asked):
    answer = asked(letters, "head", range="bytes=0-4")
    assert (answer.status_code, answer["Content-Length"], body(answer)) == (200, "26", b"")


def test_a_long_file_goes_out_in_pieces_that_make_the_whole(user, asked, monkeypatch):
    monkeypatch.setattr(ranges, "_AT_ONCE", 500_000)
    stored = kept(user, LONG)
    answer = asked(stored)
    assert max(len(piece) for piece in answer) <= 256 * 1024
    assert body(asked(stored)) == LONG
    assert body(asked(stored, range="bytes=300000-999999")) == LONG[300_000:1_000_000]


def test_who_plays_a_film_and_says_no_end_gets_as_much_as_keeps_nobody_waiting(user, asked):
    film = kept(user, LONG)
    film.content_type = "video/mp4"
    million = 1024 * 1024
    assert len(LONG) < million
    film.size = 3 * million  # what it says, for a file that is as long would take long
    answer = asked(film, range=f"bytes={million}-")
    assert (answer.status_code, answer["Content-Length"]) == (206, str(million))
    assert answer["Content-Range"] == f"bytes {million}-{2 * million - 1}/{3 * million}"
    assert asked(film, range=f"bytes={5 * million // 2}-")["Content-Length"] == str(million // 2)
    assert asked(film, range=f"bytes={3 * million}-").status_code == 416
    assert asked(film, range="bytes=0-2999999")["Content-Length"] == "3000000"
    # Who saves it, and goes on after the line broke, gets all the rest.
    assert asked(film, range=f"bytes={million}-", more={"as_attachment": True})["Content-Length"] == str(2 * million)


def test_a_range_that_is_not_large_is_handed_over_at_once(user, asked):
    # The thread that gives it out need not wait for who reads it slowly.
    assert [len(piece) for piece in asked(kept(user, LONG), range="bytes=5-999999")] == [999_995]


def test_a_file_that_is_gone_is_no_answer_that_breaks_off(letters, asked):
    letters.content.storage.delete(letters.content.name)
    with pytest.raises(FileNotFoundError):
        asked(letters)


def test_wherever_it_is_opened_it_runs_nothing(letters, user, asked):
    assert asked(letters)["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert asked(letters)["X-Content-Type-Options"] == "nosniff"
    pdf = kept(user, b"%PDF-1.7\n", "a.pdf")
    assert "sandbox" not in asked(pdf)["Content-Security-Policy"]


def test_how_it_is_saved_and_kept_is_for_the_caller_to_say(letters, asked):
    assert asked(letters)["Content-Disposition"] == 'inline; filename="letters.txt"'
    assert asked(letters, more={"as_attachment": True})["Content-Disposition"] == 'attachment; filename="letters.txt"'
    assert asked(letters)["Cache-Control"] == "private, max-age=0"
    assert asked(letters, more={"max_age": 60})["Cache-Control"] == "private, max-age=60"
    assert asked(letters, more={"max_age": None})["Cache-Control"] == "private, no-store"


def test_its_bytes_are_not_packed_on_the_way(user):
    stored = kept(user, LONG)
    request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-999"})
    answer = PackingMiddleware(lambda request: ranged(request, stored))(request)
    assert (answer["Content-Length"], body(answer)) == ("1000", LONG[:1000])
    answer.close()
    assert "Content-Encoding" not in answer


# --- From S3 -------------------------------------------------------------------------------------------------------


@contextmanager
def bucket() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server that speaks as much S3 as keeping and reading takes; yields its address and what was read of it."""
    things: dict[str, bytes] = {}
    read: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            things[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(200, b"")

        def do_HEAD(self) -> None:
            self._answer(200 if self.path in things else 404, things.get(self.path, b""))

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            read.append((self.path, wanted))
            first, last = (int(number) for number in re.findall(r"\d+", wanted))
            self._answer(206, things[self.path][first : last + 1])

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", '"x"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Thread(target=server.serve_forever, args=[0.02], daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", read
    finally:
        server.shutdown()
        running.join()
        server.server_close()


def test_of_a_file_on_s3_only_the_range_is_fetched(settings, user, asked):
    with bucket() as (address, read):
        options = {"bucket_name": "files", "endpoint_url": address, "access_key": "us", "secret_key": "secret"}
        options |= {"region_name": "eu-central-1", "file_overwrite": False}
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
        }
        stored = kept(user, LONG)
        assert body(asked(stored, range="bytes=26-51")) == LETTERS
        assert body(asked(stored)) == LONG
        assert [wanted for _path, wanted in read] == ["bytes=26-51", f"bytes=0-{len(LONG) - 1}"]
        stored.content.name = "kept/00/none"
        with pytest.raises(FileNotFoundError):
            asked(stored)
