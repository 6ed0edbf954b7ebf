"""Files handed in as parts of a resource to do harm: refused with a sentence, or made harmless; docs/security.md has the table.

What reads and draws them for the page is tested here too, as it is what such a file gets to when it was not refused.
"""

from __future__ import annotations

import re
import stat
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from time import monotonic
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now
from pikepdf import Array, Dictionary, Name
from PIL import Image

from guildhall.core.errors import Refused
from guildhall.core.files import dangers
from guildhall.core.models import StoredFile
from guildhall.core.tasks import run_waiting
from guildhall.library import actions
from guildhall.library.models import Part, Preview, Resource
from guildhall.library.tests.documents import box, docx, javascript, mp4, names_of, odf, packed, pdf, picture
from guildhall.library.tests.factories import ResourceFactory, member_of
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_both]
MB = 1024 * 1024
SCRIPT = b"<script>alert(1)</script>"


@pytest.fixture
def manager():
    return member_of(OrganisationFactory())


@pytest.fixture
def draft(manager):
    return ResourceFactory(organisation=manager.memberships.get().organisation)


@pytest.fixture
def add(draft, manager) -> Callable[..., Part]:
    def keep(content: bytes, name: str = "file") -> Part:
        return actions.add_part(draft, upload=SimpleUploadedFile(name, content), by=manager, at=now())

    return keep


@pytest.fixture
def seen(client, draft, manager) -> Callable[[Part], str]:
    """What everybody sees of a file once it is public and a worker has looked at it: its page, less the frame."""

    def look(part: Part) -> str:
        run_waiting()
        actions.publish_resource(Resource.objects.get(pk=draft.pk), by=manager, at=now())
        page = client.get(reverse("oer:part", args=[draft.pk, part.pk])).content.decode()
        return page.partition("<main")[2].partition("</main>")[0]

    return look


def content_of(part: Part) -> bytes:
    with part.file.content.open("rb") as content:
        return content.read()


def require_refused(add: Callable[..., Part], content: bytes, name: str, sentence: str) -> None:
    begun = monotonic()
    with pytest.raises(Refused, match=sentence):
        add(content, name)
    assert monotonic() - begun < 60
    assert not StoredFile.objects.exists()
    assert not Part.objects.exists()


# --- What runs in a browser ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.svg", "x.png", "x.txt", "x.md", "x.csv", "x.pdf", "x"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "a drawing"),
        (b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", "a drawing"),
        (b"<!doctype html>" + SCRIPT, "a web page"),
        (b"\xef\xbb\xbf \n" + SCRIPT, "a web page"),
        ("<html><script>alert(1)</script>".encode("utf-16"), "a web page"),
        (b"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'/>", "an XML file"),
    ],
)
def test_web_pages_and_drawings_are_refused_whatever_they_are_called(add, content, what, name):
    require_refused(add, content, name, what)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + SCRIPT, "talk.vtt", "text/vtt"),
        (b"# Hi\n\n" + SCRIPT + b"[x](javascript:alert(1))", "read.md", "text/plain"),
        (b"=HYPERLINK(1);x\n" + SCRIPT, "table.csv", "text/csv"),
    ],
)
def test_of_texts_the_letters_are_shown_and_run_nowhere(client, add, seen, content, name, kind):
    part = add(content, name)
    page = seen(part)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    answer = client.get(reverse("oer:part_file", args=[part.resource_id, part.pk]))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (kind, "nosniff")
    assert answer["Content-Security-Policy"].endswith("sandbox")
    assert answer["Content-Disposition"].startswith("attachment")
    answer.close()


# --- Office --------------------------------------------------------------------------------------------------------

_TYPES = '<Types><Override PartName="/word/x.dat" ContentType="application/vnd.ms-office.{}"/></Types>'


