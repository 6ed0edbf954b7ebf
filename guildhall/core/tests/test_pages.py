from __future__ import annotations

import pytest

from guildhall.core.pages import Pages


class Rows(list):
    """Rows that can say whether they were counted."""

    counted = False
    read = 0

    def __getitem__(self, part):
        self.read += 1
        return super().__getitem__(part)

    def count(self):
        self.counted = True
        return len(self)


@pytest.mark.parametrize("total", [0, 1, 49, 50])
def test_what_fits_on_a_page_is_not_counted(total):
    rows = Rows(range(total))
    page = Pages(rows, 50).get_page(None)
    assert (page.paginator.total, page.has_next(), page.has_previous()) == (total, False, False)
    assert (page.start_index(), page.end_index()) == (min(total, 1), total)
    assert not rows.counted
    assert rows.read == 1


def test_the_last_page_tells_how_many_there_are():
    rows = Rows(range(120))
    page = Pages(rows, 50).get_page("3")
    assert (page.paginator.total, page.start_index(), page.end_index(), page.has_next()) == (120, 101, 120, False)
    assert not rows.counted


def test_a_page_that_does_not_show_the_end_is_counted():
    rows = Rows(range(120))
    page = Pages(rows, 50).get_page("2")
    assert (list(page), page.paginator.total, page.next_page_number()) == (list(range(50, 100)), 120, 3)
    assert rows.counted


def test_a_list_that_is_not_to_be_counted_is_leafed_through_all_the_same():
    rows = Rows(range(120))
    page = Pages(rows, 50, counted=False).get_page("2")
    assert (page.paginator.total, page.has_next(), page.previous_page_number()) == (None, True, 1)
    assert not rows.counted


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "²", "1.5", None])
def test_nonsense_is_the_first_page(number):
    assert Pages(Rows(range(120)), 50).get_page(number).number == 1


@pytest.mark.parametrize("number", ["4", "999999999999999999999999"])
def test_beyond_the_end_is_the_last_page(number):
    page = Pages(Rows(range(120)), 50).get_page(number)
    assert (page.number, list(page)[-1]) == (3, 119)


@pytest.mark.parametrize("number", ["4", "999999999999999999999999"])
def test_beyond_the_end_of_what_is_not_counted_is_the_first_page(number):
    assert Pages(Rows(range(120)), 50, counted=False).get_page(number).number == 1


def test_what_comes_next_is_known():
    assert Pages(Rows("abcde"), 2).get_page("2").following == "e"
    assert Pages(Rows("abcd"), 2).get_page("2").following is None


class Vanishing(Rows):
    """Rows of which the last are removed between the count and the page."""

    def __getitem__(self, part):
        return [] if part.start else super().__getitem__(part)


def test_a_last_page_that_is_gone_by_the_time_it_is_read_is_the_first():
    page = Pages(Vanishing(range(120)), 50).get_page("7")
    assert (page.number, list(page)) == (1, list(range(50)))
