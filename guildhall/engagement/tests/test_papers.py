"""The methodology's tools as papers: read, filled in, as PDF and as Word documents."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import yaml
from docx import Document
from lxml import etree

from guildhall.engagement.methodology.documents import docx
from guildhall.engagement.methodology.papers import (
    BLANK,
    BOX,
    Heading,
    Items,
    Line,
    Lines,
    PaperError,
    Paragraph,
    Piece,
    Table,
    fill,
    is_tight,
    leads,
    shares,
)
from guildhall.engagement.methodology.typesetting import pdf
from guildhall.engagement.tests.test_sheet import EVIL, inside, is_kept_by_archives

FOLDER = Path(__file__).parents[3] / "content" / "methodology"
LANGUAGES = ["en", "de", "el", "es", "pl", "pt"]
KEYS = sorted(path.stem for path in (FOLDER / "en" / "tools").glob("*.md"))
AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
VALUES = {
    "school": "Berufskolleg Nordstadt",
    "employer": "Ζαχαροπλαστείο Żółć & Söhne",
    "contact": "Ada Lamb",
    "owner": "Cleo Coordinator",
    "date": "30 November 2026",
    "place": "Kiel",
    "sector": "Residential care",
}
HOSTILE = [*EVIL, '<script>alert("x")</script> &amp; ]]>', "{employer} {line}", "| a | b |", "**bold** [link](http://x.example)"]


def words(text, *, is_strong=False):
    return Piece("words", text, is_strong)


def line(text, *, is_open=False):
    return Line((words(text),) if text else (), is_open)


@cache
def kept(language, key):
    """The front matter and the text of a tool as its folder has it."""
    head, body = (FOLDER / language / "tools" / f"{key}.md").read_text().split("---\n", 2)[1:]
    return yaml.safe_load(head), body


def printed(language, key, values=VALUES):
    head, body = kept(language, key)
    return pdf(
        fill(body, values), title=head["title"], summary=head["summary"], school=VALUES["school"], language=language, at=AT
    )


def written(language, key, values=VALUES):
    head, body = kept(language, key)
    return docx(
        fill(body, values), title=head["title"], summary=head["summary"], school=VALUES["school"], language=language, at=AT
    )


def words_of(printed_pdf):
    with pypdfium2.PdfDocument(printed_pdf) as opened:
        return "\n".join(page.get_textpage().get_text_bounded() for page in opened)


def told(document):
    """All texts of a Word document, those in its cells too."""
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


class TestReading:
    def test_each_kind_of_block_is_understood(self):
        text = """
## Before you ring

Say **who** you are.

- [ ] Looked into the book
- [ ] Something else: {line}

3. What is missing?

{lines 2}

- quick
- slow

