"""A real installation of Guildhall to walk through: prepared and served as an operator would, in a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
GUILDHALL = [sys.executable, "-m", "guildhall"]
#: Each window would begin with two pages of the browser's own, for what one types into its address bar: a second of computing.
#: The others are those of Playwright's list that ask the network or hold up a page; a second list takes the place of the first.
_WITHOUT = [
    *["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"],
    *["HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "OptimizationHints", "PaintHolding"],
]
CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        *["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"],
        f"--disable-features={','.join(_WITHOUT)}",
    ],
}


@dataclass(frozen=True)
class Installation:
    """Where it is reached, and where the letters it sends lie."""

    url: str
    mails: Path
    environment: dict[str, str]

    def mails_to(self, address: str) -> list[Any]:
        """The letters sent to an address, the oldest first."""
        letters = []
        for path in sorted(self.mails.glob("*"), key=lambda path: path.stat().st_mtime_ns):
            for part in path.read_bytes().split(b"-" * 79 + b"\n"):
                letter = message_from_bytes(part, policy=policy.default)
                if letter["To"] and address in letter["To"]:
                    letters.append(letter)
        return letters

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*GUILDHALL, *command], env=self.environment, capture_output=True, text=True, check=False)


@contextmanager
def installation(folder: Path, *, demo: bool, database: str = "") -> Iterator[Installation]:
    """Prepare and serve an installation; stop it at the end."""
    port = _free_port()
    mails = folder / "mails"
    environment = {
        **os.environ,
        "GUILDHALL_DATA": str(folder),
        "DATABASE_URL": database or f"sqlite:///{folder / 'guildhall.sqlite3'}",
        "DEMO": "1" if demo else "0",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "EMAIL_URL": f"filemail:///{mails}",
        "PYTHONPATH": str(PROJECT),
    }
    subprocess.run([*GUILDHALL, "prepare", *(["--demo"] if demo else [])], env=environment, check=True, stdout=subprocess.DEVNULL)
    with (folder / "log").open("w") as log:
        command = [*GUILDHALL, "serve", "--port", str(port)]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", server)
        yield Installation(f"http://127.0.0.1:{port}", mails, environment)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[Any], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError("The server ended before it answered. Its log is beside its data.")
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)
