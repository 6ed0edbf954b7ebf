"""What the methodology's content must say: the shape of each file, and what must fit together across files and languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from guildhall.engagement.methodology.shapes import (
    Shape,
    above_zero,
    anything,
    below,
    each,
    exactly,
    like,
    one_of,
    several,
    text,
    whole,
)
from guildhall.library.kinds import KINDS

PAGES = ["introduction", "playbook", "qualities", "social-care"]
#: The rungs of the engagement ladder, from advising to leading.
RUNGS = ["1", "2", "3", "4", "5"]
#: What the product fills in when a tool is opened from an employer's page.
FILLED_IN = ["school", "employer", "contact", "owner", "date", "place", "sector"]
#: What is written into by hand: a line, some lines, a box to tick.
BLANK = r"line|lines [1-9]\d?|box"

_KEY = like(r"[a-z][a-z_-]*", "a key in small letters")


def _keyed(found: Any, where: str) -> Iterator[str]:
    """Something that can be told by its ``key``, whatever else it has."""
    yield from _KEY(found.get("key") if isinstance(found, dict) else None, below(where, "key"))


def _by_key(of: Shape) -> Shape:
    def shape(found: Any, where: str) -> Iterator[str]:
        yield from each(of)(found, where)
        yield from [fault for key in found for fault in _KEY(key, below(where, key))] if isinstance(found, dict) else []

    return shape


# So much of what is the same in every language must be right before the rest can be looked at: the keys.

OUTLINE = exactly(
    {
        "version": like(r"\d{4}\.\d+", 'a text such as "2026.1"'),
        "levels": exactly({level: several(like(rf"{level}\.\d", f'a text such as "{level}.1"'), 1) for level in ("1", "2")}),
        "who": several(_KEY, 1),
        "activities": _by_key(each(anything)),
        "tools": _by_key(exactly({"areas": several(text, 1)}, maybe=dict.fromkeys(["kind", "about", "minutes"], anything))),
        "indicators": _by_key(exactly({"unit": text, "areas": several(text, 1)})),
        "interview": several(exactly({"key": _KEY, "options": several(_KEY, 2)}, maybe={"most": anything}), 1),
        "rules": several(exactly({"when": each(several(text, 1)), "area": text, "points": anything, "reason": text}), 1),
        "pace": each(anything),
    }
)
AREA_OUTLINE = exactly(
    {
        "steps": several(_keyed, 5, 8),
        "obstacles": several(_KEY, 4, 6),
        "practices": several(_keyed, 2, 3),
        "tools": several(text, 3),
        "indicators": several(text, 2, 4),
    }
)


def areas_of(same: dict[str, Any]) -> list[str]:
    """The numbers of the areas, level by level."""
    return [area for level in same["levels"].values() for area in level]


def shape_of_methodology(same: dict[str, Any]) -> Shape:
    """``methodology.yaml`` with all that its keys refer to."""
    area, tool = one_of(areas_of(same)), one_of(same["tools"])
    options = {question["key"]: question["options"] for question in same["interview"]}
    return exactly(
        {
            "activities": each(
                exactly(
                    {
                        "area": area,
                        "rung": whole(1, len(RUNGS)),
                        "school_hours": above_zero,
                        "employer_hours": above_zero,
                        "tools": several(tool, 1),
                    }
                )
            ),
            "tools": each(
                exactly(
                    {
                        "areas": several(area, 1),
                        "kind": one_of(KINDS),
                        "about": one_of(["employer", "school"]),
                        "minutes": whole(1, 600),
                    }
                )
            ),
            "indicators": each(exactly({"unit": text, "areas": several(area, 1)})),
            "interview": _interview,
            "rules": _rules(exactly({"when": _answers(options), "area": area, "points": _points, "reason": text})),
            "pace": exactly(
                dict.fromkeys(
                    options.get("time", []), exactly({"areas": whole(1, len(areas_of(same))), "quarter_hours": above_zero})
                )
            ),
        },
        maybe=dict.fromkeys(["version", "levels", "who"], anything),  # the outline has said all about them
    )


def _interview(found: list[dict[str, Any]], where: str) -> Iterator[str]:
    yield from _told_apart(found, where)
    for number, question in enumerate(found, start=1):
        yield from whole(1, len(question["options"]))(question.get("most", 1), f"{where}[{number}].most")


def _rules(of: Shape) -> Shape:
    def shape(found: list[dict[str, Any]], where: str) -> Iterator[str]:
        yield from several(of)(found, where)
        if sum(not rule["when"] for rule in found) > 1:
            yield f"{where} has more than one without a condition; only one can hold where no other does."

    return shape


def _answers(options: Mapping[str, list[str]]) -> Shape:
    def shape(found: dict[str, list[str]], where: str) -> Iterator[str]:
        for question, answers in found.items():
            if question not in options:
                yield f"{below(where, question)} is no question of the interview."
            else:
                yield from several(one_of(options[question]), 1)(answers, below(where, question))

    return shape


def _points(found: Any, where: str) -> Iterator[str]:
    if type(found) is not int or found == 0:
        yield f"{where} is {found!r}; a whole number other than 0 is needed."


def _told_apart(found: list[dict[str, Any]], where: str) -> Iterator[str]:
    counts = Counter(entry["key"] for entry in found)
    yield from (f"{where} has the key {key!r} {count} times." for key, count in counts.items() if count > 1)


def shape_of_area(number: str, same: dict[str, Any]) -> Shape:
    """``areas/<number>.yaml`` with all that its keys refer to."""
    tool = one_of(same["tools"])
    step = exactly(
        {
            "key": text,
            "who": several(one_of(same["who"]), 1),
            "hours": above_zero,
            "weeks": above_zero,
            "activities": several(one_of(same["activities"])),
            "tools": several(tool),
        }
    )
    practice = exactly(
        {"key": text, "country": like("[A-Z]{2}", "a country such as PT"), "nace": like("[A-V]", "a section of NACE such as Q")}
    )
    named = {kind: [key for key, facts in same[kind].items() if number in facts["areas"]] for kind in ("tools", "indicators")}

    def tools(found: list[str], where: str) -> Iterator[str]:
        yield from several(tool)(found, where)
        left_out = [key for key in named["tools"] if key not in found]
        yield from (f"{where} leaves out {key}, which names this area." for key in left_out)
        yield from (f"{where} has {key}, which does not name this area." for key in found if key not in named["tools"])

    def told_apart(of: Shape) -> Shape:
        def shape(found: Any, where: str) -> Iterator[str]:
            yield from several(of)(found, where)
            yield from _told_apart(found, where)

        return shape

    return exactly(
        {
            "steps": told_apart(step),
            "obstacles": anything,  # the outline has said all about them
            "practices": told_apart(practice),
            "tools": tools,
            "indicators": several(one_of(named["indicators"])),
        }
    )


def left_unused(same: dict[str, Any]) -> Iterator[str]:
    """What nothing leads to: a tool that no activity and no step takes up, an indicator or a role of no area."""
    steps = [step for area in same["areas"].values() for step in area["steps"]]
    taken_up = _named_by([*same["activities"].values(), *steps], "tools")
    yield from (f"tools.{key} is used by no activity and by no step." for key in same["tools"] if key not in taken_up)
    shown = _named_by(same["areas"].values(), "indicators")
    yield from (f"indicators.{key} is shown by no area." for key in same["indicators"] if key not in shown)
    busy = _named_by(steps, "who")
    yield from (f"who names {key}, who does no step." for key in same["who"] if key not in busy)
    lively = [facts.get("area") for facts in same["activities"].values()]
    yield from (f"levels has {area}, which has no activity." for area in areas_of(same) if area not in lively)


def _named_by(things: Any, name: str) -> set[Any]:
    """What these lists name, as far as they are lists of words at all."""
    lists = [thing.get(name) for thing in things]
    return {word for listed in lists if isinstance(listed, list) for word in listed if isinstance(word, str)}


# The words: under the same keys in every language.

_NAME_AND_WHAT = exactly({"name": text, "what": text})
FRONT_OF_PAGE = exactly({"title": text, "in_short": text})
FRONT_OF_TOOL = exactly({"title": text, "summary": text, "use": text})


def shapes_of_words(same: dict[str, Any]) -> dict[str, Shape]:
    """The YAML files of a language and what each must hold."""

    def texts(*names: str) -> Shape:
        return exactly(dict.fromkeys(names, text))

    def all_of(keys: Any, of: Shape = text) -> Shape:
        return exactly(dict.fromkeys(keys, of))

    questions = {
        question["key"]: exactly({"question": text, "options": all_of(question["options"])}, maybe={"help": text})
        for question in same["interview"]
    }
    units = [facts["unit"] for facts in same["indicators"].values()]
    return {
        "levels.yaml": exactly(
            {
                **dict.fromkeys(same["levels"], _NAME_AND_WHAT),
                "ladder": all_of(RUNGS, _NAME_AND_WHAT),
                "who": all_of(same["who"]),
                "units": all_of(units),
            }
        ),
        "activities.yaml": all_of(same["activities"], texts("name", "what", "school_gains", "employer_gains")),
        "indicators.yaml": all_of(same["indicators"], texts("name", "counts", "read_it")),
        "interview.yaml": exactly(
            {"questions": exactly(questions), "reasons": all_of([rule["reason"] for rule in same["rules"]])}
        ),
        **{f"areas/{number}.yaml": _area_in_words(area, texts, all_of) for number, area in same["areas"].items()},
    }


def _area_in_words(area: dict[str, Any], texts: Any, all_of: Any) -> Shape:
    def keys(name: str) -> list[str]:
        return [entry["key"] for entry in area[name]]

    return exactly(
        {
            **dict.fromkeys(["title", "in_short", "purpose"], text),
            "fits_when": several(text, 3, 6),
            "not_yet_when": several(text, 2, 3),
            "employers_gain": several(text, 4, 6),
            "schools_gain": several(text, 3, 4),
            "steps": all_of(keys("steps"), texts("title", "what", "afterwards")),
            "obstacles": all_of(area["obstacles"], texts("what", "helps")),
            "practices": all_of(keys("practices"), texts("title", "text")),
            "questions": several(text, 4, 6),
        }
    )


_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def faults_in_blanks(value: Any, where: str, *, is_tool: bool) -> Iterator[str]:
    """Braces that the product does not know; only tools have any."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value, start=1):
            name = below(where, key) if isinstance(value, dict) else f"{where}[{key}]"
            yield from faults_in_blanks(inner, name, is_tool=is_tool)
    elif isinstance(value, str):
        for found in _BRACES.findall(value):
            if not (is_tool and where == "text" and re.fullmatch(rf"\{{({BLANK}|{'|'.join(FILLED_IN)})\}}", found)):
                yield f"{where} has {found}, which is nothing that is filled in here."


def outline_of(value: Any, where: str = "") -> dict[str, int]:
    """The ways to all that is in a file of words, each with how much is there: keys and entries, 1 for a text."""
    if not isinstance(value, dict | list):
        return {where: 1}
    found = {where: len(value)} if isinstance(value, list) else {}
    for key, inner in value.items() if isinstance(value, dict) else ():
        found |= outline_of(inner, below(where, key))
    return found


#: What a document is built of, by how a line of it begins or what stands in it.
_BUILT_OF = {
    "headings": r"(?m)^#+ ",
    "rows of tables": r"(?m)^\|",
    "boxes to tick": r"(?m)^\s*[-*] \[ \] ",
    **{f"{{{name}}}": rf"\{{{name}\}}" for name in [*FILLED_IN, "line", "box"]},
    "{lines …}": r"\{lines \d+\}",
}


def built_of(document: str) -> dict[str, int]:
    """How many headings, rows, boxes and blanks a Markdown text has: as many in every language."""
    return {name: len(re.findall(pattern, document)) for name, pattern in _BUILT_OF.items()}
