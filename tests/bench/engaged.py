"""What makes a book more than a list: its school follows a plan, and a fifth of its employers said what they need."""

from __future__ import annotations

from datetime import timedelta

from book import PORTION, Book
from django.utils.timezone import localdate, now

from guildhall.engagement.actions import begin_interview, make_plan
from guildhall.engagement.methodology.levels import AREAS
from guildhall.engagement.models import Need, Plan
from guildhall.engagement.models.needs import normal_form_of

OCCUPATIONS = ["Anlagenmechaniker", "Elektronikerin", "Pflegefachkraft", "Köchin", "Schweißer", "Kaufmann im Büro", "Tischlerin"]
SKILLS = ["Deutsch B2", "CNC fräsen", "Hygiene", "Führerschein B", "Schweißen WIG", "Tabellen", "Umgang mit Kunden"]
KEYS = {Need.Kind.TREND: ["digital", "green", "rules"], Need.Kind.OBSTACLE: ["space", "time"], Need.Kind.OFFER: ["internship"]}
EVERY = 5


def engage(book: Book) -> Plan:
    """Let the school plan as it would, and its employers say what they need; return the plan. What is there already stays."""
    begun = book.today - timedelta(weeks=10)
    plan = Plan.objects.running().filter(school=book.school).first()
    if plan is None:
        interview = begin_interview(book.school, by=book.coordinator, at=begun)
        plan = make_plan(
            interview, starts_on=localdate(begun), order=list(AREAS), begin=["1.1", "1.3"], by=book.coordinator, at=now()
        )
    asked = set(Need.objects.in_book_of(book.school).values_list("employer", flat=True))
    Need.objects.bulk_create(
        [need for number in book.employers[::EVERY] if number not in asked for need in _said_by(number, book)],
        batch_size=PORTION,
    )
    return plan


def _said_by(employer: int, book: Book) -> list[Need]:
    chance, said = book.chance, {}
    noted_on = localdate(book.today) - timedelta(days=chance.randint(1, 700))
    for kind, words in ((Need.Kind.OCCUPATION, chance.choice(OCCUPATIONS)), (Need.Kind.SKILL, chance.choice(SKILLS))):
        said[kind] = {"form": normal_form_of(words), "words": words, "people_now": chance.randint(0, 4)}
    said |= {kind: {"form": chance.choice(keys)} for kind, keys in KEYS.items()}
    return [
        Need(
            school=book.school,
            employer_id=employer,
            kind=kind,
            counts_as=words["form"],
            language="de",
            noted_on=noted_on,
            noted_by=book.coordinator,
            **words,
        )
        for kind, words in said.items()
    ]
