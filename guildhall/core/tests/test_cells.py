from datetime import date, timedelta

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import override

from guildhall.core.addresses import address_of
from guildhall.core.ui import cells
from guildhall.core.ui.component import draw
from guildhall.core.ui.lists import Column

TODAY = date(2026, 3, 10)
HOSTILE = '"><script>alert(1)</script>'


def test_what_is_hostile_is_shown_as_text_in_every_cell():
    drawn = [
        cells.plain(HOSTILE),
        cells.plain("x", under=HOSTILE),
        cells.missing(HOSTILE),
        cells.named(HOSTILE, href=f"/?q={HOSTILE}", picture=HOSTILE, under=HOSTILE),
        cells.day(TODAY, today=TODAY, under=HOSTILE),
    ]
    assert all("<script>" not in cell and '"">' not in cell for cell in drawn)
    table = draw("table", "", caption="c", columns=[Column("Who"), Column(HOSTILE)], rows=[[drawn[3], drawn[0]]])
    assert "<script>" not in table


def test_what_is_drawn_before_a_name_is_drawn():
    assert cells.named("Ada", href="/", picture=draw("icon", name="person")).startswith("<svg")


def test_a_table_of_cells_names_its_rows_and_says_the_heading_beside_each_cell():
    table = draw(
        "table", "", caption="c", columns=["Who", Column("How many", numeric=True)], rows=[[cells.named("Ada", href="/1/"), "3"]]
    )
    assert '<th scope="row"> <a href="/1/">Ada</a></th><td data-heading="How many" class="numeric">3</td></tr>' in table


def test_a_day_reads_otherwise_tomorrow_and_in_another_language():
    today = localdate()
    assert "today" in cells.day(today, today=today)
    assert "yesterday" in cells.day(today - timedelta(days=1), today=today)
    with override("de"):
        assert "heute" in cells.day(today, today=today)


def test_an_address_is_the_one_reverse_finds():
    assert address_of("engagement:site_change", 12, 7) == reverse("engagement:site_change", args=[12, 7])