@pytest.mark.parametrize(
    "content",
    [
        docx(more={"word/vbaProject.bin": b"x"}),
        docx(more={"word/VBAPROJECT.BIN": b"x"}),
        docx(more={"word/activeX/activeX1.xml": b"x"}),
        packed({"[Content_Types].xml": _TYPES.format("vbaProject"), "word/document.xml": "<x/>"}),
        packed({"[Content_Types].xml": _TYPES.format("vba&#80;roject"), "word/document.xml": "<x/>"}),
        packed({"[Content_Types].xml": _TYPES.format("vbaProject").encode("utf-16"), "word/document.xml": "<x/>"}),
        packed({"[Content_Types].xml": _TYPES.format("macroEnabled.main+xml"), "word/document.xml": "<x/>"}),
        odf("text", "", {"Basic/Standard/Module1.xml": "x"}),
        odf("text", "", {"Scripts/python/evil.py": "x"}),
    ],
)
@pytest.mark.parametrize("name", ["letter.docx", "letter.docm", "letter.odt"])
def test_office_files_with_macros_are_refused(add, content, name):
    require_refused(add, content, name, "an Office file with macros")


def test_an_empty_library_of_macros_is_none(add):
    assert add(odf("text", "<text:p>Hi</text:p>", {"Basic/Standard/script-lb.xml": "x"}), "a.odt").file.name == "a.odt"


def test_office_files_of_before_2007_and_installers_are_refused(add):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    require_refused(add, ole, "letter.doc", "an Office file of before 2007")
    require_refused(add, ole, "setup.msi", "an Office file of before 2007")


LINK = (
    '<w:p><w:hyperlink r:id="r1"><w:r><w:t>Press me</w:t></w:r></w:hyperlink>'
    "<w:r><w:t>&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;</w:t></w:r></w:p>"
)


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example", "/account/"]
)
def test_a_word_file_is_shown_without_what_could_run_or_lead_astray(add, seen, target):
    relation = f'<Relationship Id="r1" Type="x/hyperlink" Target="{target}" TargetMode="External"/>'
    page = seen(add(docx(LINK, relations=relation), "letter.docx"))
    assert "Press me" in page
    assert "&lt;script&gt;alert(1)" in page
    assert target not in page
    assert "<script" not in page
    assert page.count("<img") == 0


def test_a_word_file_shows_nothing_of_the_server(add, seen, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture())
    relation = (
        '<Relationship Id="r9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        f'Target="file://{secret}" TargetMode="External"/>'
    )
    page = seen(add(docx(relations=relation), "letter.docx"))
    assert "<img" not in page


