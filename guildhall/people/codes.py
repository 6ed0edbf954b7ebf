"""Codes that we send to an address and wait for in the same browser, beside those that allauth waits for itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils.timezone import now

VALID_FOR = timedelta(minutes=15)
ATTEMPTS = 3
LETTERS = 3


class AwaitedCode:
    """A code somebody was sent, and what it is to confirm: kept in their session until it is typed, expires or was guessed at."""

    def __init__(self, request: HttpRequest, purpose: str) -> None:
        self.session = request.session
        self.key = f"awaited_code:{purpose}"

    @property
    def state(self) -> dict[str, Any] | None:
        """What is kept, or None when nothing is awaited any more."""
        state = self.session.get(self.key)
        if state and datetime.fromisoformat(state["sent_at"]) + VALID_FOR < now():
            self.forget()
            return None
        return state

    def expect(self, confirms: dict[str, Any]) -> str:
        """Make a new code for what it is to confirm (JSON), and return it to be sent. A further code spares no attempt."""
        before = self.state or {"failed": 0, "letters": 0}
        code = get_adapter().generate_login_code()
        self.session[self.key] = {
            "code": code,
            "confirms": confirms,
            "sent_at": now().isoformat(),
            "failed": before["failed"],
            "letters": before["letters"] + 1,
        }
        return code

    def miss(self) -> bool:
        """Count a wrong attempt; return whether there is another one."""
        state = self.session[self.key]
        state["failed"] += 1
        self.session.modified = True
        if state["failed"] >= ATTEMPTS:
            self.forget()
            return False
        return True

    @property
    def may_send(self) -> bool:
        """Whether a letter, or another one, may be sent."""
        return self.state is None or self.state["letters"] < LETTERS

    def forget(self) -> None:
        self.session.pop(self.key, None)
