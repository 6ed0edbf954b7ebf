"""Files are looked at before they are kept, and given out only to those who may see them."""

import io
import struct
import zipfile
import zlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from PIL import Image

from guildhall.core import files
from guildhall.core.errors import Refused
from guildhall.core.files import clean_name, kinds, pictures, remove, store, sweep
from guildhall.core.models import StoredFile
from guildhall.core.questions import file_visible

pytestmark = pytest.mark.django_db
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"
TABLE = "Firma;Ort\nMüller Metallbau;Łódź\n".encode()
PICTURES = {"image/jpeg", "image/png", "image/webp", "image/gif"}


@pytest.fixture
def thing(user):
    return user


@pytest.fixture
def hand_in(thing, user):
    def keep(content: bytes, name: str = "table.csv", *, allowed=("text/csv",), max_mb: int = 1, **more) -> StoredFile:
        return store(SimpleUploadedFile(name, content), allowed=set(allowed), max_mb=max_mb, kept_for=thing, by=user, **more)

    return keep


def packed(**names: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return target.getvalue()


def picture(kind: str = "JPEG", size=(40, 20), mode: str = "RGB", **options) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, "red").save(target, kind, **options)
    return target.getvalue()


def content_of(stored: StoredFile) -> bytes:
    with stored.content.open("rb") as content:
        return content.read()


# --- Kept ----------------------------------------------------------------------------------------------------------


def test_a_table_is_kept_as_it_is_under_a_name_nobody_can_guess(hand_in, thing, user):
    stored = hand_in(TABLE, "Firmen 2026.csv")
    assert content_of(stored) == TABLE
    assert (stored.name, stored.content_type, stored.size) == ("Firmen 2026.csv", "text/csv", len(TABLE))
    assert len(stored.sha256) == 64
    assert "Firmen" not in stored.content.name
    assert list(StoredFile.objects.of(thing)) == list(StoredFile.objects.handed_in_by(user)) == [stored]


def test_a_file_larger_than_memory_may_hold_is_kept_in_pieces(hand_in, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    content = TABLE * 20_000
    assert content_of(hand_in(content)) == content


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (TABLE, "text/plain"),
        ("Größe;Zürich".encode("latin-1"), "text/plain"),
        ("Επωνυμία;Πόλη".encode("cp1253"), "text/plain"),
        ("Firma\tOrt\n".encode("utf-16"), "text/plain"),
        (b"\xef\xbb\xbfa;b\n\x1a", "text/plain"),
        (b"WEBVTT\n\n00:00.000", "text/vtt"),
        (b"  \n<!doctype html><p>", "text/html"),
        (b"\xef\xbb\xbf<script>alert(1)</script>", "text/html"),
        ("Größe;Zürich\n".encode("utf-16-le"), "text/plain"),
        ("Größe;Zürich\n".encode("utf-16-be"), "text/plain"),
        ("<html>".encode("utf-16"), "text/html"),
        ("<html>".encode("utf-16-le"), "text/html"),
        ("Firma;Ort\n".encode("utf-16") * 2000 + b"\0\0", kinds.UNKNOWN),
        (b"a\0b\0\x07\0c\0", kinds.UNKNOWN),
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><a/>", "text/xml"),
        (PDF, "application/pdf"),
        (b"GIF89a" + PDF, "image/gif"),
        (b" " + PDF, "text/plain"),
        (packed(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), XLSX),
        (packed(**{"[Content_Types].xml": b"", "xl/workbook.xml": b"", "xl/vbaProject.bin": b""}), kinds.MACROS),
        (packed(mimetype=ODT.encode(), **{"content.xml": b""}), ODT),
        (packed(mimetype=b"text/html"), kinds.ZIP),
        (packed(**{"a.exe": b""}), kinds.ZIP),
        (b"PK\x03\x04 not really", kinds.UNKNOWN),
        (b"a;b\n1;\x00\n", kinds.UNKNOWN),
        (b"MZ\x90\x00\x03\x00\x00\x00", "*"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
    ],
)
def test_what_a_file_is_shows_in_its_content(content, kind):
    found = kinds.found(io.BytesIO(content))
    assert found == kind or (kind == "*" and found not in kinds.KINDS.keys() - {kinds.UNKNOWN})


def test_each_kind_allowed_anywhere_has_a_label():
    assert all(str(kind.label) for kind in kinds.KINDS.values())


def test_a_text_is_a_table_where_only_tables_are_wanted_or_its_name_says_so(hand_in):
    assert hand_in(TABLE, "export.txt").content_type == "text/csv"
    assert hand_in(TABLE, "export.csv", allowed=["text/csv", "text/plain"]).content_type == "text/csv"
    assert hand_in(TABLE, "notes.txt", allowed=["text/csv", "text/plain"]).content_type == "text/plain"


# --- Refused -------------------------------------------------------------------------------------------------------


def test_an_empty_file_is_refused(hand_in):
    with pytest.raises(Refused, match="This file is empty"):
        hand_in(b"")


