"""A long film as lists of pieces, of which a player loads those it needs, in the size that suits the line: HLS, RFC 8216.

Each piece is a range of bytes of a rendition's one file. A list names the others by their place beside it, so the addresses of
the three kinds are siblings: ``film.m3u8``, ``360p.m3u8``, ``360p.mp4``.
"""

from __future__ import annotations

from collections.abc import Sequence

from guildhall.library.models import Rendition

CONTENT_TYPE = "application/vnd.apple.mpegurl"
#: Pieces in MP4 need 6 (RFC 8216, 7); players of Apple expect 7.
_VERSION = 7


def master(renditions: Sequence[Rendition]) -> str:
    """List the sizes in which a film can be played, the smallest first: it begins at once on any line."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for made in sorted(renditions, key=lambda made: made.height):
        most = max((8 * length / seconds for _start, length, seconds in made.pieces[1:] if seconds), default=0)
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={max(round(most), made.bits_per_second)},AVERAGE-BANDWIDTH={made.bits_per_second},"
            f'CODECS="{made.codecs}",RESOLUTION={made.width}x{made.height}'
        )
        lines.append(f"{made.kind}.m3u8")
    return _text(lines)


def playlist(made: Rendition) -> str:
    """List the pieces of a rendition, each with its seconds and where its bytes are."""
    (start, length, _seconds), *fragments = made.pieces
    file = f"{made.kind}.mp4"
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{max(int(seconds + 0.5) for _start, _length, seconds in fragments) or 1}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="{file}",BYTERANGE="{length}@{start}"',
    ]
    for start, length, seconds in fragments:
        lines += [f"#EXTINF:{seconds:.5f},", f"#EXT-X-BYTERANGE:{length}@{start}", file]
    return _text([*lines, "#EXT-X-ENDLIST"])


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
