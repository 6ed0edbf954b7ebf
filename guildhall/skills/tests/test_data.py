from collections import Counter

import pytest

from guildhall.core.errors import Refused
from guildhall.skills.sheets import DATA, SHIPPED, read_sheet, shipped

LANGUAGES = {"en", "de", "el", "es", "pl", "pt"}


@pytest.mark.parametrize("key", SHIPPED)
def test_every_shipped_scheme_reads_and_says_where_it_is_from(key):
    sheet = read_sheet(shipped(key))
    assert sheet.key == key
    assert sheet.source
    assert all(entry.labels for entry in sheet.entries)
    assert all(text == " ".join(text.split()) for entry in sheet.entries for text in entry.labels.values())


def test_no_file_is_large():
    assert max(file.stat().st_size for file in DATA.iterdir()) < 200_000


def test_nace_is_complete():
    entries = read_sheet(shipped("nace")).entries
    assert Counter(entry.level for entry in entries) == {1: 22, 2: 87, 3: 287, 4: 651}
    assert all(entry.labels.keys() == LANGUAGES for entry in entries if entry.level <= 2)


def test_nuts_is_complete():
    members = set("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
    levels = Counter(entry.level for entry in read_sheet(shipped("nuts")).entries if entry.code[:2] in members)
    assert levels == {0: 27, 1: 92, 2: 244, 3: 1165}


@pytest.mark.parametrize("key", ["eqf", "country"])
def test_small_schemes_are_in_all_our_languages(key):
    assert all(entry.labels.keys() == LANGUAGES for entry in read_sheet(shipped(key)).entries)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("code,parent,level,uri,en\nA,,1,,Alpha\n", "does not say"),
        ("# key: x\n# version: 1\n# title: X\n# source: us\n# licence: CC0\ncode,en\nA,Alpha\n", "no column"),
        ("# key: x\n# version: 1\n# title: X\n# source: us\n# licence: CC0\ncode,parent,level,uri,en\nA,B,2,,Alpha\n", "nowhere"),
        ("# key: x\n# version: 1\n# title: X\n# source: us\n# licence: CC0\ncode,parent,level,uri\nA,A,1,\n", "nowhere"),
        ("# key: x\n# version: 1\n# title: X\n# source: us\n# licence: CC0\ncode,parent,level,uri\nA,,1,\nA,,1,\n", "row 2"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_a_sentence(tmp_path, text, complaint):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(Refused, match=complaint):
        read_sheet(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        read_sheet(tmp_path / "none.csv")
