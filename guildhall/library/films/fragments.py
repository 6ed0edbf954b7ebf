"""Where the fragments of a film lie in its file, so that it can be played piece by piece (HLS) as well as like any other MP4.

FFmpeg writes a film that is made with ``MOVFLAGS`` in fragments. When all are there it puts one large ``mdat`` around them and an
index of the whole behind: who knows nothing of fragments finds an ordinary MP4. Nothing is kept twice.

The boxes are those of ISO/IEC 14496-12, 4.2 (boxes), 8.4.2 (mdhd), 8.8.7 (tfhd) and 8.8.12 (tfdt).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

#: Without ``delay_moov`` the first fragment would be written before its head, and the sound's lead-in would not be cut off.
MOVFLAGS = "+hybrid_fragmented+frag_keyframe+delay_moov+default_base_moof"
#: The least a fragment lasts, but for the last one: what Apple advises for HLS.
SECONDS = 6
#: A box that describes is never larger; one that is, is not of our making.
_MOST_BYTES = 64 * 1024 * 1024
#: FFmpeg counts tracks from 1, in the order in which they were added.
_PICTURE = 1


class NotInFragments(ValueError):
    """A file that was not made with ``MOVFLAGS``."""


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    inside: int
    end: int


def of(file: IO[bytes]) -> dict[str, Any]:
    """Return where the head and the fragments of a film lie, and how its picture and sound are coded.

    Returns:
        ``pieces``, of the head, then of each fragment in its order: its first byte, how many, and its seconds (0 for the head).
        ``codecs``, as RFC 6381 names them.

    Raises:
        NotInFragments: there are none.
    """
    outer = {box.kind: box for box in _boxes(file, 0, file.seek(0, 2))}
    if b"mdat" not in outer or b"moov" not in outer:
        raise NotInFragments
    whole = _Whole(_bytes(file, outer[b"moov"]))
    inner = list(_boxes(file, outer[b"mdat"].inside, outer[b"mdat"].end))
    if [box.kind for box in inner[:3]] != [b"ftyp", b"moov", b"moof"]:
        raise NotInFragments
    begun = [(box.start, _begins(_bytes(file, box)) / whole.clock) for box in inner if box.kind == b"moof"]
    # The last one ends where the longest track does.
    ends = [*begun[1:], (inner[-1].end, max(whole.seconds, begun[-1][1]))]
    pieces: list[tuple[int, int, float]] = [(inner[0].start, inner[1].end - inner[0].start, 0.0)]
    for (start, second), (end, next_second) in zip(begun, ends, strict=True):
        pieces.append((start, end - start, round(next_second - second, 5)))
    return {"pieces": pieces, "codecs": whole.codecs}


class _Whole:
    """What the index of a whole film says of its tracks: how the time of the picture is counted, how long the longest lasts."""

    def __init__(self, moov: bytes) -> None:
        file = BytesIO(moov)
        tracks = [box for box in _boxes(file, 8, len(moov)) if box.kind == b"trak"]
        times = [_time(_bytes(file, _find(file, track, b"mdia", b"mdhd"))) for track in tracks]
        if not times or not all(clock for clock, _length in times):
            raise NotInFragments
        self.clock = times[0][0]
        self.seconds = max(length / clock for clock, length in times)
        found = []
        if (avc := moov.find(b"avcC")) > 0:  # its profile, what it keeps to, its level: RFC 6381, 3.3
            found.append(f"avc1.{moov[avc + 5 : avc + 8].hex()}")
        if b"mp4a" in moov:
            found.append("mp4a.40.2")
        self.codecs = ",".join(found)


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[_Box]:
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        inside = start + 8
        if size == 1:
            size, inside = struct.unpack(">Q", file.read(8))[0], start + 16
        elif size == 0:  # to the end
            size = end - start
        if size < inside - start or start + size > end:
            raise NotInFragments
        yield _Box(kind, start, inside, start + size)
        start += size


def _bytes(file: IO[bytes], box: _Box) -> bytes:
    if box.end - box.start > _MOST_BYTES:
        raise NotInFragments
    file.seek(box.start)
    return file.read(box.end - box.start)


def _find(file: IO[bytes], within: _Box, *path: bytes) -> _Box:
    for kind in path:
        found = next((box for box in _boxes(file, within.inside, within.end) if box.kind == kind), None)
        if found is None:
            raise NotInFragments
        within = found
    return within


def _time(mdhd: bytes) -> tuple[int, int]:
    """Return how many units a second has, and how many of them a track."""
    clock, length = struct.unpack_from(">IQ", mdhd, 28) if mdhd[8] == 1 else struct.unpack_from(">II", mdhd, 20)
    return clock, length


def _begins(moof: bytes) -> int:
    """Return the moment at which the picture goes on in a fragment, in its own units."""
    file = BytesIO(moof)
    for box in _boxes(file, 8, len(moof)):
        if box.kind == b"traf" and struct.unpack_from(">I", _bytes(file, _find(file, box, b"tfhd")), 12)[0] == _PICTURE:
            tfdt = _bytes(file, _find(file, box, b"tfdt"))
            return int(struct.unpack_from(">Q" if tfdt[8] == 1 else ">I", tfdt, 12)[0])
    raise NotInFragments
