"""Pages of long lists that ask no more than they show."""

from __future__ import annotations

from typing import Any

from django.core import paginator


class Pages(paginator.Paginator):
    """Pages that count the whole only where a page does not show its end, for counting looks at every row that may be meant.

    With ``counted=False`` not even then: one leafs on as long as there is more, and ``total`` is None.
    """

    def __init__(self, object_list: Any, per_page: int, *, counted: bool = True) -> None:
        super().__init__(object_list, per_page)
        self.counted = counted

    @property
    def total(self) -> int | None:
        """How many there are, where that is known or may be asked."""
        return self.count if self.counted or "count" in self.__dict__ else None

    def get_page(self, number: Any) -> Page:
        """Return a page, the first or the last one where there is none of that number."""
        said = str(number)
        page = self._read(int(said[:9]) if said.isascii() and said.isdigit() else 1)
        if page is None:
            self.__dict__.pop("count", None)  # what was counted before may be gone by now
            page = self._read(self.num_pages if self.counted else 1)
        if page is None:
            page = self._read(1)
        return Page([], 1, self, following=None) if page is None else page

    def _read(self, number: int) -> Page | None:
        """Return a page; None where there is nothing on it and it is not the first."""
        before = max(number - 1, 0) * self.per_page
        rows = list(self.object_list[before : before + self.per_page + 1])
        if not rows and before:
            return None
        if len(rows) <= self.per_page:
            self.count = before + len(rows)
        return Page(rows[: self.per_page], before // self.per_page + 1, self, following=next(iter(rows[self.per_page :]), None))


class Page(paginator.Page):
    """A page that knows what comes next: ``following`` is the first thing of the next page, None on the last."""

    paginator: Pages

    def __init__(self, object_list: list[Any], number: int, pages: Pages, *, following: Any) -> None:
        super().__init__(object_list, number, pages)
        self.following = following

    def has_next(self) -> bool:
        return self.following is not None

    def next_page_number(self) -> int:
        return self.number + 1

    def previous_page_number(self) -> int:
        return self.number - 1

    def start_index(self) -> int:
        return self.paginator.per_page * (self.number - 1) + bool(self.object_list)

    def end_index(self) -> int:
        return self.paginator.per_page * (self.number - 1) + len(self.object_list)
