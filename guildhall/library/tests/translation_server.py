"""A small server that speaks LibreTranslate's protocol, on this machine, for tests: it translates by writing everything large."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

LANGUAGES = [
    {"code": "en", "name": "English", "targets": ["de", "en", "pl"]},
    {"code": "de", "name": "German", "targets": ["en"]},
]


def large(html: str) -> str:
    """Write a fragment of HTML large; tags, entities and what is not to be translated stay."""
    parts = re.split(r"(<code[^>]*>.*?</code>|<[^>]*>|&#?\w+;)", html)
    return "".join(part if at % 2 else part.upper() for at, part in enumerate(parts))


@dataclass
class Server:
    """What the server does and what it was asked. ``misbehaves`` gets the answer it would give, and gives another one."""

    url: str = ""
    translate: Callable[[str], str] = large
    misbehaves: Callable[[bytes], tuple[int, bytes]] | None = None
    seconds: float = 0
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [text for request in self.asked for text in request["q"]]


@contextmanager
def translation_server() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(LANGUAGES if self.path == "/languages" else {"error": "Not found"})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(asked)
            self.answer({"translatedText": [server.translate(text) for text in asked["q"]]})

        def answer(self, content: Any) -> None:
            status, body = 200, json.dumps(content).encode()
            if server.misbehaves and self.command == "POST":
                time.sleep(server.seconds)
                status, body = server.misbehaves(body)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # who asked did not wait

        def log_message(self, *_: Any) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