@pytest.mark.parametrize(
    "entities",
    [
        "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)),
        '<!ENTITY l9 SYSTEM "file:///etc/passwd">',
    ],
)
def test_no_entities_are_read(add, seen, entities):
    content = docx(
        more={"word/document.xml": f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><w:document xmlns:w="w">&l9;</w:document>'}
    )
    part = add(content, "letter.docx")
    page = seen(part)
    assert "Files of this kind are not shown here." in page
    assert Part.objects.get(pk=part.pk).text == ""


def test_what_breaks_the_reader_breaks_nothing_else(add, seen, monkeypatch):
    monkeypatch.setattr("guildhall.library.reading.SECONDS_TO_READ", 2)
    monkeypatch.setattr("guildhall.library.reading.SECONDS_TO_DRAW", 2)
    deep = "<w:p>" * 20_000 + "</w:p>" * 20_000
    page = seen(add(docx(deep), "deep.docx"))
    assert "Files of this kind are not shown here." in page
    assert Preview.objects.get().packed is None


# --- PDFs ----------------------------------------------------------------------------------------------------------


def annotated(**annotation: Any) -> bytes:
    made = pikepdf.open(BytesIO(pdf()))
    made.pages[0].Annots = Array([made.make_indirect(Dictionary(Type=Name.Annot, Rect=Array([0, 0, 9, 9]), **annotation))])
    return saved(made)


def saved(made: pikepdf.Pdf, **how: Any) -> bytes:
    target = BytesIO()
    made.save(target, **how)
    made.close()
    return target.getvalue()


def rewritten(content: bytes, **how: Any) -> bytes:
    return saved(pikepdf.open(BytesIO(content)), **how)


RUNNING = pdf(OpenAction=javascript())
HIDDEN = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
FILE = Dictionary(Type=Name.Filespec, F="a.exe", EF=Dictionary(F=Dictionary(Type=Name.EmbeddedFile)))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (RUNNING, "a script in this PDF"),
        (RUNNING.replace(b"/JavaScript", b"/J#61v#61Script").replace(b"/JS", b"/J#53"), "a script in this PDF"),
        (rewritten(RUNNING, **HIDDEN), "a script in this PDF"),
        (rewritten(RUNNING, **HIDDEN, encryption=pikepdf.Encryption(owner="secret", user="")), "a script in this PDF"),
        (pdf(Names=names_of(JavaScript=javascript())), "a script in this PDF"),
        (pdf(AcroForm=Dictionary(XFA="x")), "a script in this PDF"),
        (annotated(Subtype=Name.Link, A=javascript()), "a script in this PDF"),
        (annotated(Subtype=Name.Screen, AA=Dictionary(K=javascript())), "a script in this PDF"),
        (annotated(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="x", Next=Array([javascript()]))), "a script in this PDF"),
        (pdf(OpenAction=Dictionary(S=Name.Launch, F="cmd.exe")), "opens other programs"),
        (annotated(Subtype=Name.Link, A=Dictionary(S=Name.ImportData, F="x")), "opens other programs"),
        (pdf(Names=names_of(EmbeddedFiles=FILE)), "other files in this PDF"),
        (annotated(Subtype=Name.FileAttachment, FS=FILE), "other files in this PDF"),
        (annotated(Subtype=Name.RichMedia, RichMediaContent=Dictionary()), "other files in this PDF"),
        (rewritten(pdf(), encryption=pikepdf.Encryption(owner="secret", user="secret")), "locked with a password"),
        (b"%PDF-1.7\nnothing", "damaged"),
        (pdf()[:400], "damaged"),
        (pdf([]), "damaged"),
    ],
)
def test_a_pdf_that_does_more_than_being_read_is_refused(add, content, sentence):
    require_refused(add, content, "sheet.pdf", sentence)


def test_a_pdf_with_links_and_an_owner_is_kept(add):
    linked = annotated(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="https://example.org"))
    content = rewritten(linked, encryption=pikepdf.Encryption(owner="secret", user=""))
    assert content_of(add(content, "sheet.pdf")) == content


def test_a_pdf_of_endless_parts_is_refused(add, monkeypatch):
    monkeypatch.setattr(dangers, "SECONDS_FOR_PDF", 1)
    made = pikepdf.open(BytesIO(pdf()))
    made.Root.Many = Array([made.make_indirect(Dictionary(A=Array([1, 2, Dictionary(B=3)]))) for _ in range(150_000)])
    require_refused(add, saved(made, **HIDDEN), "many.pdf", "cannot be looked through")


def test_a_page_as_large_as_a_country_is_drawn_as_large_as_any_other(add, seen):
    made = pikepdf.new()
    for size in ((14_000_000, 3), (3, 14_000_000), (0.001, 0.001)):
        made.add_blank_page().MediaBox = Array([0, 0, *size])
    page = seen(add(saved(made), "large.pdf"))
    sizes = [(int(width), int(height)) for width, height in re.findall(r'width="(\d+)" height="(\d+)"', page)]
    assert sizes
    assert all(width <= 1001 and height <= 2001 for width, height in sizes)


def test_a_page_that_unpacks_to_more_than_memory_holds_is_not_drawn(add, seen, monkeypatch):
    monkeypatch.setattr("guildhall.library.reading.SECONDS_TO_READ", 2)
    monkeypatch.setattr("guildhall.library.reading.SECONDS_TO_DRAW", 2)
    made = pikepdf.open(BytesIO(pdf()))
    packer = zlib.compressobj(1)
    stream = b"".join([*(packer.compress(b"q " * 512 * 1024) for _ in range(400)), packer.flush()])
    made.pages[0].Contents = pikepdf.Stream(made, stream, Filter=Name.FlateDecode)
    seen(add(saved(made), "bomb.pdf"))
    assert Preview.objects.get().packed is None


