"""A paper as a Word document (ISO 29500) that the school can change: real headings, lists and tables, its language, its title.

A blank is a tab with a line below it, up to the edge; a cell to write into is empty and high enough. Its fonts are those that
Word brings along and LibreOffice has twins of; all have Latin, Greek and Cyrillic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils.translation import gettext as _
from django.utils.translation import override
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor

from guildhall.engagement.methodology.papers import Block, Heading, Items, Line, Lines, Paragraph, Table, leads, printable, shares

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: What stands in a cell, and in one at the head of a column.
_CELL_TEXT, _CELL_HEAD = "Table Text", "Table Heading"
_SERIF, _SANS, _SIGNS = "Cambria", "Calibri", "Segoe UI Symbol"
_INK, _SOFT, _BRASS = RGBColor(0x1F, 0x2A, 0x33), RGBColor(0x54, 0x5A, 0x5F), RGBColor(0x7D, 0x5A, 0x12)
_TINT = "F4EFE3"
#: Of a page in A4, of the text on it, of an item's sign, and of a cell to write into.
_WIDTH, _HEIGHT, _EDGE, _INDENT, _CELL = Mm(210), Mm(297), Mm(18), Pt(22), Mm(8.4)
#: Between the edge of a cell and its words, as Word has it.
_PADDING = Pt(5.4)
_ACROSS = Length(_WIDTH - 2 * _EDGE)
#: Letters in a line across; a blank that would begin after so much of it begins on the next line.
_LETTERS, _TOO_LATE = 98, 0.72
#: Word's spelling knows languages with their country.
_WITH_COUNTRY = {"en": "en-GB", "de": "de-DE", "el": "el-GR", "es": "es-ES", "pl": "pl-PL", "pt": "pt-PT"}
#: Tables of more rows may go on on the next page.
_MOST_ROWS = 8


def docx(blocks: Sequence[Block], *, title: str, summary: str, school: str, language: str, at: datetime) -> bytes:
    """Return a paper as a Word document; what is given is as for ``typesetting.pdf``."""
    title, summary, school = printable(title), printable(summary), printable(school)
    document = Document()
    _dress(document, language)
    _describe(document, title=title, summary=summary, school=school, language=language, at=at)
    with override(language):
        _frame(document, school=school, foot=title, page=_("Page %(number)s of %(count)s"))
    _styled(document, "Heading 1").add_run(title)
    _styled(document, "Subtitle").add_run(summary)
    for block, then in zip(blocks, [*blocks[1:], None], strict=True):
        _write(document, block, leading=then is not None and leads(block, then))
    written = BytesIO()
    document.save(written)
    return _undated(written)


def _undated(written: BytesIO) -> bytes:
    """The same archive without the moment at which its parts were packed: from the same paper come the same bytes."""
    again = BytesIO()
    with ZipFile(written) as packed, ZipFile(again, "w") as whole:
        for part in packed.infolist():
            whole.writestr(ZipInfo(part.filename), packed.read(part), ZIP_DEFLATED)
    return again.getvalue()


# --- Blocks ---


def _write(document: Any, block: Block, *, leading: bool) -> None:
    match block:
        case Heading():
            _fill(_styled(document, f"Heading {block.level}"), block.line, _ACROSS)
        case Paragraph():
            paragraph = document.add_paragraph()
            _fill(paragraph, block.line, _ACROSS)
            paragraph.paragraph_format.keep_with_next = leading
        case Lines():
            for number in block:
                _rule(document.add_paragraph(), is_last=number == block.count - 1)
        case Items():
            _list(document, block, leading=leading)
        case Table():
            _draw(document, block)


def _styled(document: Any, style: str) -> Any:
    """A new paragraph in a style, which is found by its number: to find it by name takes python-docx ten times as long."""
    paragraph = document.add_paragraph()
    paragraph._p.style = document.styles[style].style_id
    return paragraph


def _rule(paragraph: Any, *, is_last: bool) -> None:
    paragraph.add_run("\t")
    _leader(paragraph, _ACROSS)
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.keep_with_next = Pt(8), Pt(8 if is_last else 0), not is_last


def _list(document: Any, block: Items, *, leading: bool) -> None:
    style = {"dot": "List Bullet", "number": "List Number", "box": "Normal"}[block.marker]
    numbering = _numbering(document, block.first) if block.marker == "number" else 0
    for number, line in enumerate(block.lines):
        paragraph = _styled(document, style)
        shape = paragraph.paragraph_format
        shape.left_indent, shape.first_line_indent, shape.space_after = _INDENT, Length(-_INDENT), Pt(4)
        # No page ends after the first item, none begins with the last.
        shape.keep_with_next = leading or (len(block.lines) > 1 and number in (0, len(block.lines) - 2))
        shape.tab_stops.add_tab_stop(_INDENT)
        if block.marker == "box":
            _sign(paragraph)
            paragraph.add_run("\t")
        if numbering:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = numbering
        _fill(paragraph, line, _ACROSS)


def _numbering(document: Any, first: int) -> int:
    """A numbering that begins at ``first``, of the kind that numbered lists have: each list has its own."""
    numbering = document.part.numbering_part.element.add_num(_kind_of(document, "List Number"))
    numbering.add_lvlOverride(ilvl=0).add_startOverride(first)
    return int(numbering.numId)


def _draw(document: Any, block: Table) -> None:
    widths = [Length(round(_ACROSS * share)) for share in shares(block)]
    table = document.add_table(rows=len(block.rows) + 1, cols=len(widths), style="Table Grid")
    table.autofit = False
    _indent(table)
    # Of a longer one neither the first nor the last row stands alone on a page.
    stays_together = len(block.rows) <= _MOST_ROWS
    head, text = (document.styles[name].style_id for name in (_CELL_HEAD, _CELL_TEXT))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, (row, lines) in enumerate(zip(table.rows, [block.head, *block.rows], strict=True)):
        _mark(row._tr.get_or_add_trPr(), "w:cantSplit", *(["w:tblHeader"] if number == 0 else []))
        if any(line.is_blank for line in lines):
            row.height, row.height_rule = _CELL, WD_ROW_HEIGHT_RULE.AT_LEAST
        for cell, line, width in zip(row.cells, lines, widths, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph._p.style = head if number == 0 else text
            cell.width, cell.vertical_alignment = width, WD_CELL_VERTICAL_ALIGNMENT.CENTER
            shape = paragraph.paragraph_format
            shape.keep_with_next = number == 0 or (
                number < len(block.rows) and (stays_together or number in (1, len(block.rows) - 1))
            )
            if not line.is_blank:
                _fill(paragraph, line, Length(width - 2 * _PADDING - Mm(2)))
            if number == 0:
                _shade(cell)
    after = document.add_paragraph().paragraph_format  # two tables in a row would become one
    after.space_before = after.space_after = Pt(0)
    after.line_spacing = Pt(9)


def _indent(table: Any) -> None:
    """Let the edge of a table stand below that of the text, not its words."""
    indent = OxmlElement("w:tblInd")
    indent.set(qn("w:w"), str(round(_PADDING.pt * 20)))
    indent.set(qn("w:type"), "dxa")
    later = ["w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook"]
    table._tbl.tblPr.insert_element_before(indent, *later)


def _shade(cell: Any) -> None:
    shade = OxmlElement("w:shd")
    for name, value in {"val": "clear", "color": "auto", "fill": _TINT}.items():
        shade.set(qn(f"w:{name}"), value)
    properties = cell._tc.get_or_add_tcPr()
    properties.insert_element_before(shade, "w:noWrap", "w:tcMar", "w:textDirection", "w:tcFitText", "w:vAlign", "w:hideMark")


def _mark(properties: Any, *names: str) -> None:
    for name in names:
        properties.append(OxmlElement(name))


# --- Lines ---


def _fill(paragraph: Any, line: Line, width: Length) -> None:
    for piece in line.pieces:
        if piece.kind == "box":
            _sign(paragraph)
        else:
            run = paragraph.add_run("_" * 16 if piece.kind == "blank" else piece.text)
            run.bold = True if piece.is_strong else None
    if line.is_open:
        _open(paragraph, len(str(line)), width)


def _open(paragraph: Any, written: int, width: Length) -> None:
    """End so many letters with a line up to the edge; in a cell, where programs differ about tabs, with one almost up to it."""
    letters = _LETTERS * width / _ACROSS
    is_late = (written % letters) / letters > _TOO_LATE
    if is_late:
        paragraph.add_run().add_break()
    if width < _ACROSS:
        paragraph.add_run("_" * int((letters - (0 if is_late else written % letters)) * 0.8))
        return
    paragraph.add_run("\t" if is_late else " \t")
    _leader(paragraph, width)
    paragraph.paragraph_format.space_before = Pt(6)


def _leader(paragraph: Any, width: Length) -> None:
    paragraph.paragraph_format.tab_stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.LINES)


def _sign(paragraph: Any) -> None:
    _font(paragraph.add_run("☐")._r.get_or_add_rPr(), _SIGNS)


# --- The document around them ---


def _dress(document: Any, language: str) -> None:
    """Give the styles of the document our fonts, colours and its language."""
    section = document.sections[0]
    section.page_width, section.page_height = _WIDTH, _HEIGHT
    section.left_margin = section.right_margin = _EDGE
    section.top_margin, section.bottom_margin = Mm(22), Mm(18)
    section.header_distance = section.footer_distance = Mm(10)
    _style(document, "Normal", _SANS, 10.5, _INK, after=6)
    _style(document, "Heading 1", _SERIF, 20, _INK, before=0, after=4)
    _style(document, "Subtitle", _SANS, 10.5, _SOFT, after=8)
    _style(document, "Heading 2", _SERIF, 13, _BRASS, before=14, after=5)
    _style(document, "Heading 3", _SERIF, 11, _INK, before=10, after=4)
    _style(document, "Heading 4", _SERIF, 10.5, _INK, before=8, after=4)
    _style(document, "Header", _SANS, 9, _BRASS, after=0)
    _style(document, "Footer", _SANS, 8.5, _SOFT, after=0)
    for name, size in {_CELL_TEXT: 10.0, _CELL_HEAD: 9.5}.items():
        document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles["Normal"]
        _style(document, name, _SANS, size, _INK, before=2, after=2)
    document.styles[_CELL_HEAD].font.bold = True
    for name in ("List Bullet", "List Number"):
        _level(document, name)
    words = _WITH_COUNTRY.get(language, language)
    for given in document.styles.element.iter(qn("w:lang")):
        given.set(qn("w:val"), words)


def _kind_of(document: Any, style: str) -> int:
    """The number of the kind of numbering that a style of lists has."""
    number = document.styles[style].element.pPr.numPr.numId.val
    return int(document.part.numbering_part.element.num_having_numId(number).abstractNumId.val)


def _level(document: Any, style: str) -> None:
    """Take the tab stop out of a kind of numbering: it is too near for "10."."""
    kind = f"w:abstractNum[@w:abstractNumId='{_kind_of(document, style)}']"
    for tabs in document.part.numbering_part.element.xpath(f"./{kind}/w:lvl/w:pPr/w:tabs"):
        tabs.getparent().remove(tabs)


def _style(document: Any, name: str, font: str, size: float, colour: RGBColor, *, before: float = 0, after: float = 0) -> None:
    style = document.styles[name]
    style.font.size, style.font.color.rgb, style.font.italic = Pt(size), colour, False
    properties = style.element.get_or_add_rPr()
    _font(properties, font)
    for spread in properties.findall(qn("w:spacing")):
        properties.remove(spread)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)


def _font(properties: Any, name: str) -> None:
    """Set one font for all letters; what the theme says of them would be stronger."""
    fonts = properties.get_or_add_rFonts()
    for key in list(fonts.attrib):
        del fonts.attrib[key]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), name)


def _describe(document: Any, *, title: str, summary: str, school: str, language: str, at: datetime) -> None:
    moment = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)  # in these files it is UTC, and does not say so
    about = document.core_properties
    about.title, about.subject, about.language = _short(title), _short(summary), language
    about.author = about.last_modified_by = _short(school)
    about.comments = ""
    about.created = about.modified = moment


def _short(words: str) -> str:
    return words[:255]  # no property may be longer


def _frame(document: Any, *, school: str, foot: str, page: str) -> None:
    """Write the school at the top of each page, the title and the number of the page at its foot."""
    section = document.sections[0]
    section.header.paragraphs[0].text = school
    paragraph = section.footer.paragraphs[0]
    stops = paragraph.paragraph_format.tab_stops
    for stop in document.styles["Footer"].paragraph_format.tab_stops:
        stops.add_tab_stop(stop.position, WD_TAB_ALIGNMENT.CLEAR)
    stops.add_tab_stop(_ACROSS, WD_TAB_ALIGNMENT.RIGHT)
    paragraph.add_run(f"{foot}\t")
    before, _number, rest = page.partition("%(number)s")
    between, _count, behind = rest.partition("%(count)s")
    for words, field in [(before, "PAGE"), (between, "NUMPAGES"), (behind, "")]:
        paragraph.add_run(words)
        _field(paragraph, field)


def _field(paragraph: Any, name: str) -> None:
    """Write what the program counts itself, such as the number of the page."""
    for part in _parts_of_a_field(name) if name else ():
        paragraph.add_run()._r.append(part)


def _parts_of_a_field(name: str) -> Iterable[Any]:
    for kind in ("begin", "separate", "end"):
        sign = OxmlElement("w:fldChar")
        sign.set(qn("w:fldCharType"), kind)
        yield sign
        if kind == "begin":
            instruction = OxmlElement("w:instrText")
            instruction.text = f" {name} "
            yield instruction
        elif kind == "separate":
            shown = OxmlElement("w:t")
            shown.text = "1"
            yield shown
