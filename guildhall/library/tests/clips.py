"""Films of a second or three for tests, drawn by FFmpeg's own test pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType


def clip(
    path: Path,
    *,
    seconds: float = 1,
    width: int = 320,
    height: int = 180,
    sound: bool = True,
    picture: bool = True,
    codec: str = "libx264",
    sound_codec: str = "aac",
    form: str = "mp4",
    pixels: str = "yuv420p",
    moments: list[float] | None = None,
    source: str = "testsrc2",
    **options: Any,
) -> Path:
    """Write a film; ``moments`` are the seconds of its pictures, where they are not 25 a second."""
    with av.open(str(path), "w", format=form) as made:
        video = made.add_stream(codec, rate=25) if picture else None
        audio = made.add_stream(sound_codec, rate=48_000) if sound else None
        if audio:
            audio.codec_context.layout = "stereo"
        if video:
            video.width, video.height, video.pix_fmt = width, height, pixels
            if codec == "libx264":
                video.options = {"preset": "ultrafast", **options}
            if moments:
                video.codec_context.time_base = Fraction(1, 1000)
            drawn = av.open(f"{source}=size={width}x{height}:rate=25:duration={seconds}", format="lavfi")
            frames = drawn.decode(video=0)
            for number, frame in enumerate(frames):
                if moments and number >= len(moments):
                    break
                frame = frame.reformat(format=pixels)
                frame.pict_type = PictureType.NONE
                if moments:
                    frame.pts, frame.time_base = round(moments[number] * 1000), Fraction(1, 1000)
                made.mux(video.encode(frame))
            made.mux(video.encode(None))
        if audio:
            heard = av.open(f"sine=frequency=440:sample_rate=48000:duration={seconds}", format="lavfi")
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
            for frame in heard.decode(audio=0):
                for piece in resampler.resample(frame):
                    made.mux(audio.encode(piece))
            made.mux(audio.encode(None))
    return path


def turned(path: Path, target: Path, degrees: int) -> Path:
    """Write a film anew as a phone would that was held upright: the picture lies, and a matrix says how to turn it."""
    content = bytearray(path.read_bytes())
    # The matrix of the first track header (ISO 14496-12, 8.3.2): nine 32-bit numbers, 40 bytes after a version-0 header begins.
    at = content.index(b"tkhd") + 4 + 40
    one, zero, minus, w = (0x00010000, 0, 0xFFFF0000, 0x40000000)
    matrix = {90: [zero, one, zero, minus, zero, zero, zero, zero, w], 180: [minus, zero, zero, zero, minus, zero, zero, zero, w]}
    content[at : at + 36] = b"".join(number.to_bytes(4, "big") for number in matrix[degrees])
    target.write_bytes(content)
    return target
