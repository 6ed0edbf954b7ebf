"""Speaking: a text read out by espeak-ng, a synthesiser from Debian's packages. Needed only where the films are made."""

from __future__ import annotations

import shutil
import subprocess
import wave
from io import BytesIO

#: Samples a second of what espeak-ng gives: 16 bits, one channel.
RATE = 22_050
BYTES_A_SECOND = RATE * 2
#: Who speaks with which voice of espeak-ng, and how many words a minute.
VOICES = {
    "n": ("en-gb", 152),
    "trainer": ("en-gb+m3", 156),
    "teacher": ("en-gb+f2", 158),
    "learner": ("en-gb+f4", 164),
    "owner": ("en-gb+m1", 150),
    "carer": ("en-gb+f3", 156),
    "resident": ("en-gb+m7", 138),
    "parent": ("en-gb+f1", 158),
    "official": ("en-gb+m5", 152),
    "colleague": ("en-gb+m2", 158),
    "coordinator": ("en-gb+f5", 156),
}


class NoVoice(RuntimeError):
    """The synthesiser is not on this machine."""

    def __init__(self) -> None:
        super().__init__("espeak-ng is not installed. On Debian: apt-get install espeak-ng")


def say(text: str, speaker: str) -> bytes:
    """Return a text read out, as samples of 16 bits at ``RATE``.

    Raises:
        NoVoice: espeak-ng is not there.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise NoVoice
    voice, speed = VOICES.get(speaker, VOICES["n"])
    command = [program, "-v", voice, "-s", str(speed), "-g", "2", "--stdout", "--stdin"]
    spoken = subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=60).stdout  # noqa: S603
    # The head of what comes through a pipe does not know its length: the samples are all that follows it.
    with wave.open(BytesIO(spoken)) as head:
        if (head.getframerate(), head.getnchannels(), head.getsampwidth()) != (RATE, 1, 2):
            raise ValueError("espeak-ng speaks in another format than expected.")
    samples = spoken[spoken.index(b"data") + 8 :]
    return samples[: len(samples) // 2 * 2]


def silence(seconds: float) -> bytes:
    """Return so much of nothing, in whole samples."""
    return bytes(round(seconds * RATE) * 2)
