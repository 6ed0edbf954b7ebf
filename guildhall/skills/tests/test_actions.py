from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from guildhall.core.models import AuditLine
from guildhall.skills import taxonomy
from guildhall.skills.actions import is_loaded, load_scheme, load_shipped
from guildhall.skills.models import Concept, Label, Scheme
from guildhall.skills.sheets import read_sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_loaded")]
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HEAD = "# key: trade\n# version: {}\n# title: Trades\n# source: us\n# licence: CC0\ncode,parent,level,uri,en,de\n"


@pytest.fixture
def load(tmp_path):
    def load(version, rows):
        path = tmp_path / "trade.csv"
        path.write_text(HEAD.format(version) + rows)
        return load_scheme(by=None, at=AT, sheet=read_sheet(path))

    return load


def counts(scheme):
    return scheme.new_count, scheme.changed_count, scheme.retired_count


def test_a_scheme_is_loaded_with_its_tree_whatever_the_order_of_rows(load):
    assert counts(load("1", "A1,A,2,,Joiner,Tischler\nA,,1,,Wood,Holz\n")) == (2, 0, 0)
    assert taxonomy.ancestors("trade", "A1") == ["A"]
    assert taxonomy.label("trade", "A1", "de") == "Tischler"


def test_a_newer_version_tells_what_is_new_changed_and_gone(load):
    load("1", "A,,1,,Wood,Holz\nA1,A,2,,Joiner,Tischler\nA2,A,2,,Turner,\n")
    assert counts(load("2", "A,,1,,Wood,Holz\nA0,A,2,,Cooper,\nA1,A,2,,Cabinetmaker,Tischler\n")) == (1, 1, 1)
    assert Scheme.objects.get().version == "2"
    assert taxonomy.label("trade", "A1", "en") == "Cabinetmaker"


def test_what_is_gone_is_retired_keeps_its_label_and_may_come_back(load):
    load("1", "A,,1,,Wood,Holz\nB,,1,,Cork,Kork\n")
    load("2", "A,,1,,Wood,Holz\n")
    assert Concept.objects.get(code="B").retired_at == AT
    assert taxonomy.label("trade", "B", "de") == "Kork"
    assert taxonomy.is_known("trade", "B")
    assert taxonomy.choices("trade") == [("A", "Wood")]
    assert taxonomy.search("trade", "Cork") == []
    assert counts(load("3", "A,,1,,Wood,Holz\nB,,1,,Cork,Kork\n")) == (0, 1, 0)
    assert Concept.objects.get(code="B").retired_at is None


def test_a_label_that_is_gone_is_removed(load):
    load("1", "A,,1,,Wood,Holz\n")
    assert counts(load("2", "A,,1,,Wood,\n")) == (0, 1, 0)
    assert list(Label.objects.values_list("language", flat=True)) == ["en"]


def test_loading_is_one_line_in_the_audit(load):
    scheme = load("1", "A,,1,,Wood,Holz\n")
    line = AuditLine.objects.get(action="skills.load_scheme", thing_id=scheme.pk)
    assert (line.thing_type, line.actor_id) == ("skills.scheme", None)


def test_what_is_shipped_is_loaded_once():
    assert [scheme.key for scheme in load_shipped(by=None, at=AT, only=["eqf", "language"])] == ["eqf", "language"]
    assert load_shipped(by=None, at=AT, only=["eqf", "language"]) == []


def test_the_command_tells_one_line_for_each_scheme(capsys):
    call_command("load_taxonomies", only=["eqf", "isced-f"])
    call_command("load_taxonomies", only=["eqf"])
    assert capsys.readouterr().out.splitlines() == [
        "eqf 2017: new=8 changed=0 removed=0",
        "isced-f 2013: new=220 changed=0 removed=0",
        "eqf 2017: unchanged",
    ]


def test_the_command_loads_a_newer_file_with_its_languages(tmp_path, capsys):
    (tmp_path / "trade.csv").write_text(HEAD.format("4") + "A,,1,,Wood,Holz\n")
    (tmp_path / "trade.pl.csv").write_text("code,pl,sure\nA,Drewno,\n")
    call_command("load_taxonomies", file=tmp_path / "trade.csv")
    assert capsys.readouterr().out == "trade 4: new=1 changed=0 removed=0\n"
    assert taxonomy.label("trade", "A", "pl") == "Drewno"
    assert is_loaded(read_sheet(tmp_path / "trade.csv"))


def test_the_command_says_what_is_wrong_with_a_file(tmp_path):
    with pytest.raises(CommandError, match=r"cannot be read"):
        call_command("load_taxonomies", file=tmp_path / "none.csv")


def test_a_scheme_as_large_as_nuts_costs_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        load_shipped(by=None, at=AT, only=["nuts"])
