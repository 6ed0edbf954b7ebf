"""Files for tests, made here: PDFs, Word files and their kin, as small as they can be."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def pdf(pages: Iterable[str] = ("Who decides?",), **root: object) -> bytes:
    """A PDF with a line on each page; what else is given goes into its root."""
    made = pikepdf.new()
    font = made.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for words in pages:
        page = made.add_blank_page(page_size=(595, 842))
        page.Resources = Dictionary(Font=Dictionary(F=font))
        page.Contents = made.make_stream(f"BT /F 24 Tf 72 700 Td ({words}) Tj ET".encode("latin-1"))
    for name, value in root.items():
        made.Root[f"/{name}"] = value
    target = BytesIO()
    made.save(target)
    return target.getvalue()


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP of these parts."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    target = BytesIO()
    Image.new("RGB", size, "red").save(target, kind)
    return target.getvalue()


def docx(body: str = "", more: Mapping[str, str | bytes] | None = None, *, relations: str = "") -> bytes:
    """A Word file with this body, or one with a heading, a paragraph and a picture."""
    shown = body or (
        '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Before the call</w:t></w:r></w:p>'
        "<w:p><w:r><w:t>Who decides?</w:t></w:r></w:p>"
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<wp:docPr id="1" name="p" descr="A red sign"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip r:embed="r9"/>'
        "</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    relations = relations or f'<Relationship Id="r9" Type="{_RELATION}/image" Target="media/1.png"/>'
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="png" ContentType="image/png"/>'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
            '.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_RELATION}/officeDocument"'
            ' Target="word/document.xml"/></Relationships>',
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>',
            "word/styles.xml": f'<w:styles xmlns:w="{WORD}"><w:style w:type="paragraph" w:styleId="Heading1">'
            '<w:name w:val="heading 1"/></w:style></w:styles>',
            "word/document.xml": f'<w:document xmlns:w="{WORD}" xmlns:r="{_RELATION}"><w:body>{shown}</w:body></w:document>',
            "word/media/1.png": picture(),
            **(more or {}),
        }
    )


def odf(kind: str, body: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A file of LibreOffice: "text", "presentation" or "spreadsheet"."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", 0)
        spaces = f'xmlns:office="{_ODF}:office:1.0" xmlns:text="{_ODF}:text:1.0"'
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
        for name, given in (more or {}).items():
            archive.writestr(name, given)
    return target.getvalue()


def pptx(slides: Iterable[str]) -> bytes:
    """Slides with a line on each."""
    types = f'<Types xmlns="{_TYPES}"/>'
    shown = {
        f"ppt/slides/slide{number}.xml": f'<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:sld>'
        for number, words in enumerate(slides, 1)
    }
    return packed({"[Content_Types].xml": types, "ppt/presentation.xml": "<p/>", **shown})


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def mp4() -> bytes:
    """What a film has in its outline, without a picture in it."""
    return box(b"ftyp", b"isom\0\0\2\0isomiso2") + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", bytes(1000))


def javascript(script: str = "app.alert(1)") -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=script)


def names_of(**trees: object) -> Dictionary:
    """The name trees of a PDF: scripts, embedded files."""
    return Dictionary({f"/{name}": Dictionary(Names=Array(["a", value])) for name, value in trees.items()})