| Tick | Name | What |
|---|---|---|
| {box} | {line} | Other: {line} |
"""
        assert fill(text, {}) == [
            Heading(2, line("Before you ring")),
            Paragraph(Line((words("Say "), words("who", is_strong=True), words(" you are.")))),
            Items("box", (line("Looked into the book"), line("Something else: ", is_open=True))),
            Items("number", (line("What is missing?"),), first=3),
            Lines(2),
            Items("dot", (line("quick"), line("slow"))),
            Table(
                (line("Tick"), line("Name"), line("What")),
                ((Line((BOX,)), line("", is_open=True), line("Other: ", is_open=True)),),
            ),
        ]

    def test_what_is_known_is_filled_in_and_what_is_not_is_a_line(self):
        (paragraph,) = fill("{employer} in {place}, with {contact}", {"employer": "Bakery Nord", "place": ""})
        assert paragraph == Paragraph(Line((words("Bakery Nord"), words(" in "), BLANK, words(", with ")), is_open=True))

    def test_a_line_alone_goes_across(self):
        assert fill("{line}", {}) == [Lines(1)]

    @pytest.mark.parametrize("value", HOSTILE)
    def test_what_is_filled_in_is_never_markup(self, value):
        table, paragraph = fill("| Employer |\n|---|\n| {employer} |\n\nAt {employer}", {"employer": value})
        assert [piece.kind for piece in paragraph.line.pieces] == ["words", "words"]
        assert len(table.rows) == 1
        assert table.rows[0][0].pieces[0].text == paragraph.line.pieces[1].text

    def test_a_value_stands_on_one_line_and_has_an_end(self):
        (paragraph,) = fill("{employer}", {"employer": "Nord\n\n\tand\x00 Sons\u202e " + "x" * 500})
        (piece,) = paragraph.line.pieces
        assert piece.text.startswith("Nord and Sons xxx")
        assert len(piece.text) == 200

    @pytest.mark.parametrize(
        "text",
        [
            "# A title",
            "##### Deep",
            "- a\n  - b",
            "- a\n\n  b",
            "1. [ ] a",
            "- [ ] a\n- b",
            "> quoted",
            "`code`",
            "*leaning*",
            "[link](http://x.example)",
            "![picture](x.png)",
            "```\ncode\n```",
            "---",
            "{unknown}",
            "{lines 0}",
            "{lines 21}",
            "Words and {lines 2}",
            "a { b",
            "a } b",
            "{line",
        ],
    )
    def test_what_no_paper_has_is_refused_with_its_place(self, text):
        with pytest.raises(PaperError, match=r"^line \d|^somewhere"):
            fill(text, {})

    def test_a_question_stays_with_what_answers_it(self):
        question, lines, other = fill("1. Why?\n\n{lines 2}\n\nThen.", {})
        assert leads(question, lines)
        assert not leads(lines, other)
        assert leads(Heading(2, line("Why")), other)


class TestColumns:
    def test_what_one_writes_into_gets_the_room(self):
        (table,) = fill("| What | Note |\n|---|---|\n| What they need | {line} |\n| Who decides | {line} |", {})
        assert shares(table)[1] > shares(table)[0]

    def test_a_box_is_narrow(self):
        (table,) = fill("| Question | Yes | No |\n|---|---|---|\n| Is it so? | {box} | {box} |\n| Or so? | {box} | {box} |", {})
        assert max(shares(table)[1:]) < 0.2

    def test_what_all_is_about_stands_in_equal_columns_filled_in_or_not(self):
        text = "| School | Employer |\n|---|---|\n| {school} | {employer} |"
        assert [shares(fill(text, values)[0]) for values in ({}, VALUES)] == [[0.5, 0.5], [0.5, 0.5]]

    def test_too_many_long_words_have_to_be_broken(self):
        (table,) = fill("| A | B | C | D |\n|---|---|---|---|\n" + "| " + "| ".join(["x" * 300] * 4) + " |", {})
        assert is_tight(table)
        assert sum(shares(table)) == pytest.approx(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tool_is_a_paper_and_has_the_same_shape_in_every_language(language):
    def shape(block):
        match block:
            case Items():
                return block.marker, block.first, len(block.lines)
            case Table():
                return len(block.head), len(block.rows)
            case Lines():
                return block.count
        return block.kind

    for key in KEYS:
        blocks = fill(kept(language, key)[1], VALUES)
        assert [shape(block) for block in blocks] == [shape(block) for block in fill(kept("en", key)[1], VALUES)], key
        tables = [block for block in blocks if isinstance(block, Table)]
        assert all(sum(shares(table)) == pytest.approx(1) and min(shares(table)) > 0.05 for table in tables), key
        assert not any(is_tight(table) for table in tables), key


class TestPDF:
    @pytest.mark.parametrize(("language", "key"), [("el", "needs-interview"), ("pl", "memorandum")])
    def test_it_is_one_that_archives_keep_and_screen_readers_read(self, language, key):
        made = printed(language, key)
        assert is_kept_by_archives(made)
        content = inside(made)
        assert f"/Lang({language}".encode() in re.sub(rb"/Lang\s+\(", b"/Lang(", content)
        assert b"/TH" in content
        assert b"/H2" in content
        with pypdfium2.PdfDocument(made) as opened:
            assert [round(side) for side in opened[0].get_size()] == [595, 842]
        said = words_of(made)
        assert "Żółć" in said
        assert "Berufskolleg Nordstadt" in said
        assert kept(language, key)[0]["title"] in said

    def test_what_people_write_is_never_code(self):
        text = "| School | Employer |\n|---|---|\n| {school} | {employer} |\n\n- {contact}\n\n{owner}: {line}"
        blocks = [block for value in HOSTILE for block in fill(text, dict.fromkeys(VALUES, value))]
        made = pdf(blocks, title="".join(HOSTILE), summary=HOSTILE[0], school="".join(HOSTILE), language="en", at=AT)
        assert is_kept_by_archives(made)
        assert '#read("/etc/passwd")' in words_of(made)

    @pytest.mark.parametrize("letters", ["😀", "日本語"])
    def test_letters_that_its_fonts_lack_make_a_paper_all_the_same(self, letters):
        assert pdf(fill("{employer}", {"employer": letters}), title="", summary="", school="", language="en", at=AT)

    def test_its_pages_are_numbered_in_its_own_language(self):
        assert "Strona 1 z 2" in words_of(printed("pl", "memorandum"))


class TestWord:
    @pytest.mark.parametrize("key", KEYS)
    def test_it_opens_with_its_headings_tables_and_language(self, key):
        head, body = kept("el", key)
        document = Document(BytesIO(written("el", key)))
        headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
        assert headings == [head["title"], *(str(block.line) for block in fill(body, {}) if isinstance(block, Heading))]
        assert document.core_properties.title == head["title"]
        assert document.core_properties.language == "el"
        assert document.core_properties.author == "Berufskolleg Nordstadt"
        tables = [block for block in fill(body, {}) if isinstance(block, Table)]
        assert [len(table.rows) - 1 for table in document.tables] == [len(block.rows) for block in tables]
        assert all(table.rows[0]._tr.xpath("./w:trPr/w:tblHeader") for table in document.tables)
        boxes = len(re.findall(r"\{box\}|^- \[ \]", body, re.MULTILINE))
        assert told(document).count("☐") == boxes
        assert 'w:val="el-GR"' in document.styles.element.xml
        assert VALUES["employer"] in told(document) or "{employer}" not in body

    def test_each_numbered_list_begins_where_its_text_says(self):
        document = Document(BytesIO(written("en", "needs-interview")))
        numbered = [p for p in document.paragraphs if p.style.name == "List Number"]
        numberings = document.part.numbering_part.element
        starts = [
            numberings.num_having_numId(p._p.pPr.numPr.numId.val).xpath("./w:lvlOverride/w:startOverride/@w:val")
            for p in numbered
        ]
        assert starts == [[str(number)] for number in range(1, 11)]

    def test_its_blanks_are_tabs_with_a_line(self):
        document = Document(
            BytesIO(docx(fill("Partners: {line}\n\n{lines 2}", {}), title="", summary="", school="", language="en", at=AT))
        )
        blanks = [p for p in document.paragraphs if p.text.endswith("\t")]
        assert len(blanks) == 3
        assert all(p.paragraph_format.tab_stops[0].leader is not None for p in blanks)

    @pytest.mark.parametrize("value", [*HOSTILE, "😀 日本語", "x" * 400])
    def test_what_people_write_is_text_and_its_xml_is_sound(self, value):
        blocks = fill("| Employer |\n|---|\n| {employer} |\n\n**{contact}**: {line}", dict.fromkeys(VALUES, value))
        made = docx(blocks, title=value, summary=value, school=value, language="pl", at=AT)
        with zipfile.ZipFile(BytesIO(made)) as packed:
            for name in packed.namelist():
                if name.endswith(".xml"):
                    etree.fromstring(packed.read(name), etree.XMLParser(resolve_entities=False))
        (piece,) = blocks[0].rows[0][0].pieces
        assert piece.text in told(Document(BytesIO(made)))
