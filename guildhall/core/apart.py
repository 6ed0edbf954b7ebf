"""Reading what strangers sent, apart: in a process of its own that knows none of our settings and ends at its limits.

A module that reads runs as a program, too::

    def unpack(given: IO[bytes], made: IO[bytes]) -> dict[str, Any]: ...

    if __name__ == "__main__":
        apart.answer(unpack)

It reads the one file, writes what it makes of it into the other, and returns what is to be said about it, fit for JSON; or it
raises ``Unread`` with a word why not. Whoever wants to know asks, and gets the same back::

    said = apart.ask("guildhall.engagement.importing.unpacking", given, made, seconds=30, most_bytes=50_000_000)
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings

MEMORY = 768 * 1024 * 1024
TOO_MUCH, DAMAGED = "too much", "damaged"


class Unread(Exception):
    """A file that is not read; the argument says why in a word: ``TOO_MUCH``, ``DAMAGED``, or one of the reader's own."""


def ask(module: str, given: IO[bytes], made: IO[bytes], *arguments: str, seconds: int, most_bytes: int) -> dict[str, Any]:
    """Let a module read a file in a process of its own; both are files of this machine. Returns what it says about it.

    Args:
        module: its name; it calls ``answer``.
        given: what is to be read, from where it stands.
        made: takes what the module writes, at most ``most_bytes``.
        arguments: given on to its function.
        seconds: of computing; twice as many may pass.

    Raises:
        Unread: the module says so, it came to a limit, or it met what it did not expect.
    """
    limits = [str(made.fileno()), str(most_bytes), str(seconds)]
    try:
        reader = subprocess.run(  # noqa: S603
            [sys.executable, "-m", module, *limits, *arguments],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[made.fileno()],
            cwd=settings.PROJECT,
            env={},
            timeout=2 * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unread(TOO_MUCH) from None
    if reader.returncode != 0:
        # Ended by a signal, it came to a limit; ended by an error, it met what no such file should hold.
        raise Unread(TOO_MUCH if reader.returncode < 0 else DAMAGED)
    said = dict(json.loads(reader.stdout))
    if "unread" in said:
        raise Unread(said["unread"])
    return said


def answer(read: Callable[..., dict[str, Any]]) -> None:
    """Read standard input within the limits that ``ask`` has set, and print what there is to say as one line of JSON."""
    target, most_bytes, seconds, *arguments = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open(int(target), "wb") as made:
            said = read(sys.stdin.buffer, made, *arguments)
    except Unread as unread:
        said = {"unread": str(unread)}
    except (MemoryError, OSError):  # an OSError: what is made would be longer than a file may be
        said = {"unread": TOO_MUCH}
    print(json.dumps(said))