def test_a_file_that_is_too_large_is_refused_with_both_sizes(hand_in):
    with pytest.raises(Refused, match=r"it has 1\.5\sMB, at most 1\.0\sMB"):
        hand_in(b"a;b\n" * (3 * 2**20 // 8))


def test_no_room_may_allow_more_than_the_installation(hand_in, settings):
    settings.MAX_UPLOAD_MB = 0
    with pytest.raises(Refused, match="too large"):
        hand_in(TABLE, max_mb=100)


def test_a_web_page_named_as_a_table_is_refused_with_what_it_is_and_claims_to_be(hand_in):
    with pytest.raises(Refused) as refused:
        hand_in(b"<html><script>alert(1)</script></html>", "firms.csv")
    assert str(refused.value) == (
        "By its name this is a table (CSV), but in fact it is a web page (HTML). Possible here: a table (CSV)."
    )


def test_an_honest_file_of_another_kind_is_refused_with_what_is_possible(hand_in):
    with pytest.raises(Refused) as refused:
        hand_in(PDF, "firms.pdf", allowed=["text/csv", XLSX])
    assert str(refused.value) == "This is a PDF. Possible here: a table (CSV), an Excel file."


@pytest.mark.parametrize("content", [b"a;b\n\x00;1\n", b"a;b\n" + b"x" * 70_000 + b"\x00", b"\xff\xfe\x00\x00\x00\x00"])
def test_a_table_with_nothing_characters_is_refused_wherever_they_are(hand_in, content):
    with pytest.raises(Refused, match="unknown kind"):
        hand_in(content)


def test_nothing_is_kept_of_what_is_refused(hand_in):
    with pytest.raises(Refused):
        hand_in(PDF)
    assert not StoredFile.objects.exists()
    assert not default_storage.exists(files.FOLDER)


# --- Names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.csv"),
        ("..\\..\\boot.ini", "boot.ini.csv"),
        ("/", "file.csv"),
        ("", "file.csv"),
        ("...", "file.csv"),
        (".csv", "csv.csv"),
        ("a\r\nSet-Cookie: b\x00.csv", "aSet-Cookie- b.csv"),
        ("\u202evsc.exe", "vsc.exe.csv"),
        ("firms.csv.html", "firms.csv.html.csv"),
        ("Firms.CSV", "Firms.CSV"),
        ('a"b<c>|d?.csv', "a-b-c--d-.csv"),
        ("  Επιχειρήσεις   2026 .csv", "Επιχειρήσεις 2026.csv"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
        ("ä" * 500, "ä" * 116 + ".csv"),
    ],
)
def test_a_name_is_made_harmless(given, kept):
    assert clean_name(given, "text/csv") == kept


# --- Pictures ------------------------------------------------------------------------------------------------------


def test_a_photo_is_kept_upright_and_without_where_it_was_taken(hand_in):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the camera
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}  # GPS
    exif[0x010F] = "A camera"
    stored = hand_in(picture(exif=exif, comment=b"a secret"), "photo.jpg", allowed=PICTURES)
    with Image.open(io.BytesIO(content_of(stored))) as kept:
        assert kept.size == (20, 40)
        assert dict(kept.getexif()) == {}
        assert "comment" not in kept.info
    assert stored.size == len(content_of(stored))


def test_the_name_a_file_is_kept_under_is_the_harmless_one(hand_in):
    assert hand_in(TABLE, "\u202e../evil\x00.exe").name == "evil.exe.csv"


