"""A line that breaks: everything between a browser and a server goes through here, and is cut where chance says."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress

_PIECE = 64 * 1024


class BreakingLine:
    """Passes bytes on to a server; after so many of them to it, all connections are broken, and none is taken for a while."""

    def __init__(self, port: int, *, cuts: list[int], seconds_down: float) -> None:
        self.server, self.cuts, self.seconds_down = port, sorted(cuts), seconds_down
        self.sent = 0
        self.broken_at: list[int] = []
        self._down_until = 0.0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            caller, _address = self._door.accept()
            if time.monotonic() < self._down_until:
                _break(caller)
                continue
            server = socket.create_connection(("127.0.0.1", self.server))
            with self._lock:
                self._open |= {caller, server}
            for source, target, counted in ((caller, server, True), (server, caller, False)):
                threading.Thread(target=self._pass_on, args=(source, target, counted), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                target.sendall(piece)
                if counted and self._is_cut(len(piece)):
                    return
        # Who has said all still hears the answer; who has gone hears nothing.
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _is_cut(self, count: int) -> bool:
        with self._lock:
            self.sent += count
            if not self.cuts or self.sent < self.cuts[0]:
                return False
            self.cuts.pop(0)
            self.broken_at.append(self.sent)
            self._down_until = time.monotonic() + self.seconds_down
            broken, self._open = self._open, set()
        for each in broken:
            _break(each)
        return True


def somewhere(size: int, count: int, chance: random.Random) -> list[int]:
    """Return places in a file at which a line breaks: anywhere, but not two in the same twentieth."""
    twentieths = chance.sample(range(20), count)
    return sorted(int((twentieth + chance.random()) * size / 20) for twentieth in twentieths)


def _break(connection: socket.socket) -> None:
    """End a connection as a broken line does: with a reset, and without a goodbye."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
