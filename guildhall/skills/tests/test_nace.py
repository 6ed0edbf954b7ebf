import pytest

from guildhall.skills.nace import _parents, _rev2_places, nace_from


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("4110D", "68.12"),
        ("41.10", "68.12"),
        ("41.1", "68.12"),
        ("F41.10", "68.12"),
        ("f 41.10", "68.12"),
        ("4110D - Supports juridiques de programmes", "68.12"),
        ("8411Z", "84.11"),
        ("47.11Z", "47.11"),
        ("47.11.Z", "47.11"),
        ("47.11.10.00", "47.11"),
        ("4711", "47.11"),
        ("6201Z", "62.10"),
        ("45.20", "95.31"),
    ],
)
def test_a_code_is_understood_as_people_write_it(given, meant):
    assert nace_from(given) == meant


@pytest.mark.parametrize(("given", "meant"), [("1.11", "01.11"), ("111", "01.11"), ("1110", "01.11")])
def test_a_zero_that_a_spreadsheet_ate_is_restored(given, meant):
    assert nace_from(given) == meant


def test_three_digits_that_may_be_a_group_or_a_class_without_its_zero_stay_in_doubt():
    assert nace_from("162") is None
    assert nace_from("16.2") == "16.2"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("56.10", "56.1"),  # restaurants and mobile food: two classes now
        ("96.02", "96.2"),  # hair and beauty: two classes now
        ("68.20", None),  # letting, of which a part is accommodation now
        ("47.71", "47.71"),  # leaving aside that platforms have a class of their own
        ("79.11", "79.11"),
    ],
)
def test_a_class_that_was_divided_goes_as_far_down_as_is_certain(given, meant):
    assert nace_from(given, version="2") == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [("47", "47"), ("03", "03"), ("41", None), ("45", None), ("63", None), ("Q", "R"), ("K", "L"), ("J", None), ("F", None)],
)
def test_a_division_or_section_keeps_its_place_only_if_all_its_classes_have_one_there(given, meant):
    assert nace_from(given, version="2") == meant


def test_the_section_letter_tells_the_version():
    assert nace_from("M68.20") == "68.20"
    assert nace_from("L68.20") is None
    assert nace_from("K62.10") == "62.10"
    assert nace_from("K62.01") is None  # K is the letter of 2.1, 62.01 a code of Rev. 2


def test_a_code_of_both_versions_goes_as_far_as_both_agree():
    assert nace_from("61.90", version="2.1") == "61.90"
    assert nace_from("61.90", version="2") is None
    assert nace_from("61.90") is None
    assert nace_from("43.21") == "43.21"


@pytest.mark.parametrize("given", ["", " ", "foo", "0000Z", "00.00", "Z41.10", "47Z", "1", "12345678901234", "FF", "-", "."])
def test_what_is_no_code_is_none(given):
    assert nace_from(given) is None


def test_every_code_of_the_old_version_has_a_place_that_the_new_one_has():
    assert len([code for code in _rev2_places() if len(code) == 5]) == 615
    assert {place for place in _rev2_places().values() if place} <= _parents().keys()
