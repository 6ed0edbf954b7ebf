"""A process of its own that reads a film and makes what is shown of it: what breaks here, or needs too much, ends here.

Called by ``making`` with what is to be done as JSON, and its limits. It says how far it is and how it went in lines of JSON:
``{"seconds": 12.5}``, in the end one with ``done`` or with ``refused``, why not. When nobody listens any more it ends.

Only the containers MP4 (with MOV) and WebM are opened, only from a file, so that nothing in a film leads anywhere else. FFmpeg
comes with PyAV. https://pyav.basswood-io.com/docs/stable/
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from time import monotonic
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from guildhall.library.films import fragments

#: Demuxers by content type.
READERS = {"video/mp4": "mp4", "video/webm": "matroska"}
MOST_SECONDS = 3 * 60 * 60
#: Of one picture: 4096 × 2304 and whatever is as large.
MOST_PIXELS = 4096 * 2304
SHORTEST_SIDE, LONGEST_SIDE = 16, 8192
MOST_STREAMS = 16
MOST_FRAMES_PER_SECOND = 30
#: Pictures that cannot be read are left out, up to so many in a row.
MOST_BROKEN = 50
_MEMORY = 3 * 1024 * 1024 * 1024
_CLOCK = Fraction(1, 90_000)
_SOUND_RATE = 48_000
_POSTER_SIDE = 1280
#: By the shorter side: constant rate factor, most bits per second.
_QUALITY = {360: ("24", 800_000), 720: ("23", 2_500_000)}
_SOUND_BITS = 96_000


class Refused(Exception):
    """A film that is not made; the argument says why: damaged, empty, no picture, too long, too large, streams, or too much."""


def look(path: str, content_type: str) -> dict[str, Any]:
    """Return what a film is: ``seconds`` (0 where it does not say), ``width`` and ``height`` upright, ``has_sound``.

    Raises:
        Refused: it cannot be read, or is beyond the limits.
    """
    with _opened(path, content_type) as film:
        video = _picture_of(film)
        frame = next(_pictures(film, video), None)
        if frame is None:
            raise Refused("damaged")
        width, height = _upright(frame, video)
        return {"seconds": _seconds_of(film), "width": width, "height": height, "has_sound": bool(film.streams.audio)}


def poster(path: str, content_type: str, target: str, at_seconds: float) -> dict[str, Any]:
    """Write the picture at a moment, or the nearest there is, as JPEG."""
    with _opened(path, content_type) as film:
        video = _picture_of(film)
        with suppress(FFmpegError):
            film.seek(int(at_seconds * av.time_base))
        frame = None
        for frame in _pictures(film, video):
            if frame.time is None or frame.time >= at_seconds:
                break
        if frame is None:  # nothing after that moment: take the first
            film.seek(0)
            frame = next(_pictures(film, video), None)
        if frame is None:
            raise Refused("damaged")
        width, height = _fitted(*_upright(frame, video), longest=_POSTER_SIDE)
        turned = _Drawing(width, height, "rgb24").draw(frame)
        turned.to_image().save(target, "JPEG", quality=82, optimize=True, progressive=True)
        return {"width": width, "height": height}


def render(path: str, content_type: str, target: str, short_side: int, in_fragments: bool) -> dict[str, Any]:
    """Write a film as MP4 for browsers (H.264, AAC) with its shorter side no longer than ``short_side``; never enlarged.

    With ``short_side`` 0 only its sound. What is to be read first stands first (``faststart``), or, with ``in_fragments``, the
    pieces of the film can be read one by one: then the answer says where they lie, as ``fragments.of`` does.
    """
    seen = look(path, content_type) if short_side else {}
    made_as = {"movflags": "+faststart"}
    if in_fragments:
        made_as = {"movflags": fragments.MOVFLAGS, "min_frag_duration": str(fragments.SECONDS * av.time_base)}
    with (
        _opened(path, content_type) as film,
        av.open(target, "w", format="mp4", options=made_as) as made,
    ):
        # All streams have to be there before the first piece of any is written.
        picture = _Picture(film, made, short_side, seen["width"], seen["height"]) if short_side else None
        sound = _Sound(film, made) if film.streams.audio else None
        if picture is None and sound is None:
            raise Refused("empty")
        told = monotonic()
        seconds = 0.0
        for frame in _frames(film, picture, sound):
            if frame.time is not None and frame.time > MOST_SECONDS:
                raise Refused("too long")
            seconds = max(seconds, frame.time or 0.0)
            if isinstance(frame, AudioFrame):
                assert sound is not None  # noqa: S101
                sound.take(frame)
            elif picture is not None:
                picture.take(frame)
            if monotonic() - told > 0.5:
                told = monotonic()
                say({"seconds": seconds})
        if picture is not None:
            picture.end()
        if sound is not None:
            sound.end()
        size = {"width": picture.width, "height": picture.height} if picture else {"width": 0, "height": 0}
    answer = {"seconds": seconds, **size}
    if in_fragments:
        # Without them it still is a film.
        with open(target, "rb") as file, suppress(fragments.NotInFragments):
            answer |= fragments.of(file)
    return answer


class _Picture:
    """The moving picture on its way into a rendition: turned upright, made smaller, at most thirty a second."""

    def __init__(self, film: InputContainer, made: Any, short_side: int, width: int, height: int) -> None:
        self.source = _picture_of(film)
        self.made = made
        self.width, self.height = _fitted(width, height, shortest=short_side)
        factor, most_bits = _QUALITY[short_side]
        # A stream's rate is a hint only: pictures keep the moments they had.
        self.stream = made.add_stream("libx264", rate=MOST_FRAMES_PER_SECOND)
        self.stream.width, self.stream.height, self.stream.pix_fmt = self.width, self.height, "yuv420p"
        self.stream.codec_context.time_base = _CLOCK
        self.stream.codec_context.gop_size = 2 * MOST_FRAMES_PER_SECOND
        self.stream.options = {
            "preset": "veryfast",
            "crf": factor,
            "maxrate": str(most_bits),
            "bufsize": str(2 * most_bits),
            "profile": "high",
            # Pictures that refer to later ones are sent before them; where pictures are seconds apart, as in a recording of a
            # screen, the file would then seem to end before its last one.
            "bf": "0",
        }
        self.drawing = _Drawing(self.width, self.height, "yuv420p")
        self.last: int | None = None
        self.whole_at = 0

    def take(self, frame: VideoFrame) -> None:
        if frame.time is None:
            return
        at = max(int(frame.time / _CLOCK), 0)
        # A quarter of a picture early is in time: clocks of cameras tremble.
        if self.last is not None and at - self.last < 0.75 / MOST_FRAMES_PER_SECOND / _CLOCK:
            return
        drawn = self.drawing.draw(frame)
        drawn.pts, drawn.time_base = at, _CLOCK
        # What kind of picture it was is over; kept, it would force its place among the new ones.
        drawn.pict_type = PictureType.NONE
        # Where a fragment may begin is the same in all renditions, so that a player changes between them without a jump.
        if self.last is None or at - self.whole_at >= fragments.SECONDS / _CLOCK:
            drawn.pict_type, self.whole_at = PictureType.I, at
        self.last = at
        self.made.mux(self.stream.encode(drawn))

    def end(self) -> None:
        if self.last is None:
            raise Refused("damaged")
        self.made.mux(self.stream.encode(None))


class _Sound:
    """The sound on its way into a rendition: stereo, 48,000 a second, in AAC."""

    def __init__(self, film: InputContainer, made: Any) -> None:
        self.made = made
        self.stream = made.add_stream("aac", rate=_SOUND_RATE)
        self.stream.codec_context.layout = "stereo"
        self.stream.codec_context.bit_rate = _SOUND_BITS
        self.resampler = AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)
        self.next_at: int | None = None

    def take(self, frame: AudioFrame) -> None:
        try:
            pieces = self.resampler.resample(frame)
        except (FFmpegError, ValueError):  # another form of sound in the middle of it
            self.resampler = AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)
            pieces = self.resampler.resample(frame)
        self._write(pieces)

    def end(self) -> None:
        with suppress(FFmpegError, ValueError):
            self._write(self.resampler.resample(None))
        self.made.mux(self.stream.encode(None))

    def _write(self, pieces: list[AudioFrame]) -> None:
        for piece in pieces:
            at = 0 if piece.pts is None or piece.time_base is None else round(piece.pts * piece.time_base * _SOUND_RATE)
            # What overlaps with what was heard already would go backwards in time.
            at = at if self.next_at is None else max(at, self.next_at)
            piece.pts, piece.time_base = at, Fraction(1, _SOUND_RATE)
            self.next_at = at + piece.samples
            self.made.mux(self.stream.encode(piece))


class _Drawing:
    """Pictures turned upright, with square pixels, in one size and one manner of colours, whatever they are like before."""

    def __init__(self, width: int, height: int, form: str) -> None:
        self.width, self.height, self.form = width, height, form
        self.graph: Graph | None = None
        self.made_for: tuple[Any, ...] = ()

    def draw(self, frame: VideoFrame) -> VideoFrame:
        likeness = (frame.width, frame.height, frame.format.name, frame.rotation)
        if self.graph is None or likeness != self.made_for:
            self.graph, self.made_for = self._graph(frame), likeness
        self.graph.push(frame)
        drawn: VideoFrame = self.graph.pull()  # type: ignore[assignment]
        return drawn

    def _graph(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        steps = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or _CLOCK),
        ]
        # The rotation says how far the picture is turned counter-clockwise to stand upright.
        turns = {90: ["cclock"], -270: ["cclock"], -90: ["clock"], 270: ["clock"], 180: ["clock", "clock"], -180: ["clock"] * 2}
        steps += [graph.add("transpose", turn) for turn in turns.get(round(frame.rotation), [])]
        steps.append(graph.add("scale", f"{self.width}:{self.height}:flags=bicubic"))
        steps.append(graph.add("setsar", "1"))
        steps.append(graph.add("format", self.form))
        steps.append(graph.add("buffersink"))
        graph.link_nodes(*steps).configure()
        return graph


def _opened(path: str, content_type: str) -> InputContainer:
    try:
        film = av.open(path, format=READERS[content_type], options={"protocol_whitelist": "file"}, timeout=30)
    except (FFmpegError, ValueError, KeyError):
        raise Refused("damaged") from None
    if len(film.streams) > MOST_STREAMS:
        raise Refused("streams")
    if _seconds_of(film) > MOST_SECONDS:
        raise Refused("too long")
    return film


def _picture_of(film: InputContainer) -> VideoStream:
    # A cover is a picture too, but none that moves.
    moving = [stream for stream in film.streams.video if not stream.disposition & av.stream.Disposition.attached_pic]
    if not moving:
        raise Refused("no picture")
    video = moving[0]
    _require_size(video.width, video.height)
    video.thread_type = "AUTO"
    return video


def _require_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE or min(width, height) < SHORTEST_SIDE:
        raise Refused("too large" if max(width, height) > SHORTEST_SIDE else "damaged")


def _seconds_of(film: InputContainer) -> float:
    return max(film.duration / av.time_base, 0.0) if film.duration else 0.0


def _pictures(film: InputContainer, video: VideoStream) -> Iterator[VideoFrame]:
    yield from _decoded(film, [video])


def _frames(film: InputContainer, picture: _Picture | None, sound: _Sound | None) -> Iterator[Any]:
    streams: list[Any] = [picture.source] if picture else []
    if sound:
        streams.append(film.streams.audio[0])
    yield from _decoded(film, streams)


def _decoded(film: InputContainer, streams: list[Any]) -> Iterator[Any]:
    """Yield what can be read of these streams; a piece that is damaged is left out, too many in a row end it."""
    broken = 0
    packets = film.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError:  # the file ends in the middle
            return
        try:
            frames = packet.decode()
        except FFmpegError:
            broken += 1
            if broken > MOST_BROKEN:
                raise Refused("damaged") from None
            continue
        for frame in frames:
            broken = 0
            if isinstance(frame, VideoFrame):
                _require_size(frame.width, frame.height)
            yield frame


def _upright(frame: VideoFrame, video: VideoStream) -> tuple[int, int]:
    """Return width and height as they are to be seen: with square pixels, turned as the camera was held."""
    shape = video.sample_aspect_ratio or Fraction(1)
    # A shape beyond any camera's is a mistake, or an attack.
    width = round(frame.width * shape) if Fraction(1, 4) <= shape <= 4 else frame.width
    return (frame.height, width) if round(frame.rotation) % 180 else (width, frame.height)


def _fitted(width: int, height: int, *, shortest: int = 0, longest: int = 0) -> tuple[int, int]:
    """Return a size in the same shape, with even sides, that is not larger than it may be, nor larger than it was."""
    factor = Fraction(1)
    if shortest:
        factor = min(factor, Fraction(shortest, min(width, height)))
        longest = 4 * shortest
    if longest:
        factor = min(factor, Fraction(longest, max(width, height)))
    return max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2)


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def main(wanted: str, seconds: str, most_bytes: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    av.logging.restore_default_callback()  # ours needs the lock that a thread of FFmpeg may wait for
    av.logging.set_libav_level(av.logging.PANIC)
    what = json.loads(wanted)
    doings: dict[str, Callable[..., dict[str, Any]]] = {"look": look, "poster": poster, "render": render}
    doing = doings[what.pop("do")]
    try:
        answer: dict[str, Any] = {"done": doing(**what)}
    except Refused as refused:
        answer = {"refused": str(refused)}
    except (MemoryError, av.error.MemoryError):
        answer = {"refused": "too much"}
    except (FFmpegError, ValueError, ZeroDivisionError):
        answer = {"refused": "damaged"}
    say(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
