"""The words of a letter: placeholders, greetings, in which language somebody is written to, and the letters that come with us.

A letter is plain text: paragraphs with empty lines between them, lines that begin with "- " are a list. In braces stands what is
another for each who gets it (``PLACEHOLDERS``); in double brackets what whoever writes it still has to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from guildhall.people.models import Organisation

LETTERS = Path(__file__).parent.parent / "data" / "letters"

#: What may stand in braces, and what it becomes.
PLACEHOLDERS = {
    "salutation": _("the greeting, with the name where the language allows it"),
    "name": _("the name of who gets it"),
    "employer": _("the name of the employer"),
    "school": _("the name of your school"),
    "sender": _("your name"),
}
#: The language people are written to in whose own is not known, by the country of their employer (ISO 3166-1 alpha-2).
LANGUAGE_OF_COUNTRY = {
    **dict.fromkeys(["AT", "CH", "DE", "LI", "LU"], "de"),
    **dict.fromkeys(["CY", "GR"], "el"),
    **dict.fromkeys(["GB", "IE", "MT"], "en"),
    **dict.fromkeys(["ES"], "es"),
    **dict.fromkeys(["PL"], "pl"),
    **dict.fromkeys(["BR", "PT"], "pt"),
}

_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")
_TO_SAY = re.compile(r"\[\[([^\[\]\n]{0,80})\]\]")


@dataclass(frozen=True)
class Starter:
    """A letter that comes with Guildhall: ``words`` is {language: {"name": …, "subject": …, "text": …}}."""

    key: str
    purpose: str
    asks_answer: bool
    words: Mapping[str, Mapping[str, str]]

    def name_in(self, language: str) -> str:
        """What it is called in a language; else in the installation's, else in whichever there is."""
        return self.words[next(code for code in (language, settings.LANGUAGE_CODE, *self.words) if code in self.words)]["name"]


@cache
def starters() -> Mapping[str, Starter]:
    """The letters that come with Guildhall, in the order in which they are offered, in the languages of this installation."""
    offered = [code for code, _name in settings.LANGUAGES]
    return {
        each["key"]: Starter(
            words={code: _read(LETTERS / each["key"] / f"{code}.yaml") for code in offered},
            **each,
        )
        for each in _read(LETTERS / "letters.yaml")["letters"]
    }


@cache
def _greetings() -> Mapping[str, str]:
    greetings: Mapping[str, str] = _read(LETTERS / "letters.yaml")["greetings"]
    return greetings


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def unknown_in(text: str) -> list[str]:
    """The placeholders of a text that mean nothing, each once, in its order."""
    return list(dict.fromkeys(word for word in _BRACES.findall(text) if word not in PLACEHOLDERS))


def unsaid_in(text: str) -> list[str]:
    """What a text still leaves to be said."""
    return list(dict.fromkeys(_TO_SAY.findall(text)))


def values_for(*, name: str, employer: str, school: str, sender: str, language: str) -> dict[str, str]:
    """What the placeholders stand for in one letter."""
    greeting = _greetings().get(language) or _greetings()["en"]
    given = {"name": name, "employer": employer, "school": school, "sender": sender}
    return {"salutation": greeting.format(name=name), **given}


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders. What a value says in braces is not looked at again; unknown ones stay."""
    return _BRACES.sub(lambda found: values.get(found[1], found[0]), text)


def subject_line(subject: str, values: Mapping[str, str]) -> str:
    """The subject of one letter on one line, whatever stands in a name: it goes into the head of a mail."""
    return " ".join(filled(subject, values).split())[:250]


def language_for(*, person: str, employer: Organisation, school: Organisation, available: Iterable[str]) -> str:
    """In which of the available languages somebody is written to; "" if there is none.

    Their own; else those in which one can write to their employer, that of its country, and those of the school.
    """
    known = [
        person,
        *employer.languages,
        LANGUAGE_OF_COUNTRY.get(employer.country, ""),
        *school.languages,
        LANGUAGE_OF_COUNTRY.get(school.country, ""),
        settings.LANGUAGE_CODE,
    ]
    available = list(available)
    return next((code for code in known if code in available), next(iter(available), ""))


def paragraphs_of(text: str) -> list[dict[str, Any]]:
    """The paragraphs of a text, each as its ``text``, or as the ``items`` of a list."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]
    return [_paragraph(part) for part in parts]


def _paragraph(part: str) -> dict[str, Any]:
    lines = [line.strip() for line in part.splitlines()]
    if all(line.startswith("- ") for line in lines):
        return {"text": part, "items": [line[2:].strip() for line in lines]}
    return {"text": "\n".join(lines), "items": []}
