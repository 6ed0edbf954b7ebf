"""Files sent as a list of employers to do harm, through the page that takes them; docs/security.md has the table.

Tested here is what somebody gets who sends one: its sentence, soon, and nothing of it stays. What reads files is tested beside
it, in ``engagement/tests/test_import_reading.py`` and ``test_import_sheets.py``.
"""

from __future__ import annotations

import codecs
import gzip
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guildhall.core import tasks
from guildhall.core.models import StoredFile, Worker
from guildhall.core.tests.conftest import live, wait_until  # noqa: F401
from guildhall.engagement.models import Employer, EmployerImport
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.workbooks import ods, ole, replaced, xls, xlsx, xlsx_of_cells
from guildhall.people.models import User
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_both]

MB = 1024 * 1024
#: Of computing. What is guarded against took 44 and more; a slow and busy machine takes eleven for the worst cell.
SECONDS = 20
LIST = [["Firma", "PLZ", "Ort"], ["Nordwind GmbH", "24143", "Kiel"], ["Bäckerei Groß", "24103", "Kiel"]]
TABLE = "\n".join(";".join(row) for row in LIST).encode()
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + "<si><t>&l9;</t></si>" * 9 + "</sst>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def ten_million_cells() -> bytes:
    """A sheet in which each of ten million cells holds a number, and which packs no better than honest ones do."""
    chance = random.Random(1)  # noqa: S311
    rows = ["".join(f"<c><v>{chance.randint(0, 9)}</v></c>" for _ in range(1000)) for _ in range(5)]
    body = "".join(f"<row>{row}</row>" for row in rows) * 2_000
    begin = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return _packed(xlsx(Liste=LIST), {SHEET: f"{begin}{body}</sheetData></worksheet>"})


def _packed(content: bytes, parts: dict[str, Any]) -> bytes:
    """A packed file with other parts, quickly packed."""
    buffer = BytesIO()
    with ZipFile(BytesIO(content)) as honest, ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=1) as packed:
        for name in honest.namelist():
            packed.writestr(name, parts.get(name) or honest.read(name))
    return buffer.getvalue()


