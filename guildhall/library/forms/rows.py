"""Rows of fields in a form: authors, figures. There are always a few empty ones, so that no script is needed to add one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms

SPARE = 2


class Rows:
    """Rows of a form, each with the same fields; that of the second row is called ``authors_1_name``.

    What somebody else has added meanwhile, and this form was not yet drawn with, stays.
    """

    def __init__(
        self,
        form: forms.BaseForm,
        name: str,
        fields: Mapping[str, Callable[[], forms.Field]],
        *,
        held: Sequence[Mapping[str, Any]],
        most: int,
    ) -> None:
        self.form, self.name, self.names, self.held = form, name, list(fields), held
        longest = max(most, len(held))
        self.count = min(self._sent() if form.is_bound else len(held) + SPARE, longest)
        for at in range(self.count):
            for part, field in fields.items():
                form.fields[self.name_of(at, part)] = field()
                if at < len(held):
                    form.initial[self.name_of(at, part)] = held[at].get(part, "")

    def name_of(self, at: int, part: str) -> str:
        return f"{self.name}_{at}_{part}"

    def _sent(self) -> int:
        """How many rows the form had that was sent."""
        pattern = re.compile(rf"{self.name}_(\d{{1,2}})_({'|'.join(self.names)})")
        return max([int(match[1]) + 1 for name in self.form.data if (match := pattern.fullmatch(name))], default=0)

    @property
    def drawn(self) -> list[list[forms.BoundField]]:
        return [[self.form[self.name_of(at, part)] for part in self.names] for at in range(self.count)]

    @property
    def values(self) -> list[dict[str, str]]:
        """What stands in the rows that are not empty, once the form is cleaned."""
        cleaned = self.form.cleaned_data
        written = [{part: cleaned.get(self.name_of(at, part)) or "" for part in self.names} for at in range(self.count)]
        beyond = [dict(row) for row in self.held[self.count :]]
        return [row for row in written if any(row.values())] + beyond

    def require(self, part: str, sentence: Any) -> None:
        """Have a form say where a row has something, but not this; from its ``clean``."""
        cleaned = self.form.cleaned_data
        for at in range(self.count):
            is_empty = not cleaned.get(self.name_of(at, part)) and self.name_of(at, part) not in self.form.errors
            if is_empty and any(cleaned.get(self.name_of(at, other)) for other in self.names):
                self.form.add_error(self.name_of(at, part), sentence)
