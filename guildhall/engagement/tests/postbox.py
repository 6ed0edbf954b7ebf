"""A small mail server for tests (RFC 5321): it takes letters on a port of this machine, or says no to whom it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Postbox:
    """What came in, and what the server says: ``refuses`` gives an address its answer, ``says`` each command."""

    port: int = 0
    letters: list[tuple[str, str, EmailMessage]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)
    #: After so many letters it falls silent: it takes the next one, and does not say so.
    silent_after: int | None = None

    def to(self) -> list[str]:
        return [recipient for _sender, recipient, _letter in self.letters]


@contextmanager
def postbox() -> Iterator[Postbox]:
    """Run the server for a test."""
    box = Postbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _talk(box, self)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()


def _talk(box: Postbox, line: socketserver.StreamRequestHandler) -> None:
    def say(words: str) -> None:
        line.wfile.write(f"{words}\r\n".encode())

    sender = recipient = ""
    say("220 postbox.example ready")
    while heard := line.rfile.readline():
        said = heard.decode("utf-8", "replace").strip()
        command = said.upper()[:4]
        if command in box.says:
            say(box.says[command])
        elif command in ("EHLO", "HELO"):
            say("250 postbox.example")
        elif command == "MAIL":
            sender = said.partition("<")[2].partition(">")[0]
            say("250 2.1.0 Ok")
        elif command == "RCPT":
            recipient = said.partition("<")[2].partition(">")[0]
            say(box.refuses.get(recipient, "250 2.1.5 Ok"))
        elif command == "DATA":
            say("354 Go on")
            letter = b""
            while (part := line.rfile.readline()) not in (b".\r\n", b""):
                letter += part[1:] if part.startswith(b".") else part
            parsed = message_from_bytes(letter, policy=policy.default)
            box.letters.append((sender, recipient, parsed))  # type: ignore[arg-type]
            if box.silent_after is not None and len(box.letters) > box.silent_after:
                return  # the letter is taken, and nobody is told
            say("250 2.0.0 Ok: queued")
        elif command == "QUIT":
            say("221 2.0.0 Bye")
            return
        else:
            say("250 2.0.0 Ok")