# --- One thing and another at once ---------------------------------------------------------------------------------


def test_what_hides_behind_a_picture_is_gone(add):
    for kind, name in (("GIF", "x.gif"), ("PNG", "x.png"), ("JPEG", "x.jpg")):
        kept = content_of(add(picture(kind) + b"*/=1;" + SCRIPT + packed({"a.exe": b"x"}), name))
        assert b"script" not in kept
        assert b"PK\x03\x04" not in kept


@pytest.mark.parametrize(
    ("content", "name"),
    [(pdf(), "x.pdf"), (mp4(), "x.mp4"), (b"ID3" + bytes(500), "x.mp3"), (b"\x1a\x45\xdf\xa3....webm" + bytes(500), "x.webm")],
)
def test_what_is_an_archive_as_well_is_refused(add, content, name):
    require_refused(add, content + packed({"evil.exe": b"x"}), name, "and an archive at once")


@pytest.mark.parametrize(
    ("given", "kept"), [("sheet.docx", "sheet.docx.pdf"), ("sheet.exe", "sheet.exe.pdf"), ("sheet", "sheet.pdf")]
)
def test_a_file_is_called_what_it_is(add, given, kept):
    part = add(pdf(), given)
    assert (part.file.name, part.file.content_type) == (kept, "application/pdf")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("..\\..\\boot.ini", "boot.ini.txt"),
        ("a\0b\r\n.txt", "ab.txt"),
        ("\u202efdp.exe", "fdp.exe.txt"),
    ],
)
def test_names_play_no_tricks(draft, manager, given, kept):
    upload = SimpleUploadedFile("x", b"x")
    upload._name = given  # what a browser sends has lost its folders before
    assert actions.add_part(draft, upload=upload, by=manager, at=now()).file.name == kept


# --- Archives ------------------------------------------------------------------------------------------------------


def archive(*parts: tuple[str, bytes], change: Callable[[ZipInfo], None] | None = None) -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as made:
        for name, content in parts:
            info = ZipInfo("placeholder")
            info.filename = info.orig_filename = name
            info.compress_type = ZIP_DEFLATED
            if change:
                change(info)
            made.writestr(info, content)
    return target.getvalue()


def as_link(info: ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def locked(content: bytes) -> bytes:
    """The same archive, its only part said to be encrypted."""
    made = bytearray(content)
    made[6] |= 1
    made[made.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def listed_often() -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as made:
        made.writestr("a", b" " * 9 * MB)
        for number in range(1000):
            made.filelist.append(made.getinfo("a"))
            made.NameToInfo[str(number)] = made.getinfo("a")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        *[
            (archive((name, b"x")), "would be unpacked to another place")
            for name in (
                "../evil.txt",
                "a/../../evil.txt",
                "/etc/cron.d/x",
                "..\\evil.txt",
                "C:\\evil.txt",
                "c:evil.txt",
                "\\\\a\\b",
                "a\nb",
                "",
            )
        ],
        (archive(("a.txt\0/../x", b"x")), "another place|damaged"),
        (archive(("a", b"/etc/passwd"), change=as_link), "would be unpacked to another place"),
        (archive(("a.txt", b" " * 30 * MB)), "unpacks to far more"),
        (listed_often(), "unpacks to far more"),
        (archive(("a.txt", b"x")).replace(b"a.txt", b"b.txt", 1), "damaged"),
        (locked(archive(("a.txt", b"x"))), "locked with a password"),
        (archive(*((f"{number}.txt", b"") for number in range(5001))), "more than 5000 files"),
        *[
            (archive((name, b"x")), "a program in this archive")
            for name in ("x/setup.exe", "A.BAT", "read.pdf.lnk", "x.scr ", "y.jar.")
        ],
    ],
)
@pytest.mark.parametrize("name", ["all.zip", "quiz.h5p"])
def test_an_archive_that_does_harm_when_it_is_unpacked_is_refused(add, content, sentence, name):
    require_refused(add, content, name, sentence)


