import codecs
import io
import zipfile

import pytest

from guildhall.engagement.importing import reading
from guildhall.engagement.importing.reading import Unreadable, find_out
from guildhall.engagement.importing.survey import look_over

TABLE = "Firma;Straße;Ort\nMüller GmbH;Hauptstr. 5;Köln\nBäckerei Groß;Ringweg 1;Düren\n"


def read(content, country=""):
    file = io.BytesIO(content)
    how = find_out(file, country=country)
    return how, list(how.records(file))


def refused(content, **kwargs):
    with pytest.raises(Unreadable) as no:
        look_over(io.BytesIO(content), country="DE", **kwargs)
    return no.value.sentence


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8-sig"),
        (TABLE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
        (TABLE.encode("latin-1"), "cp1252"),
    ],
)
def test_the_encoding_is_found_out(content, encoding):
    how, records = read(content)
    assert how.encoding == encoding
    assert how.headings == ("Firma", "Straße", "Ort")
    assert records == [(2, ["Müller GmbH", "Hauptstr. 5", "Köln"]), (3, ["Bäckerei Groß", "Ringweg 1", "Düren"])]


@pytest.mark.parametrize(("country", "words", "encoding"), [("PL", "Łódź; Żory", "cp1250"), ("GR", "Επωνυμία; Αθήνα", "cp1253")])
def test_old_encodings_are_told_apart_by_the_country(country, words, encoding):
    how, _records = read(f"{words}\nx;y\n".encode(encoding), country)
    assert how.headings == tuple(words.split("; "))


@pytest.mark.parametrize("mark", ["; ", ",", "\t", "|"])
def test_the_delimiter_is_found_out(mark):
    mark = mark.strip(" ")
    rows = [["name", "town", "share"], ["Müller", "Köln", "1"], ["Meier", "Bonn", "2"]]
    how, records = read("\n".join(mark.join(row) for row in rows).encode())
    assert how.delimiter == mark
    assert [cells for _number, cells in records] == rows[1:]


def test_decimal_commas_do_not_make_a_file_comma_separated():
    how, _records = read(b"name;x;y\nA;1,5;2,5\nB;3,5;4,5\n")
    assert how.delimiter == ";"


def test_a_file_of_names_only_is_a_table_of_one_column():
    how, records = read(b"Company\nMiller & Sons\nSmith, Jones and Partners\n")
    assert how.headings == ("Company",)
    assert records == [(2, ["Miller & Sons"]), (3, ["Smith, Jones and Partners"])]


def test_titles_above_the_headings_are_passed_over_and_rows_count_as_in_the_spreadsheet():
    how, records = read(b"List of employers 2026;;\n;;\nname;town;phone\n\nMiller;Cork;021 55\n")
    assert (how.heading_row, how.headings) == (3, ("name", "town", "phone"))
    assert records == [(5, ["Miller", "Cork", "021 55"])]


def test_columns_without_headings_are_called_by_their_letters():
    how, records = read("Müller GmbH;50667;Köln\nMeier KG;53111;Bonn\n".encode())
    assert (how.heading_row, how.headings) == (0, ("Column A", "Column B", "Column C"))
    assert len(records) == 2


def test_equal_and_empty_headings_are_told_apart():
    how, _records = read(b"name;phone;phone;;town\nA;1;2;3;X\n")
    assert how.headings == ("name", "phone", "phone (2)", "Column D", "town")


def test_cells_may_hold_delimiters_quotation_marks_and_lines():
    how, records = read(b'name;note\r\n"Miller; Sons";"said ""yes""\r\nand meant it"\r\nSmith;x\r\n')
    assert how.delimiter == ";"
    assert records == [(2, ["Miller; Sons", 'said "yes"\r\nand meant it']), (3, ["Smith", "x"])]


def test_excels_hint_about_the_delimiter_is_no_row():
    how, records = read(b"sep=;\nname;town\nMiller;Cork\n")
    assert how.headings == ("name", "town")
    assert records == [(2, ["Miller", "Cork"])]


def test_lines_may_end_as_on_any_system():
    for end in ("\n", "\r\n", "\r"):
        _how, records = read(end.join(["name;town", "Miller;Cork", "Smith;Galway"]).encode())
        assert [number for number, _cells in records] == [2, 3]


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (codecs.BOM_UTF8, "empty"),
        (b";;;\n;;;\n", "empty"),
        (b"name;town;phone\n", "no rows"),
        (zipped(), "This file is no table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "This file is no table"),
        (b"%PDF-1.7 ...", "no table"),
        (b"\n  <!DOCTYPE html><html><table><tr><td>name</td></tr></table>", "web page"),
        (b"<table><tr><td>name</td></tr></table>", "web page"),
        (b"name;town\nMiller;Co\0rk\n", "not plain text (row 2)"),
        (bytes(range(256)) * 40, "not plain text"),
        (codecs.BOM_UTF16_LE + b"n\0a\0m\0e\0\n\0\x00\xd8x\0", "Row 2 holds signs that cannot be read"),
        (
            "name;town\nMüller;Köln\nGroß;Zürich\n".encode() + b"Gr\xfc\xdf;x\n" + "Möller;Köln\n".encode() * 9,
            "Row 4 holds signs",
        ),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content, sentence):
    assert sentence in refused(content)


def test_a_quotation_mark_that_swallows_the_rest_is_named_by_its_row():
    rows = [f"Firm {n};Town" for n in range(2, 5000)]
    rows[98] = '"Firm 100;Town'
    assert "quotation mark in row 100" in refused("\n".join(["name;town", *rows]).encode())
    rows[400] = 'Firm 402;"Town"'
    assert "quotation mark in row 100" in refused("\n".join(["name;town", *rows]).encode())
    assert "quotation mark in row 3" in refused(b'name;town\nA;B\n"C;D\n')
    assert "quotation mark in row 3" in refused(b'name;town\nA;B\n"C;D')


def test_ten_thousand_columns_are_refused():
    line = ";".join(f"c{n}" for n in range(10_000))
    assert "more than 500 columns" in refused(f"{line}\n{line}\n".encode())


def test_a_line_without_end_is_refused_before_it_is_read():
    class Endless(io.RawIOBase):
        served = 0

        def read(self, size=-1):
            self.served += size
            assert self.served < 5_000_000
            return b"x" * size

        def seek(self, *args):
            return 0

        def readable(self):
            return True

    with pytest.raises(Unreadable, match="Line 1 has no end"):
        list(reading.Reading("utf-8", ";", ("a",), 1).records(Endless()))


def test_more_rows_than_anybody_has_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 10)
    assert "more than 10 rows" in refused(b"name;town\n" + b"A;B\n" * 11)
