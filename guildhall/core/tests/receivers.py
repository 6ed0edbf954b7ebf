"""A receiver of webhooks for tests: a real server on this machine that keeps what it got and answers as it is told."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@dataclass
class Receiver:
    """What a server got, and what it answers: a status, or a function that answers on the connection itself."""

    answer: int | Callable[[BaseHTTPRequestHandler], None] = 200
    heads: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""

    @property
    def keys(self) -> list[str]:
        return [heads["webhook-id"] for heads, _body in self.got]


@contextmanager
def receiving(answer: Any = 200, *, heads: dict[str, str] | None = None, certificate: Path | None = None) -> Iterator[Receiver]:
    """Let a server run; ``certificate`` is a file with a certificate and its key."""
    receiver = Receiver(answer, heads or {})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if callable(receiver.answer):
                receiver.answer(self)
                return
            self.send_response(receiver.answer)
            for name, value in receiver.heads.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None: ...  # a caller that hangs up is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.address = f"{'https' if certificate else 'http'}://localhost:{server.server_port}/in?school=1"
    running = Thread(target=server.serve_forever, args=[0.02], daemon=True)
    running.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        running.join()
        server.server_close()


def slowly(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer 200, but only after a while."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        handler.send_response(200)
        handler.end_headers()

    return answer


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Send a letter now and then, and never come to an end."""
    for _ in range(200):
        handler.wfile.write(b"H")
        time.sleep(0.05)


def without_end(handler: BaseHTTPRequestHandler) -> None:
    """Answer 200 with a body that goes on for as long as somebody reads."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def babbling(handler: BaseHTTPRequestHandler) -> None:
    """Answer with what is no HTTP."""
    handler.wfile.write(b"220 mail.example ESMTP ready\r\n\r\n")
