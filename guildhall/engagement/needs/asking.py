"""What an employer is asked about its needs: the parts of the interview, what can be chosen in them, and what the answers say.

It follows the needs interview guide of the methodology's toolkit, made short enough for four minutes on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from guildhall.engagement.models import Methodology, Need
from guildhall.engagement.models.needs import normal_form_of

Answers = Mapping[str, Mapping[str, Any]]

#: Rows for occupations or skills to begin with, and at most.
ROWS, MOST_ROWS = 3, 12


@dataclass(frozen=True)
class Part:
    """A part of the interview: a page with at most seven questions, of which every one may be left out."""

    key: str
    title: str | Promise
    sentence: str | Promise


PARTS = [
    Part("work", gettext_lazy("Your work"), gettext_lazy("A few words are enough. Leave out what does not matter to you.")),
    Part(
        "occupations",
        gettext_lazy("People you need"),
        gettext_lazy("Which occupations, and about how many people? Call them what you call them at work."),
    ),
    Part(
        "skills",
        gettext_lazy("Skills you need"),
        gettext_lazy("What should people be able to do, and for about how many does it matter?"),
    ),
    Part("changes", gettext_lazy("What is changing"), gettext_lazy("So that lessons fit the work of the day after tomorrow.")),
    Part("together", gettext_lazy("Working together"), gettext_lazy("Nothing you tick is a promise: the school will ask.")),
]
PART_KEYS = [part.key for part in PARTS]
BY_KEY = {part.key: part for part in PARTS}
#: Parts that are rows of words with numbers of people, and what each row becomes.
ROW_KINDS = {"occupations": Need.Kind.OCCUPATION, "skills": Need.Kind.SKILL}

TRENDS: dict[str, str | Promise] = {
    "digital": gettext_lazy("Computers, data, artificial intelligence"),
    "machines": gettext_lazy("New machines and automation"),
    "green": gettext_lazy("Saving energy and material"),
    "customers": gettext_lazy("Customers who want something else"),
    "staff": gettext_lazy("People who retire or leave"),
    "rules": gettext_lazy("New rules and standards"),
}
OBSTACLES: dict[str, str | Promise] = {
    "time": gettext_lazy("Too little time"),
    "mentor": gettext_lazy("Nobody to look after a learner"),
    "money": gettext_lazy("Money"),
    "space": gettext_lazy("Space or equipment"),
    "rules": gettext_lazy("Rules and paper"),
    "experience": gettext_lazy("Earlier experience"),
    "other": gettext_lazy("Something else"),
}
#: Activities of the methodology in which an employer can take part without having worked with the school before.
OFFERS = [
    "guest_speaker",
    "workplace_tour",
    "job_shadowing",
    "internship",
    "mock_interview",
    "teacher_placement",
    "curriculum_workshop",
]

#: The questions in words, as the page asks them.
QUESTIONS: dict[str, str | Promise] = {
    "day": gettext_lazy("What spoils a good day at your place?"),
    "hard": gettext_lazy("Which jobs are hard to fill, and how long does it take?"),
    "first_weeks": gettext_lazy("What do new people find hardest in their first weeks?"),
    "trends": gettext_lazy("What is changing your work?"),
    "trends_how": gettext_lazy("What does it change?"),
    "not_needed": gettext_lazy("What do schools teach that you no longer need?"),
    "worth": gettext_lazy("What would make working with a school worth your time?"),
    "obstacles": gettext_lazy("What holds you back?"),
    "obstacles_how": gettext_lazy("Anything to add about that?"),
    "offers": gettext_lazy("What could you imagine in the next six months?"),
    "others": gettext_lazy("Who else should the school ask?"),
}
#: Questions that are answered in words, by part.
IN_WORDS = {
    "work": ["day", "hard", "first_weeks"],
    "changes": ["trends_how", "not_needed"],
    "together": ["worth", "obstacles_how", "others"],
}
#: Questions that are answered by ticking, by part, and what each tick becomes.
TICKED = {"changes": {"trends": Need.Kind.TREND}, "together": {"obstacles": Need.Kind.OBSTACLE, "offers": Need.Kind.OFFER}}


@dataclass(frozen=True)
class Said:
    """One thing that was said, fit to be kept as a ``Need``."""

    kind: str
    form: str
    words: str = ""
    people_now: int | None = None
    people_in_two_years: int | None = None


def activity_names(language: str, methodology: Methodology | None = None) -> dict[str, str]:
    """What the offers are called in a language, by key: in this version of the methodology or the newest; none without any."""
    methodology = methodology or Methodology.objects.newest()
    if methodology is None:
        return {}
    words = methodology.words_in([language, "en"])["activities"]
    return {key: words[key]["name"] for key in OFFERS if key in words}


def names_of(kind: str, language: str, methodology: Methodology | None = None) -> Mapping[str, str | Promise]:
    """What the keys of a kind of answer that is ticked are called."""
    match kind:
        case Need.Kind.TREND:
            return TRENDS
        case Need.Kind.OBSTACLE:
            return OBSTACLES
        case Need.Kind.OFFER:
            return activity_names(language, methodology)
    return {}


def said_in(answers: Answers) -> list[Said]:
    """What the answers say, each thing once: of a word that was written twice, the first with the larger numbers of people."""
    found: dict[tuple[str, str], Said] = {}
    for part, kind in ROW_KINDS.items():
        for row in answers.get(part, {}).get("rows", []):
            form = normal_form_of(row["words"])
            if not form:
                continue
            before = found.get((kind, form), Said(kind, form, row["words"]))
            found[kind, form] = Said(
                kind,
                form,
                before.words,
                _larger(before.people_now, row["now"]),
                _larger(before.people_in_two_years, row["later"]),
            )
    for part, questions in TICKED.items():
        for question, kind in questions.items():
            for key in answers.get(part, {}).get(question, []):
                found[kind, key] = Said(kind, key)
    return list(found.values())


def _larger(one: int | None, other: int | None) -> int | None:
    return max((number for number in (one, other) if number is not None), default=None)


def is_empty(answers: Answers) -> bool:
    """Whether nothing at all was answered."""
    return not any(value for said in answers.values() for value in said.values())


def lines_of(answers: Answers, language: str) -> Iterator[tuple[str, str, list[str], bool]]:
    """The answers to read: part, question, what was said to it, and whether that is in the employer's own words.

    In the language that is active; ``language`` is the one of the offers' names.
    """
    for part in PARTS:
        said = answers.get(part.key, {})
        if part.key in ROW_KINDS:
            rows = [in_words(row["words"], row["now"], row["later"]) for row in said.get("rows", [])]
            if rows:
                yield part.key, str(part.title), rows, True
            continue
        for question in _questions_of(part.key):
            value = said.get(question)
            if not value:
                continue
            if isinstance(value, str):
                yield part.key, str(QUESTIONS[question]), [value], True
            else:
                names = names_of(TICKED[part.key][question], language)
                yield part.key, str(QUESTIONS[question]), [str(names.get(key, key)) for key in value], False


def _questions_of(part: str) -> Iterable[str]:
    asked = {*IN_WORDS.get(part, []), *TICKED.get(part, {})}
    return [question for question in QUESTIONS if question in asked]


def in_words(words: str, now: int | None, later: int | None) -> str:
    """An occupation or a skill with how many people are wanted: "welder: 2 people now, 5 people in two years"."""
    people = []
    if now is not None:
        people.append(ngettext("%(count)s person now", "%(count)s people now", now) % {"count": now})
    if later is not None:
        people.append(ngettext("%(count)s person in two years", "%(count)s people in two years", later) % {"count": later})
    if not people:
        return words
    return _("%(need)s: %(people)s") % {"need": words, "people": ", ".join(people)}


def as_text(answers: Answers, language: str) -> str:
    """The answers as one text, as it stands on the timeline of the employer: each question with what was said below it."""
    told = []
    for _part, question, said, _own in lines_of(answers, language):
        told += [question, *(f"– {each}" for each in said)]
    return "\n".join(told)


def proposals(answers: Answers, language: str) -> dict[str, str]:
    """Next steps that offer themselves after an interview, by a key of their own; in the language that is active."""
    together = answers.get("together", {})
    names = activity_names(language)
    steps = {
        f"offer-{key}": _("%(activity)s: agree when and how") % {"activity": names[key]}
        for key in together.get("offers", [])
        if key in names
    }
    obstacles = together.get("obstacles", [])
    if "mentor" in obstacles:
        steps["mentor"] = _("Show how others look after learners, and offer training for mentors")
    if "rules" in obstacles:
        steps["rules"] = _("Bring the papers with everything filled in that we know")
    if others := " ".join(together.get("others", "").split()):
        steps["others"] = _("Get in touch with whom they named: %(who)s") % {"who": others[:180]}
    return steps
