"""The whole employer book of a school as one JSON file: everything the school wrote down, to keep or to take elsewhere.

The file is ``{"format": "guildhall-book-1", "school": …, "made_at": …, "employers": […]}``; docs/decisions/0006-exports.md lists
the fields. Numbers (``number``) tell things apart within the file; somebody with positions at two employers is named in both by
the same number. Read and written portion by portion, as plain values: a book has a hundred thousand contacts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any

from django.db.models import QuerySet

from guildhall.engagement.exporting.table import from_start, new_file, write_json
from guildhall.engagement.models import Contact, Employer, NextStep, Person, Position
from guildhall.engagement.purposes import PURPOSES
from guildhall.people.models import ConsentRecord, Organisation, Site, User

#: Employers that are in memory at a time, with all their contacts.
PORTION = 500
_EMPLOYER = {
    **{name: f"organisation__{name}" for name in ["name", "trade_name", "country", "nuts", "nace", "size_band", "languages"]},
    **{name: f"organisation__{name}" for name in ["register_number", "website"]},
    **{name: name for name in ["note", "owner", "added_at", "resting_until", "resting_why"]},
}
_SITE = [
    "name", "register_number", "street", "postal_code", "town", "country", "latitude", "longitude", "phone", "email",
    "closed_on",
]  # fmt: skip
_PERSON = ["name", "email", "phone", "language", "asked_not_to_be_written_at"]
_POSITION = ["title", "decides", "signs", "trains", "handles_personnel", "since", "until", "site"]
_CONTACT = ["kind", "held_at", "said", "recorded_at", "by"]
_STEP = ["what", "due_on", "state", "times_moved", "word", "added_at", "owner", "closed_at", "closed_by", "contact"]
_ANSWER = ["agreed", "given_at", "how", "language", "note", "withdrawn_at", "recorded_by"]
#: Fields that hold a colleague.
_COLLEAGUES = ["owner", "by", "closed_by", "recorded_by"]


def whole_book(school: Organisation, *, at: datetime) -> IO[bytes]:
    """Return the file, as it is at a moment."""
    file = new_file()
    head: dict[str, object] = {
        "format": "guildhall-book-1",
        "school": {"name": school.name, "country": school.country},
        "made_at": at.isoformat(),
    }
    write_json(file, head, "employers", _employers(school))
    return from_start(file)


def _employers(school: Organisation) -> Iterator[dict[str, object]]:
    numbers = list(Employer.objects.in_book_of(school).order_by("sort_key", "pk").values_list("pk", flat=True))
    colleagues: dict[int, dict[str, str]] = {}
    for at in range(0, len(numbers), PORTION):
        yield from _portion(numbers[at : at + PORTION], colleagues)


def _portion(numbers: Sequence[int], colleagues: dict[int, dict[str, str]]) -> list[dict[str, object]]:
    """Employers with all that belongs to them, in the order of their numbers; new ``colleagues`` are added to those known."""
    book = Employer.objects.filter(pk__in=numbers)
    employers = {row["pk"]: row for row in book.values("pk", "organisation", *_EMPLOYER.values())}
    sites = _sorted_out(Site.objects, "organisation", [row["organisation"] for row in employers.values()], _SITE)
    person = {name: f"person__{name}" for name in _PERSON}
    people = _sorted_out(Position.objects, "employer", numbers, ["person", *person.values(), *_POSITION])
    contacts = _sorted_out(Contact.objects, "employer", numbers, _CONTACT)
    steps = _sorted_out(NextStep.objects, "employer", numbers, _STEP)
    answers = _answers({row["person"] for row in _all(people)}, colleagues)
    met = Contact.people.through.objects.filter(contact__employer__in=numbers).order_by("person")
    spoken_with: dict[int, list[int]] = {}
    for contact, somebody in met.values_list("contact", "person"):
        spoken_with.setdefault(contact, []).append(somebody)
    tags: dict[int, list[str]] = {}
    for employer, tag in book.filter(tags__isnull=False).order_by("tags__name").values_list("pk", "tags__name"):
        tags.setdefault(employer, []).append(tag)
    _name([*employers.values(), *_all(contacts), *_all(steps)], colleagues)
    return [
        {
            "number": number,
            **{name: _plain(facts[kept]) for name, kept in _EMPLOYER.items()},
            "tags": tags.get(number, []),
            "sites": [{"number": row["pk"], **_values(row, _SITE)} for row in sites.get(facts["organisation"], [])],
            "people": [
                {
                    "number": row["person"],
                    **{name: _plain(row[kept]) for name, kept in person.items()},
                    **_values(row, _POSITION),
                    "answers": answers.get(row["person"], []),
                }
                for row in people.get(number, [])
            ],
            "contacts": [
                {"number": row["pk"], **_values(row, _CONTACT), "people": spoken_with.get(row["pk"], [])}
                for row in contacts.get(number, [])
            ],
            "next_steps": [{"number": row["pk"], **_values(row, _STEP)} for row in steps.get(number, [])],
        }
        for number in numbers
        if (facts := employers.get(number))
    ]


def _answers(people: Collection[int], colleagues: dict[int, dict[str, str]]) -> dict[int, list[dict[str, object]]]:
    """What people answered to each purpose, in the order of their answers, by the number of the person."""
    keys = {purpose.statement: purpose.key for purpose in PURPOSES}
    records = ConsentRecord.objects.filter(
        person_type=Person._meta.label_lower, person_id__in=people, statement__purpose__in=keys
    )
    rows = list(records.order_by("given_at", "pk").values("person_id", "statement__purpose", "statement__version", *_ANSWER))
    _name(rows, colleagues)
    found: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        what = {"purpose": keys[row["statement__purpose"]], "version": row["statement__version"]}
        found.setdefault(row["person_id"], []).append({**what, **_values(row, _ANSWER)})
    return found


def _sorted_out(
    things: QuerySet[Any] | Any, of: str, owners: Sequence[int], fields: Iterable[str]
) -> dict[int, list[dict[str, Any]]]:
    """The fields of things, by the number of what they belong to."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in things.filter(**{f"{of}__in": owners}).order_by("pk").values("pk", of, *fields):
        found.setdefault(row[of], []).append(row)
    return found


def _all(sorted_out: dict[int, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    return (row for rows in sorted_out.values() for row in rows)


def _name(rows: Sequence[dict[str, Any]], colleagues: dict[int, dict[str, str]]) -> None:
    """Put name and address of colleagues in the place of their numbers; somebody erased has no address any more."""
    named = {row[field] for row in rows for field in _COLLEAGUES if row.get(field)}
    for user in User.objects.filter(pk__in=named - colleagues.keys()):
        colleagues[user.pk] = {"name": str(user), "email": "" if user.erased_at else user.email}
    for row in rows:
        for field in _COLLEAGUES:
            if row.get(field):
                row[field] = colleagues[row[field]]


def _values(row: dict[str, Any], names: Iterable[str]) -> dict[str, object]:
    return {name: _plain(row[name]) for name in names}


def _plain(value: Any) -> object:
    return value.isoformat() if isinstance(value, date) else value  # a moment is a date, too
