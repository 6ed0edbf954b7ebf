"""Employer books of any size, quickly made and much like those of real schools; the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from time import perf_counter, process_time

from django.db import connection, transaction
from django.utils.timezone import now

from guildhall.core import search
from guildhall.engagement.actions import refresh_standings
from guildhall.engagement.catalogue import kinds_of
from guildhall.engagement.models import Contact, Employer, NextStep, Person, Position, sort_key_of
from guildhall.engagement.search import contact_documents, employer_documents
from guildhall.people.models import Kind, Membership, Organisation, Role, Site, User

PORTION = 500
COLLEAGUES = ["Annegret Voss", "Murat Aydın", "Lena Kowalczyk", "Tomás Ferreira", "Ελένη Παππά", "Jochen Brandt"]
FAMILIES = (  # noqa: SIM905 - easier to read
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Neumann Schwarz "
    "Zimmermann Braun Krüger Hartmann Lange Werner Krause Lehmann Köhler Maier Kaiser Fuchs Peters Scholz Möller Weiß Jung Hahn "
    "Vogel Friedrich Keller Günther Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Ludwig Böhm Winter Kraus "
    "Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Nowak "
    "Kowalski Wiśniewski Lefèvre Dupont Martin Papadopoulou García Ferreira Silva Rossi Jansen de-Vries Horvat Yılmaz Öztürk"
).split()
GIVEN_NAMES = ["Anna", "Jonas", "Marie", "Sofia", "Katarzyna", "Piotr", "Inês", "João", "Ελένη", "Nikos", "Carmen", "Elif", "Uwe"]
#: What firms do, by their code in NACE 2.1.
TRADES = {
    "Metallbau": "25.11",
    "Maschinenbau": "28.99",
    "Elektrotechnik": "43.21",
    "Heizung und Sanitär": "43.22",
    "Tischlerei": "43.32",
    "Dachdeckerei": "43.41",
    "Autohaus": "47.81",
    "Bäckerei": "10.71",
    "Spedition": "49.41",
    "Hotel": "55.10",
    "Gasthof": "56.11",
    "Softwarehaus": "62.10",
    "Ingenieurbüro": "71.12",
    "Gärtnerei": "81.30",
    "Pflegedienst": "87.10",
    "Seniorenzentrum": "87.30",
    "Kindertagesstätte": "88.91",
    "Apotheke": "47.73",
    "Friseursalon": "96.21",
    "Druckerei": "18.12",
}
FORMS = ["GmbH", "GmbH & Co. KG", "AG", "e.K.", "KG", "OHG"]
TOWNS = {
    "Metz": "57000",
    "Thionville": "57100",
    "Saarbrücken": "66111",
    "Völklingen": "66333",
    "Merzig": "66663",
    "Trier": "54290",
    "Saarlouis": "66740",
    "Dillingen": "66763",
    "Homburg": "66424",
    "Neunkirchen": "66538",
    "St. Wendel": "66606",
    "Zweibrücken": "66482",
}
STREETS = ["Hauptstraße", "Bahnhofstraße", "Gewerbepark", "Am Hafen", "Industriestraße", "Lindenweg", "Marktplatz", "Rue du Pont"]
SAID = [
    "They have two places from March on, in the workshop and in the office.",
    "Spoke with the trainer about the last placement: content, wants somebody who likes to be on the road.",
    "Will look at the agreement with personnel and call back.",
    "Nobody there who decides; try again on a Tuesday before nine.",
    "Rückruf vereinbart. Frau am Empfang war sehr freundlich, Chef ist bis Ende des Monats auf Montage.",
    "Showed us round: new machines, clean, a good place for the second year.",
    "Nächstes Jahr gern wieder, dieses Jahr wegen Umbau keine Plätze.",
    "Sent the overview of the programme and the dates of the school year.",
    "Wants to know what the learners can do already before they come.",
    "Would take part in the employers' evening if it does not begin before six.",
]
PROMISES = [
    "Call back about places in March",
    "Send the agreement",
    "Arrange a visit with the trainer",
    "Ask whom to talk to",
    "Invite to the employers' evening",
    "Vereinbarung nachfassen",
    "Ask how the first week went",
]
POSITIONS = ["Geschäftsführung", "Ausbildungsleitung", "Personal", "Werkstattleitung", "Büro"]
SIZES = ["0", "1-9", "1-9", "1-9", "10-49", "10-49", "50-249", "250+"]


class Book:
    """A school's employer book, and the coordinator who has it open."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)  # noqa: S311 - the same book each time is what is wanted
        self.today = now()
        self.employers: list[int] = []
        self.school = Organisation.objects.create(
            kind=Kind.SCHOOL, name=f"Berufsschule {number}", slug=f"s{number}", country="DE"
        )
        self.colleagues = User.objects.bulk_create(
            [User(email=f"c{number}-{at}@school.example", name=name, language="en") for at, name in enumerate(COLLEAGUES)]
        )
        self.coordinator = self.colleagues[0]
        self.kinds = sorted(kinds_of(self.school))
        Membership.objects.bulk_create(
            [
                Membership(user=colleague, organisation=self.school, role=Role.TEACHER if at else Role.COORDINATOR)
                for at, colleague in enumerate(self.colleagues)
            ]
        )

    @classmethod
    def written_before(cls, number: int) -> Book:
        """The book that an earlier run wrote, to be read."""
        book = cls.__new__(cls)
        book.school = Organisation.objects.get(slug=f"s{number}")
        book.coordinator = User.objects.get(email=f"c{number}-0@school.example")
        book.employers = list(Employer.objects.filter(school=book.school).values_list("pk", flat=True))
        return book

    def grow(self, size: int, contacts: int) -> None:
        """Write employers into the book until it holds ``size``, each with as many contacts on average."""
        while missing := size - len(self.employers):
            with transaction.atomic():
                written = self._employers(min(missing, PORTION))
                self._sites(written)
                positions = self._people(written)
                make_findable(contact_documents(self._contacts(written, positions, contacts)))
                self._steps(written)
                make_findable(employer_documents(written))
            self.employers += [employer.pk for employer in written]

    def _employers(self, count: int) -> list[Employer]:
        organisations = []
        for at in range(count):
            family, trade = self.chance.choice(FAMILIES), self.chance.choice(list(TRADES))
            other = self.chance.choice(["", "", f" & {self.chance.choice(FAMILIES)}", f" {self.chance.choice(list(TOWNS))}"])
            organisations.append(
                Organisation(
                    kind=Kind.EMPLOYER,
                    name=f"{family}{other} {trade} {self.chance.choice(FORMS)}",
                    country="DE",
                    nace=TRADES[trade],
                    size_band=self.chance.choice(SIZES),
                    register_number=f"HRB {len(self.employers) + at + 1}",
                    kept_by=self.school,
                )
            )
        return Employer.objects.bulk_create(
            [
                Employer(
                    school=self.school,
                    organisation=organisation,
                    sort_key=sort_key_of(str(organisation)),
                    owner=self.chance.choice([*self.colleagues, None]),
                    added_at=self.today - timedelta(days=900),
                )
                for organisation in Organisation.objects.bulk_create(organisations)
            ]
        )

    def _sites(self, employers: list[Employer]) -> None:
        sites = []
        for employer in employers:
            for _ in range(self.chance.choice([1, 1, 1, 1, 2, 3])):
                town = self.chance.choice(list(TOWNS))
                street = f"{self.chance.choice(STREETS)} {self.chance.randint(1, 120)}"
                sites.append(
                    Site(organisation=employer.organisation, street=street, postal_code=TOWNS[town], town=town, country="DE")
                )
        Site.objects.bulk_create(sites)

    def _people(self, employers: list[Employer]) -> dict[int, list[Position]]:
        people, places = [], []
        for employer in employers:
            for _ in range(self.chance.choice([1, 2, 2, 3, 4])):
                name = f"{self.chance.choice(GIVEN_NAMES)} {self.chance.choice(FAMILIES)}"
                number = len(people) + 1
                people.append(
                    Person(
                        school=self.school, name=name, email=f"p{number}@firm.example", phone=f"+49 30 23125 {number % 900 + 100}"
                    )
                )
                places.append(employer)
        Person.objects.bulk_create(people)
        held: dict[int, list[Position]] = {}
        for person, employer in zip(people, places, strict=True):
            there = held.setdefault(employer.pk, [])
            there.append(
                Position(
                    person=person,
                    employer=employer,
                    title=self.chance.choice(POSITIONS),
                    decides=not there,
                    signs=not there,
                    trains=len(there) == 1,
                    handles_personnel=len(there) == 2,
                )
            )
        Position.objects.bulk_create([position for there in held.values() for position in there])
        return held

    def _contacts(self, employers: list[Employer], positions: dict[int, list[Position]], each: int) -> list[Contact]:
        contacts, spoken_with = [], []
        for employer in employers:
            for _ in range(self.chance.randint(0, 2 * each)):
                held_at = self.today - timedelta(days=self.chance.randint(1, 800), minutes=self.chance.randint(0, 600))
                contacts.append(
                    Contact(
                        employer=employer,
                        kind=self.chance.choice(Contact.Kind.values),
                        activity=self.chance.choice(self.kinds) if self.chance.random() < 0.25 else "",
                        held_at=held_at,
                        said=" ".join(self.chance.sample(SAID, self.chance.randint(1, 3))),
                        by=employer.owner or self.chance.choice(self.colleagues),
                        recorded_at=held_at,
                    )
                )
                spoken_with.append(self.chance.choice(positions[employer.pk]).person)
                if employer.last_contact_at is None or held_at > employer.last_contact_at:
                    employer.last_contact_at = held_at
        Contact.objects.bulk_create(contacts)
        With = Contact.people.through
        With.objects.bulk_create(
            [With(contact=contact, person=person) for contact, person in zip(contacts, spoken_with, strict=True)]
        )
        Employer.objects.bulk_update(employers, ["last_contact_at"], batch_size=400)
        return contacts

    def _steps(self, employers: list[Employer]) -> None:
        steps = []
        for employer in employers:
            for state in self.chance.choices(NextStep.State.values, weights=[4, 5, 1], k=self.chance.choice([0, 1, 2, 3])):
                owner = employer.owner or self.chance.choice(self.colleagues)
                is_open = state == NextStep.State.OPEN
                closed_at = None if is_open else self.today - timedelta(days=self.chance.randint(1, 700))
                steps.append(
                    NextStep(
                        employer=employer,
                        what=self.chance.choice(PROMISES),
                        due_on=(closed_at or self.today + timedelta(days=self.chance.randint(-3, 120))).date(),
                        owner=owner,
                        state=state,
                        times_moved=self.chance.choice([0, 0, 0, 1, 2]),
                        word="No places this year." if state == NextStep.State.DROPPED else "",
                        added_at=self.today - timedelta(days=800),
                        added_by=owner,
                        closed_at=closed_at,
                        closed_by=None if is_open else owner,
                    )
                )
        NextStep.objects.bulk_create(steps)

    def stand(self) -> tuple[float, float]:
        """Find where all employers stand, as after a new methodology; return seconds, and those of CPU of this process."""
        began, computed = perf_counter(), process_time()
        for at in range(0, len(self.employers), PORTION):
            refresh_standings(self.school, numbers=self.employers[at : at + PORTION], by=None, at=now())
        return perf_counter() - began, process_time() - computed


def make_findable(documents: Iterable[search.Document]) -> None:
    """Write new documents into the index; into that of PostgreSQL by COPY, which takes a third of the time."""
    if connection.vendor != "postgresql":
        search.index_many(documents)
        return
    columns, kept = "kind, key, title, language, boost, is_public, tokens", [search._kept(document) for document in documents]
    with connection.cursor() as cursor, cursor.copy(f"COPY core_searchdocument ({columns}) FROM STDIN") as rows:
        for document in kept:
            tokens = " ".join(f"'{token}'" for token in document.tokens)
            shown = (document.kind, document.key, document.title, document.language, document.boost, document.is_public)
            rows.write_row((*shown, tokens))
