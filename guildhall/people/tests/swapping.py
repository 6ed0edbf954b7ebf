"""Comparing what htmx swaps in with what the page would show after reloading."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def swapped(client: Client, url: str, **typed: str) -> str:
    """Post as htmx does, with what was typed; return the fragment without the messages that come with it."""
    html = client.post(url, typed, headers={"HX-Request": "true"}).content.decode()
    return _comparable(re.split(r"<div [^>]*hx-swap-oob", html)[0])


def is_part_of(fragment: str, response: Any) -> bool:
    return bool(fragment) and fragment in _comparable(response.content.decode())


def _comparable(html: str) -> str:
    return _TOKEN.sub("", html).strip()
