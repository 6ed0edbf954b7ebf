"""The frame around every page: rail, bottom bar, languages, bell, account. Nothing is worked out unless a page draws it."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language_info

from guildhall.core.questions import MenuEntry, bell_count, menu_entries
from guildhall.core.ui.basics import sprite

RAIL = 8  # entries the rail holds at most
BAR = 5  # places in the bar at the foot of a phone


class Frame:
    """What the frame of one request shows."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def person(self) -> Any:
        """Who is signed in, or None for a visitor (and where a page fails before anybody is known)."""
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def name(self) -> str:
        """What to call who is signed in."""
        return str(self.person)

    @property
    def sprite(self) -> str:
        return sprite()

    @cached_property
    def _entries(self) -> list[MenuEntry]:
        return sorted(chain.from_iterable(menu_entries.ask(request=self.request)), key=lambda entry: entry.position)

    @cached_property
    def rail(self) -> list[dict[str, Any]]:
        entries = [entry for entry in self._entries if entry.place == "rail"][:RAIL]
        return [{"entry": entry, "current": entry is self._current(entries)} for entry in entries]

    @cached_property
    def bar(self) -> list[dict[str, Any]]:
        return self.rail if len(self.rail) <= BAR else self.rail[: BAR - 1]

    @cached_property
    def more(self) -> list[dict[str, Any]]:
        return self.rail[len(self.bar) :]

    @cached_property
    def account(self) -> list[MenuEntry]:
        return [entry for entry in self._entries if entry.place == "account"]

    @cached_property
    def footer(self) -> list[MenuEntry]:
        return [entry for entry in self._entries if entry.place == "footer"]

    @cached_property
    def bell(self) -> int:
        return sum(bell_count.ask(request=self.request)) if self.person else 0

    @cached_property
    def organisation(self) -> Any:
        return getattr(self.request, "organisation", None)

    @cached_property
    def organisations(self) -> list[Any]:
        return list(getattr(self.request, "organisations", None) or [])

    @cached_property
    def languages(self) -> list[dict[str, str]]:
        """Code and own name of each language offered."""
        return [{"code": code, "name": get_language_info(code)["name_local"].capitalize()} for code, _ in settings.LANGUAGES]

    def _current(self, entries: list[MenuEntry]) -> MenuEntry | None:
        """The entry whose address is the longest beginning of this page's."""
        path = self.request.path
        fitting = [entry for entry in entries if path == entry.url or (entry.url != "/" and path.startswith(entry.url))]
        return max(fitting, key=lambda entry: len(entry.url), default=None)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every page its frame, worked out when it is drawn."""
    return {"frame": SimpleLazyObject(lambda: Frame(request))}
