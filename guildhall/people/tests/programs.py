"""Programs that ask the API, in tests."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils.timezone import now

from guildhall.people.actions import make_token
from guildhall.people.hooks import token_scopes
from guildhall.people.models import User


def token_of(user: User, *scopes: str) -> str:
    """The secret of a fresh token, with all scopes where none is named."""
    scopes = scopes or tuple(scope.key for answer in token_scopes.ask() for scope in answer)
    return make_token(user, name="A program", scopes=scopes, valid_for=timedelta(days=90), by=user, at=now())[1]


class Program:
    """A program with somebody's token, or with none."""

    def __init__(self, user: User | None, *scopes: str) -> None:
        self.client = Client()
        self.token = token_of(user, *scopes) if user else ""

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        """Ask an address under /api/; ``headers`` as they are called, with _ for -."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            said.setdefault("Authorization", f"Bearer {self.token}")
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        return self.client.generic(method, f"/api/{address}", headers=said, **sent)

    def get(self, address: str, **headers: str) -> Any:
        return self.ask("GET", address, **headers)

    def post(self, address: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", address, {} if body is None else body, **headers)

    def patch(self, address: str, body: Any, **headers: str) -> Any:
        return self.ask("PATCH", address, body, **{"If_Match": "*", **headers})

    def delete(self, address: str, **headers: str) -> Any:
        return self.ask("DELETE", address, **headers)
