"""Workbooks made for tests: what people send, and what somebody might send to do harm."""

import io
import struct
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import xlsxwriter

_SPREADSHEETML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns"


def xlsx(**sheets):
    """An Excel file; each sheet is a list of rows, whose values may be numbers, dates or texts."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return buffer.getvalue()


def replaced(content, part, text):
    """A packed file in which one part is another text."""
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as packed, ZipFile(buffer, "w", ZIP_DEFLATED) as target:
        for name in packed.namelist():
            target.writestr(name, packed.read(name) if name != part else text)
        if part not in packed.namelist():
            target.writestr(part, text)
    return buffer.getvalue()


def xlsx_of_cells(cells):
    """An Excel file with these cells, as "A1": text, and no others however far apart they are."""
    rows = "".join(
        f'<row r="{address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{address}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for address, text in cells.items()
    )
    sheet = f'<worksheet xmlns="{_SPREADSHEETML}"><sheetData>{rows}</sheetData></worksheet>'
    return replaced(xlsx(Liste=[["x"]]), "xl/worksheets/sheet1.xml", sheet)


def ods(rows, *, tail="", manifest=""):
    """A LibreOffice table: a list of rows of texts, and XML that stands after them."""
    cells = [
        "".join(f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in row)
        for row in rows
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells) + tail
    spaces = " ".join(f'xmlns:{name}="{_OPEN}:{name}:1.0"' for name in ("office", "table", "text"))
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", ZIP_STORED)
        entries = f'<manifest:manifest xmlns:manifest="{_OPEN}:manifest:1.0">{manifest}</manifest:manifest>'
        packed.writestr("META-INF/manifest.xml", entries)
        table = f'<office:spreadsheet><table:table table:name="Liste">{body}</table:table></office:spreadsheet>'
        packed.writestr(
            "content.xml", f"<office:document-content {spaces}><office:body>{table}</office:body></office:document-content>"
        )
    return buffer.getvalue()


def xls(rows, *, locked=False):
    """An Excel file as before 2007: a list of rows of texts and numbers. The records are those of BIFF8 ([MS-XLS])."""

    def record(kind, content=b""):
        return struct.pack("<HH", kind, len(content)) + content

    def cell(at, column, value):
        if isinstance(value, str):
            text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
            return record(0x0204, struct.pack("<HHH", at, column, 0) + text)
        return record(0x0203, struct.pack("<HHHd", at, column, 0, value))

    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    begin += record(0x002F, struct.pack("<HHH", 1, 1, 1) + bytes(48)) if locked else b""
    begin += record(0x0042, struct.pack("<H", 1200))
    place = len(begin) + 4 + 8 + 5 + 4
    begin += record(0x0085, struct.pack("<IBBBB", place, 0, 0, 5, 0) + b"Liste") + record(0x000A)
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += b"".join(cell(at, column, value) for at, row in enumerate(rows) for column, value in enumerate(row))
    return ole(Workbook=begin + sheet + record(0x000A))


def ole(**stream):
    """A compound file with one stream ([MS-CFB]): a head, a table of sectors, a directory, the stream."""
    [(name, content)] = stream.items()
    content = content.ljust(4096, b"\0")  # a shorter one would have to lie elsewhere
    content += bytes(-len(content) % 512)
    count, end, free = len(content) // 512, 0xFFFFFFFE, 0xFFFFFFFF
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 4 * 108
    chain = [0xFFFFFFFD, end, *range(3, count + 2), end]
    sectors = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))

    def entry(name, kind, child, start, size):
        title = name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<HBBIII", len(title), kind, 1, free, free, child)
        return title.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 2, len(content)) + bytes(256)
    return head + sectors + directory + content
