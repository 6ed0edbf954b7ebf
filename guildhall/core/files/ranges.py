"""Giving out a file, whole or the range of it that is asked for, as players of sound and film do: RFC 9110, 13.1.5 and 14."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from guildhall.core.models import StoredFile

_PIECE = 256 * 1024
#: Up to this, bytes are handed over in one piece. A thread of the web server that gives out more waits for who reads slowly, or
#: has paused a film and reads nothing: there are few threads, and the next page would wait as well.
_AT_ONCE = 4 * 1024 * 1024
#: Of a film and a range without an end, as browsers ask for them, so much is given. They look at what came, and ask for more
#: when they need it (RFC 9110, 15.3.7).
_WITHOUT_END = 1024 * 1024
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,20})\s*-\s*(\d{0,20})\s*", re.ASCII | re.IGNORECASE)


def ranged(request: HttpRequest, stored: StoredFile, *, as_attachment: bool = False, max_age: int | None = 0) -> HttpResponseBase:
    """Give out a file, or the range of it that is asked for: 200, 206, 304 or 416. Who may see it was asked before.

    Wherever a browser opens it, it runs nothing. Several ranges at once are answered by the whole, as the RFC allows. For
    ``max_age`` seconds the asker's own cache need not ask again; None keeps the file out of every cache.
    """
    etag = f'"{stored.sha256}"'
    # Browsers show no PDF in a sandbox. Without one it still may load and run nothing of a page's.
    sandbox = "" if stored.content_type == "application/pdf" else "; sandbox"
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": f"private, {'no-store' if max_age is None else f'max-age={max_age}'}",
        "Content-Disposition": content_disposition_header(as_attachment, stored.name) or "inline",
        "Content-Security-Policy": f"default-src 'none'; frame-ancestors 'none'{sandbox}",
        "X-Content-Type-Options": "nosniff",
    }
    if _names(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304, headers=headers)
    first, last, status = 0, stored.size - 1, 200
    # A range is for GET only, and means nothing where the file is another than the one that the asker has begun.
    if request.method == "GET" and request.headers.get("If-Range", etag) == etag:
        # Who saves a file, and goes on after the line broke, expects all the rest.
        is_played = stored.content_type.startswith(("audio/", "video/")) and not as_attachment
        asked = _asked(request.headers.get("Range", ""), stored.size, _WITHOUT_END if is_played else stored.size)
        if asked and asked[0] > asked[1]:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{stored.size}"})
        if asked:
            (first, last), status = asked, 206
            headers["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        return HttpResponse(content_type=stored.content_type, headers=headers)
    body = _Bytes(stored, first, last - first + 1)
    return StreamingHttpResponse(body, status=status, content_type=stored.content_type, headers=headers)


def _asked(header: str, size: int, most: int) -> tuple[int, int] | None:
    """Return the first and the last byte that are to be given, the first after the last if there are no such; None for all.

    Where no end is asked for they are ``most`` at most.
    """
    found = _RANGE.fullmatch(header)
    start, end = (int(number) if number else None for number in found.groups()) if found else (None, None)
    if start is not None:
        last = min(start + most - 1 if end is None else end, size - 1)
        return None if end is not None and end < start else (start, last)
    return None if end is None else (max(size - end, 0), size - 1)  # the last so many


def _names(header: str, etag: str) -> bool:
    named = {name.strip().removeprefix("W/") for name in header.split(",")}
    return etag in named or "*" in named


class _Bytes(Iterator[bytes]):
    """Some of a file's bytes, piece by piece; opened at once, so that a file that is gone is no answer broken off."""

    def __init__(self, stored: StoredFile, first: int, count: int) -> None:
        self._left = count
        self._piece = count if count <= _AT_ONCE else _PIECE
        self._source = file = stored.content.storage.open(str(stored.content), "rb")
        if hasattr(file, "obj"):  # of an S3 storage, which would fetch the whole before it reads the first byte
            self._source = file.obj.get(Range=f"bytes={first}-{first + count - 1}")["Body"]
        else:
            file.seek(first)

    def __next__(self) -> bytes:
        piece = self._source.read(min(self._piece, self._left)) if self._left else b""
        if not piece:
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._source.close()