def test_an_archive_of_files_and_folders_is_kept_as_it_is(add, seen):
    content = archive(("Bögen/Erster\u202fAnruf.txt", b"x"), ("Bögen/", b""), ("inner.zip", archive(("a", b"x"))))
    part = add(content, "all.zip")
    assert content_of(part) == content
    assert "Files of this kind are not shown here." in seen(part)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (docx(more={"word/x.xml": b" " * 30 * MB}), "unpacks to far more"),
        (docx(more={"../../evil.xml": b"x"}), "would be unpacked to another place"),
        (docx()[:-40], "unknown kind|damaged"),
    ],
)
def test_office_files_are_archives_too(add, content, sentence):
    require_refused(add, content, "letter.docx", sentence)


# --- Films and pictures --------------------------------------------------------------------------------------------

FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")


@pytest.mark.parametrize(
    "content",
    [
        FTYP,
        FTYP + b"garbage" * 1000,
        FTYP + struct.pack(">I4s", 2**31, b"moov") + bytes(100),
        FTYP + struct.pack(">I4sQ", 1, b"mdat", 2**63) + bytes(100),
        FTYP + struct.pack(">I4sQ", 1, b"mdat", 3) + bytes(100),
        FTYP + struct.pack(">I4s", 1, b"mdat"),
        FTYP + struct.pack(">I4s", 4, b"moov"),
        FTYP + box(b"moov"),
        FTYP + box(b"mdat", bytes(100)),
        FTYP + box(b"moov") + box(b"mdat", bytes(100))[:-1],
        FTYP + box(b"moov") + box(b"mdat") + b"\0",
        FTYP + box(b"free") * 60_000 + box(b"moov") + box(b"mdat"),
    ],
)
def test_a_film_whose_headers_are_absurd_or_that_was_cut_off_is_refused(add, content):
    require_refused(add, content, "film.mp4", "damaged, or was cut off")


def test_a_film_whose_last_box_goes_to_the_end_is_kept(add):
    assert add(FTYP + box(b"moov") + struct.pack(">I4s", 0, b"mdat") + bytes(100), "film.mp4").file.content_type == "video/mp4"


@pytest.mark.parametrize("size", [(1, 1_000_000_000), (1_000_000_000, 1), (60_000, 60_000)])
def test_a_picture_of_a_billion_pixels_is_refused_unopened(add, size):
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", zlib.compress(bytes(1000))) + piece(b"IEND", b"")
    require_refused(add, bomb, "x.png", "million pixels")


@pytest.mark.parametrize("content", [picture("JPEG")[:300], picture("PNG")[:60], b"GIF89a", picture("WEBP")[:40]])
def test_a_picture_that_was_cut_off_is_refused(add, content):
    require_refused(add, content, "x.png", "cannot be read")


def test_a_picture_in_a_word_file_is_drawn_anew_or_left_out(add, seen, client):
    part = add(docx(more={"word/media/1.png": picture() + SCRIPT}), "letter.docx")
    page = seen(part)
    drawn = client.get(re.findall(r'<img alt="A red sign" src="([^"]+)"', page)[0]).content
    assert SCRIPT not in drawn
    with Image.open(BytesIO(drawn)) as image:
        assert image.format == "WEBP"
    for content in (b"garbage", b"<svg onload=alert(1)>"):
        Part.objects.all().delete()
        page = seen(add(docx(more={"word/media/1.png": content}), "letter.docx"))
        assert "A red sign" in page
        assert "<img" not in page


# --- The size of things --------------------------------------------------------------------------------------------


def test_nothing_and_too_much_are_refused(add, settings):
    require_refused(add, b"", "x.txt", "This file is empty")
    settings.MAX_UPLOAD_MB = 1
    require_refused(add, b"x" * (MB + 1), "x.txt", "too large")


def test_bytes_that_are_nothing_are_refused(add):
    require_refused(add, b"a\0b\0\x07\0c\0" * 100, "x.txt", "unknown kind")
    require_refused(add, b"MZ\x90\0" + bytes(500), "letter.pdf", "By its name this is a PDF")
