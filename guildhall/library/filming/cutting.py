"""Cutting: pictures and what is spoken over them become a film, and one knows when each line is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from guildhall.library.filming.drawing import SIZE, picture
from guildhall.library.filming.script import Scene, Script
from guildhall.library.filming.speaking import BYTES_A_SECOND, RATE, say, silence

FRAMES_A_SECOND = 12
#: Seconds of quiet: before the first line of a scene, between two lines, after the last one.
BEFORE, BETWEEN, AFTER = 0.8, 0.35, 1.2
#: How far the camera moves in during a scene, as a share of the picture.
CLOSER = 0.06
_SAMPLES_AT_ONCE = 1024


@dataclass(frozen=True)
class Said:
    """A line of a scene, by its number, and from when to when it is said, in seconds."""

    scene: str
    number: int
    start: float
    end: float


@dataclass(frozen=True)
class Cut:
    """A film that was made: where it lies, its length, when each line is said, when each scene begins and ends, in seconds."""

    path: Path
    seconds: float
    lines: list[Said]
    scenes: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class _Shot:
    image: Image.Image
    sound: bytes
    progress: tuple[float, float]
    """How far into its scene the shot begins and ends, from 0 to 1."""


def cut(script: Script, path: Path) -> Cut:
    """Make the film of a script: H.264 and AAC in MP4.

    Raises:
        NoVoice: there is nobody who reads it out.
    """
    lines: list[Said] = []
    scenes: dict[str, tuple[float, float]] = {}
    shots: list[_Shot] = []
    at = 0.0
    for scene in script.scenes:
        began = at
        spoken = [silence(BEFORE), *_spoken(script, scene), silence(AFTER - BETWEEN)]
        whole = sum(map(len, spoken))
        before = 0
        for number, sound in enumerate(spoken):
            seconds = len(sound) / BYTES_A_SECOND
            is_line = 0 < number < len(spoken) - 1
            speaker = scene.speakers[number - 1] if is_line else ""
            if is_line:
                lines.append(Said(scene.name, number - 1, at, at + seconds - BETWEEN))
            progress = (before / whole, (before + len(sound)) / whole)
            shots.append(_Shot(picture(scene.place, scene.people, speaker), sound, progress))
            before += len(sound)
            at += seconds
        scenes[scene.name] = (began, at)
    _write(shots, path)
    return Cut(path, at, lines, scenes)


def _spoken(script: Script, scene: Scene) -> Iterator[bytes]:
    for speaker, line in zip(scene.speakers, script.lines(scene), strict=True):
        yield say(line, speaker) + silence(BETWEEN)


def _write(shots: list[_Shot], path: Path) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        seen = film.add_stream("libx264", rate=FRAMES_A_SECOND, options={"preset": "veryfast", "crf": "24", "tune": "animation"})
        seen.width, seen.height = SIZE
        seen.pix_fmt = "yuv420p"
        heard = film.add_stream("aac", rate=RATE, layout="mono")
        heard.bit_rate = 64_000
        drawn, sounded = 0, 0.0
        for shot in shots:
            sounded += len(shot.sound) / BYTES_A_SECOND
            until = round(sounded * FRAMES_A_SECOND)
            for number in range(drawn, until):
                far = shot.progress[0] + (shot.progress[1] - shot.progress[0]) * (number - drawn) / max(1, until - drawn)
                frame = av.VideoFrame.from_image(_moved_closer(shot.image, far))
                frame.pts, frame.time_base = number, Fraction(1, FRAMES_A_SECOND)
                film.mux(seen.encode(frame))
            drawn = until
        film.mux(seen.encode(None))
        for number, samples in enumerate(_portions(b"".join(shot.sound for shot in shots))):
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
            frame.planes[0].update(samples)
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), number * _SAMPLES_AT_ONCE
            film.mux(heard.encode(frame))
        film.mux(heard.encode(None))


def _moved_closer(image: Image.Image, far: float) -> Image.Image:
    """The picture as the camera sees it, ``far`` through a scene: a little closer towards its end."""
    width, height = image.size
    left, top = width * CLOSER * far / 2, height * CLOSER * far / 2
    return image.resize(image.size, Image.Resampling.BILINEAR, box=(left, top, width - left, height - top))


def _portions(sound: bytes) -> Iterator[bytes]:
    step = _SAMPLES_AT_ONCE * 2
    for start in range(0, len(sound), step):
        yield sound[start : start + step]