def part_listed_often() -> bytes:
    """A ZIP of 20 kB whose directory names one part of nine megabytes a thousand times."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/a", b" " * 9 * MB)
        for n in range(1000):
            packed.filelist.append(packed.getinfo("xl/a"))
            packed.NameToInfo[f"xl/{n}"] = packed.getinfo("xl/a")
    return buffer.getvalue()


def far_apart_in_an_old_file() -> bytes:
    """An XLS of 5 kB with a cell in the last column of the last row."""
    honest = xls([["Firma"], ["Alpha"]])
    second = b"\x04\x02\x13\0\x01\0\0\0\0\0"  # LABEL, 19 bytes, row 1, column 0
    assert second in honest
    return honest.replace(second, b"\x04\x02\x13\0\xff\xff\xff\0\0\0")


#: What is sent, under which name, and what one is told.
REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a zip bomb": (lambda: _packed(xlsx(L=LIST), {SHEET: b" " * 201 * MB}), "liste.xlsx", "unpacks to far more"),
    "a part a hundred times its size": (lambda: _packed(xlsx(L=LIST), {SHEET: b" " * 50 * MB}), "a.xlsx", "unpacks to far more"),
    "one part listed a thousand times": (part_listed_often, "liste.xlsx", "unpacks to far more"),
    "ten million cells": (ten_million_cells, "liste.xlsx", "too large to be read"),
    "two cells far apart": (lambda: xlsx_of_cells({"A1": "Firma", "XFD1048576": "x"}), "liste.xlsx", "too large to be read"),
    "two cells far apart, XLS": (far_apart_in_an_old_file, "liste.xls", "too large to be read"),
    "a cell repeated, ODS": (
        lambda: ods(
            LIST,
            tail='<table:table-row table:number-rows-repeated="9000"><table:table-cell office:value-type="string"'
            ' table:number-columns-repeated="9000"><text:p>x</text:p></table:table-cell></table:table-row>',
        ),
        "liste.ods",
        "spreadsheet",
    ),
    "a billion laughs": (
        lambda: replaced(xlsx(L=LIST), "xl/sharedStrings.xml", f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>{STRINGS}'),
        "liste.xlsx",
        "spreadsheet is damaged",
    ),
    "a file of the server": (
        lambda: replaced(
            xlsx(L=LIST), "xl/sharedStrings.xml", f'<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>{STRINGS}'
        ),
        "liste.xlsx",
        "spreadsheet is damaged",
    ),
    "a sheet outside its file": (
        lambda: replaced(
            xlsx(L=LIST),
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target='
            '"../../../../etc/passwd" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
            "</Relationships>",
        ),
        "liste.xlsx",
        "spreadsheet is damaged",
    ),
    "a password": (lambda: ole(EncryptedPackage=b"x"), "liste.xlsx", "locked with a password"),
    "a web page called CSV": (lambda: b"<html><table><tr><td>Firma</td></tr></table></html>", "liste.csv", "This is a web page"),
    "a picture called CSV": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), "liste.csv", "This file is no table."),
    "a PDF called XLSX": (lambda: b"%PDF-1.7\n%\xe2\xe3", "liste.xlsx", "This file is no table."),
    "a Word file called XLS": (lambda: ole(WordDocument=b"x"), "liste.xls", "This file is no table."),
    "gzip called CSV": (lambda: gzip.compress(TABLE), "liste.csv", "This file is no table."),
    "NUL in a row": (lambda: TABLE + b"\nAlpha\0;1;Kiel", "liste.csv", "not plain text (row 4)"),
    "NUL and nothing else": (lambda: bytes(5000), "liste.csv", "not plain text"),
    "four bytes a letter": (lambda: TABLE.decode().encode("utf-32"), "liste.csv", "not plain text"),
    "two encodings in one": (
        lambda: "Firma;Ort\nGrün;Köln\nWeiß;Düren\n".encode() * 9 + "Groß;Köln".encode("latin-1"),
        "liste.csv",
        "Row 28 holds signs that cannot be read",
    ),
    "half a letter": (lambda: codecs.BOM_UTF16_LE + "Firma;Ort\nA;B\n".encode("utf-16-le")[:-1], "liste.csv", "cannot be read"),
    "cut off": (lambda: xlsx(L=LIST)[:3000], "liste.xlsx", "spreadsheet is damaged"),
    "cut off, ODS": (lambda: ods(LIST)[:400], "liste.ods", "spreadsheet is damaged"),
    "ten thousand columns": (lambda: b";".join(b"c%d" % n for n in range(10_000)) + b"\n1;2\n", "liste.csv", "500 columns"),
    "ten thousand columns further down": (lambda: TABLE + b"\nA;1;Kiel" * 300 + b"\n" + b"1;" * 10_000, "a.csv", "500 columns"),
    "one line of 45 MB": (lambda: TABLE + b"\n" + b"x" * 45 * MB, "liste.csv", "Line 4 has no end"),
    "one quotation of 45 MB": (lambda: TABLE + b'\n"' + b"A;B\n" * 11 * MB, "liste.csv", "quotation mark in row 4"),
    "millions of rows": (lambda: TABLE + b"\nA;1;Kiel" * 5 * MB, "liste.csv", "more than 200000 rows"),
    "nothing": (lambda: b"", "liste.csv", "The submitted file is empty."),
    "nothing but marks": (lambda: codecs.BOM_UTF8 * 3, "liste.csv", "This file is empty."),
    "nothing but lines": (lambda: b"\n" * 45 * MB, "liste.csv", "This file is empty."),
    "nothing but columns": (lambda: (b";" * 90_000 + b"\n") * 400, "liste.csv", "This file is empty."),
}


@pytest.fixture
def coordinator() -> User:
    return staff_of(OrganisationFactory(country="DE"))


@pytest.fixture
def browser(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def send(browser: Client, content: bytes, name: str = "liste.csv") -> Any:
    """Send a file as the page does; it is answered soon, whatever it is."""
    began = time.process_time()
    answer = browser.post(reverse("engagement:imports"), {"file": SimpleUploadedFile(name, content)})
    assert time.process_time() - began < SECONDS
    return answer


@pytest.mark.parametrize("what", REFUSED)
def test_a_hostile_file_gets_its_sentence_and_nothing_of_it_stays(browser: Client, what: str) -> None:
    content, name, sentence = REFUSED[what]
    answer = send(browser, content(), name)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not EmployerImport.objects.exists()
    assert not StoredFile.objects.exists()
    assert not any(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*"))


@pytest.mark.parametrize("kind", [xlsx(L=LIST), xls(LIST), ods(LIST)], ids=["xlsx", "xls", "ods"])
def test_a_workbook_cut_off_anywhere_gets_a_sentence(browser: Client, kind: bytes) -> None:
    for share in range(1, 8):
        answer = send(browser, kind[: len(kind) * share // 8], "liste.xlsx")
        # Of an XLS the end is padding: what is left may still be the whole table.
        assert answer.status_code == 422 or EmployerImport.objects.get().reading["rows"] == 2
        EmployerImport.objects.all().delete()


@pytest.mark.parametrize("sign", ["a", "1", "@", "a@", "a.", "+49 ", "1,", "(", "ä", "A-", "https://", "<b>"])
def test_cells_as_long_as_a_line_may_be_take_no_longer_to_understand(browser: Client, sign: str) -> None:
    cell = sign * (30_000 // len(sign))
    rows = f'{cell};"{cell}";"{cell}"\n' * 100
    answer = send(browser, f"Firma;E-Mail;Telefon\n{rows}".encode())
    if answer.status_code == 302:
        assert browser.get(answer["Location"]).status_code == 200
        assert EmployerImport.objects.get().new == 0
    else:
        assert "more than 500 columns" in answer.content.decode()


def test_a_table_with_two_byte_order_marks_and_all_columns_a_sheet_can_have_is_read(browser: Client) -> None:
    wide = codecs.BOM_UTF8 * 2 + TABLE.replace(b"\n", b";" * 16_381 + b"\n")
    page = browser.get(send(browser, wide)["Location"]).content.decode()
    assert "Import 2 rows" in page
    assert EmployerImport.objects.get().mapping == {"name": "Firma", "postal_code": "PLZ", "town": "Ort"}


def test_parts_of_a_workbook_with_names_that_lead_out_of_it_are_written_nowhere(browser: Client, tmp_path: Path) -> None:
    path = tmp_path / "evil"
    for name in (f"../../../../..{path}", str(path), "..\\..\\evil", "xl/../../../evil"):
        answer = send(browser, replaced(xlsx(L=LIST), name, b"evil"), "liste.xlsx")
        assert "Import 2 rows" in browser.get(answer["Location"]).content.decode()
    assert not path.exists()


def test_a_formula_is_text_from_the_upload_to_the_export(browser: Client) -> None:
    formula = '=HYPERLINK("http://evil.example";"x")'
    answer = send(browser, xlsx(L=[["Firma", "Ort"], [formula, "@SUM(1)"]]), "liste.xlsx")
    browser.post(reverse("engagement:import_begin", args=[EmployerImport.objects.get().pk]))
    tasks.run_waiting()
    assert Employer.objects.get().organisation.name == formula
    assert browser.get(answer["Location"]).status_code == 200
    taken = browser.post(reverse("engagement:export"), {"file_format": "csv"})
    assert "\"'=HYPERLINK" in b"".join(taken).decode()


# --- The real server -----------------------------------------------------------------------------------------------


@pytest.fixture
def served(live: dict[str, str], tmp_path: Path) -> Iterator[tuple[int, Path]]:  # noqa: F811
    """Guildhall in processes of its own: its port, and the folder where what it puts aside lies."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    aside = tmp_path / "aside"
    aside.mkdir()
    command = [sys.executable, "-m", "guildhall", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env={**live, "TMPDIR": str(aside)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    wait_until(lambda: Worker.objects.exists())
    yield port, aside
    process.terminate()
    process.wait(30)
    process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.django_db(transaction=True)
def test_300_megabytes_are_turned_away_by_the_real_server_and_held_nowhere(served: tuple[int, Path]) -> None:
    port, aside = served
    browser = Client()
    browser.force_login(staff_of(OrganisationFactory(country="DE")))
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items())
    head = [
        f"POST {reverse('engagement:imports')} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Cookie: {cookies}",
        "Content-Type: multipart/form-data; boundary=x",
    ]
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="liste.csv"\r\n\r\n' + TABLE
    before = _most_memory_mb(aside)
    for length in (f"Content-Length: {300 * MB}", "Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall("\r\n".join([*head, length, "", ""]).encode())
            piece = begin + b"x" * (MB - len(begin))
            if "chunked" in length:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            with suppress(ConnectionError, TimeoutError):  # it need not listen to the end
                for _ in range(300):
                    line.sendall(piece)
            with suppress(ConnectionError, TimeoutError):
                answer = line.recv(1000)
                assert re.match(rb"HTTP/1.1 (413|403)", answer)
    assert not EmployerImport.objects.exists()
    assert not any(path.is_file() for path in aside.rglob("*"))
    assert _most_memory_mb(aside) < before + 60


def _most_memory_mb(aside: Path) -> int:
    """The most memory that any process of the server has had at once."""
    most = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={aside}\0".encode() in (process / "environ").read_bytes():
                status = (process / "status").read_text()
                most = max(most, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024)  # type: ignore[index]
    return most