def test_a_large_picture_is_made_smaller(hand_in):
    stored = hand_in(picture(size=(6000, 3000)), "photo.jpg", allowed=PICTURES)
    with Image.open(io.BytesIO(content_of(stored))) as kept:
        assert kept.size == (pictures.LONGEST_SIDE, pictures.LONGEST_SIDE // 2)


@pytest.mark.parametrize(
    ("kind", "mode", "kept"),
    [
        ("JPEG", "CMYK", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("WEBP", "RGBA", "image/png"),
        ("GIF", "P", "image/png"),
    ],
)
def test_pictures_of_all_sorts_become_one_of_two_kinds(hand_in, kind, mode, kept):
    target = io.BytesIO()
    Image.new(mode, (4, 4)).save(target, kind)
    stored = hand_in(target.getvalue(), f"picture.{kind.lower()}", allowed=PICTURES)
    assert stored.content_type == kept
    assert stored.name.endswith(kinds.KINDS[kept].endings)


def test_what_hides_behind_a_picture_is_gone(hand_in):
    stored = hand_in(picture("GIF") + b"<script>alert(1)</script>" + packed(a=b"x"), "picture.gif", allowed=PICTURES)
    assert b"script" not in content_of(stored)
    assert b"PK\x03\x04" not in content_of(stored)


@pytest.mark.parametrize("size", [(8000, 8000), (12_000, 12_000), (60_000, 60_000)])
def test_a_picture_that_would_fill_the_memory_is_refused_unopened(hand_in, size):
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
        + part(b"IDAT", b"")
        + part(b"IEND", b"")
    )
    with pytest.raises(Refused, match="more than 50 million pixels"):
        hand_in(bomb, "bomb.png", allowed=PICTURES)


@pytest.mark.parametrize("content", [picture()[:300], picture("PNG")[:60], b"GIF89a", b"\xff\xd8\xff\xe0"])
def test_a_damaged_picture_is_refused(hand_in, content):
    with pytest.raises(Refused, match="cannot be read"):
        hand_in(content, "picture", allowed=PICTURES)


# --- Given out -----------------------------------------------------------------------------------------------------


@pytest.fixture
def visible_to(monkeypatch):
    """Let one person see all files, as a room would answer for its things."""

    def say(person) -> None:
        monkeypatch.setattr(file_visible, "ask", lambda request, stored_file: [False, request.user == person])

    return say


def test_a_file_is_a_download_that_runs_nowhere(client, hand_in, user, visible_to):
    stored = hand_in(TABLE, "Löhne.csv")
    visible_to(user)
    client.force_login(user)
    answer = client.get(stored.get_absolute_url())
    assert b"".join(answer.streaming_content) == TABLE
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''L%C3%B6hne.csv"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("content", "name", "kind", "shown"),
    [
        (PDF, "a.pdf", "application/pdf", "inline"),
        (picture(), "a.jpg", "image/jpeg", "inline"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", "image/svg+xml", "attachment"),
        (b"<html>", "a.html", "text/html", "attachment"),
        (b"<a>", "a.xml", "text/html", "attachment"),
    ],
)
def test_only_pictures_drawn_anew_and_pdfs_are_shown_in_the_browser(
    client, hand_in, user, visible_to, content, name, kind, shown
):
    stored = hand_in(content, name, allowed=[kind])
    visible_to(user)
    client.force_login(user)
    answer = client.get(stored.get_absolute_url())
    assert answer["Content-Disposition"].split(";")[0] == shown
    answer.close()


def test_to_a_stranger_it_is_not_there(client, hand_in, user, stranger, visible_to):
    stored = hand_in(TABLE)
    visible_to(user)
    client.force_login(stranger)
    assert client.get(stored.get_absolute_url()).status_code == 404


def test_what_no_room_answers_for_nobody_sees(client, hand_in, user):
    stored = hand_in(TABLE)
    client.force_login(user)
    assert client.get(stored.get_absolute_url()).status_code == 404


def test_a_visitor_is_asked_to_sign_in_whether_there_is_such_a_file_or_not(client, hand_in):
    for pk in (hand_in(TABLE).pk, uuid4()):
        address = reverse("core:file", args=[pk])
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].endswith(f"?next={address}")


def test_a_request_larger_than_any_file_is_turned_away_before_it_is_read(db, settings):
    settings.MAX_UPLOAD_MB = 0
    sent = {"file": SimpleUploadedFile("a.csv", b"a" * (2 * 2**20))}
    answer = Client(enforce_csrf_checks=True).post("/", sent, headers={"referer": "http://testserver/form/"})
    assert answer.status_code == 413
    shown = answer.content.decode()
    assert "This file is too large" in shown
    assert 'href="http://testserver/form/"' in shown
    assert '<main id="main"' in shown


# --- Gone ----------------------------------------------------------------------------------------------------------


def test_bytes_go_when_the_removal_is_certain(hand_in, thing, django_capture_on_commit_callbacks):
    stored = hand_in(TABLE)
    with django_capture_on_commit_callbacks() as callbacks:
        assert remove(StoredFile.objects.of(thing)) == 1
    assert default_storage.exists(stored.content.name)
    for callback in callbacks:
        callback()
    assert not default_storage.exists(stored.content.name)


def test_by_night_what_is_over_goes_and_what_belongs_to_nothing(hand_in, django_capture_on_commit_callbacks):
    tonight = now()
    kept = hand_in(TABLE, delete_after=tonight + timedelta(days=1))
    over = hand_in(TABLE, delete_after=tonight - timedelta(days=1))
    orphan = default_storage.save(f"{files.FOLDER}/ab/{uuid4().hex}", SimpleUploadedFile("x", b"x"))
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep(tonight) == (1, 0)
    assert default_storage.exists(orphan)  # may belong to a transaction that is still going on
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep(tonight + timedelta(hours=25))[0] == 1
    assert not default_storage.exists(orphan)
    assert not default_storage.exists(over.content.name)
    assert not StoredFile.objects.filter(pk=kept.pk).exists()


def test_any_storage_of_django_s_will_do(hand_in, settings, django_capture_on_commit_callbacks):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    stored = hand_in(TABLE, delete_after=now())
    assert content_of(stored) == TABLE
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep(now()) == (1, 0)
    assert not default_storage.exists(stored.content.name)


def test_where_nothing_was_ever_kept_there_is_nothing_to_sweep():
    assert sweep(now()) == (0, 0)
