"""A library of any size, quickly filled and much like a real one; the same each time."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import accumulate, count, islice, pairwise
from pathlib import Path
from typing import Any, Protocol

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model
from django.utils.timezone import now
from vocabulary import LANGUAGES, Vocabulary

from guildhall.core import search
from guildhall.core.models import SearchDocument, StoredFile
from guildhall.core.tokens import with_handful
from guildhall.library import kinds, licences
from guildhall.library.films.transcripts import PASSAGE, passages_of
from guildhall.library.models import Film, Prompt, PromptText, PublicState, Rendition, Resource, Track, Version
from guildhall.library.search import PUBLIC, RESOURCE, describe_resources
from guildhall.people.models import Kind, Organisation

PORTION = 1_000
#: From so many resources on texts are written for a tenth, or a twentieth, of them only and copied within the database: making
#: those of 1,400,000 documents in Python takes too long. A word is in as many documents as it would be, but none is the only one
#: of its kind.
COPIED_FROM, COPIES, MANY_FROM, MANY = 20_000, 10, 100_000, 20
#: Words of a resource. Of a film: its minutes, and how fast people speak (9,000 words an hour).
SUMMARY_WORDS, TEXT_WORDS = 25, 250
MINUTES, CUES_A_MINUTE, WORDS_A_MINUTE = 15, 12, 150
#: Of so many in a hundred works there is a translation; as many words search holds against typing errors.
TRANSLATED, AGAINST_TYPOS = 20, 30
_KINDS = (
    ["worksheet"] * 8 + ["lesson_plan"] * 6 + ["text"] * 5 + ["slide"] * 4 + [kind for kind in kinds.KINDS if kind != "video"]
)
_SECTORS = ["25.11", "28.99", "43.21", "47.81", "55.10", "56.11", "62.10", "86", "87.10", "96.21", "C", "F", "Q", ""]
_SUBJECTS = ["0715", "0716", "0732", "0913", "1013", "1015", "0411", "0612", "0811", "0922", ""]

#: In what a translation is like its original.
_OF_THE_WORK = ["kind", "licence", "audience", "eqf", "isced", "nace", "area"]
#: In which columns a copy has other numbers.
_SHIFTED: dict[type[Model], list[str]] = {
    Resource: ["id", "current_id", "work_id", "translated_from_id"],
    Version: ["id", "resource_id"],
    Film: ["id", "resource_id"],
    Track: ["id", "film_id"],
    SearchDocument: ["key"],
}


class Beside(Protocol):
    """Another index that is told of the same texts."""

    def add(self, kind: str, key: int, title: str, text: str) -> None: ...


class Shelves:
    """A library of ``size`` public resources, among them films of so many hours."""

    def __init__(self, size: int, hours: int, beside: Beside | None = None) -> None:
        self.copies = MANY if size >= MANY_FROM else COPIES if size >= COPIED_FROM else 1
        self.size, self.beside = size // self.copies, beside
        self.film_count = hours * 60 // MINUTES // self.copies
        self.chance = random.Random(4)  # noqa: S311 - the same library each time is what is wanted
        self.today = now()
        self.speech = {language: Vocabulary(language, [RESOURCE, PASSAGE]) for language in LANGUAGES}
        self.resources: list[int] = []
        self.films: list[int] = []
        self._numbers = count(1)

    def fill(self) -> None:
        """Write it all. PostgreSQL makes its index of words when all are there, in a fraction of the time."""
        self.schools = Organisation.objects.bulk_create(
            Organisation(kind=Kind.SCHOOL, name=f"School {number}", slug=f"library-{number}", country="DE")
            for number in range(max(20, min(400, self.size // 50)))
        )
        index = "" if connection.vendor == "sqlite" else _said("SELECT pg_get_indexdef('core_searchdocument_tokens'::regclass)")
        if index:
            # Nothing refers to what is not there: the database need not look.
            _done("DROP INDEX core_searchdocument_tokens", "SET session_replication_role = replica")
        for begun in range(0, self.size, PORTION):
            end = min(begun + PORTION, self.size)
            films = self.film_count * end // self.size - self.film_count * begun // self.size
            with transaction.atomic():
                self._portion(end - begun, films)
        with transaction.atomic():
            for model, columns in _SHIFTED.items():
                self._copy(model, columns)
        shifts = range(0, self.copies * self.size, self.size)
        self.resources, self.films = (
            [number + shift for shift in shifts for number in some] for some in (self.resources, self.films)
        )
        self._be_shown(self.films[:: max(1, len(self.films) // 500)])
        PublicState.objects.create(number=1)
        if index:
            _done("RESET session_replication_role", f"SET maintenance_work_mem = '{_memory_mb()}MB'", index)
            _done("RESET maintenance_work_mem", *connection.ops.sequence_reset_sql(no_style(), [Resource, Version, Film, Track]))

    def note(self, file: Path) -> None:
        """Write down what is where, for a later run."""
        file.write_text(json.dumps({"resources": self.resources, "films": self.films}))

    def recall(self, file: Path) -> bool:
        """Know what an earlier run has filled; return whether there was one."""
        if not file.exists():
            return False
        noted = json.loads(file.read_text())
        self.resources, self.films = noted["resources"], noted["films"]
        return len(self.resources) == self.size * self.copies and len(self.films) == self.film_count * self.copies

    def _tell_beside(self, kind: str, number: int, minute: int, title: str, text: str) -> None:
        for shift in range(0, self.copies * self.size, self.size) if self.beside else ():
            key = number + shift if kind == RESOURCE else (number + shift) * 10_000 + minute
            self.beside.add(kind, key, title, text)  # type: ignore[union-attr]

    def _copy(self, model: type[Model], shifted: list[str]) -> None:
        """Copy the rows of a table; in these columns stand numbers, which are those of the same row of the copy."""
        table = model._meta.db_table
        columns = [field.column for field in model._meta.concrete_fields]
        last = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        if "id" not in shifted:
            columns.remove("id")
        for shift in range(self.size, self.copies * self.size, self.size):
            moved = {column: f"{column} + {shift}" for column in shifted}
            if "key" in shifted:
                moved["key"] = f"key + {shift} * (CASE kind WHEN '{PASSAGE}' THEN 10000 ELSE 1 END)"
            read = ", ".join(moved.get(column, column) for column in columns)
            _done(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {read} FROM {table} WHERE id <= {last}")  # noqa: S608

    def _portion(self, size: int, films: int) -> None:
        made: list[Resource] = []
        versions: list[Version] = []
        kept: dict[tuple[str, int], SearchDocument] = {}
        rendered: set[tuple[int, str]] = set()
        for at in range(size):
            number = next(self._numbers)
            spoken = self.chance.choices(list(LANGUAGES), weights=list(LANGUAGES.values()))[0]
            original = self.chance.choice(made) if at > films and self.chance.randrange(100) < TRANSLATED else None
            if original and (original.work_id != original.pk or original.language == spoken or (original.pk, spoken) in rendered):
                original = None
            speech = self.speech[spoken]
            drawn = speech.draw(SUMMARY_WORDS + 3 + TEXT_WORDS + 2)
            said = self._described(speech, drawn, kinds.VIDEO if at < films else self.chance.choice(_KINDS))
            if original:  # about the same thing
                said |= {name: getattr(original, name) for name in _OF_THE_WORK}
            resource = Resource(pk=number, organisation=self.chance.choice(self.schools), **said)
            resource.current_id, resource.state, resource.has_changes = number, Resource.State.PUBLISHED, False
            resource.created_at = resource.changed_at = resource.public_at = self.today - timedelta(
                minutes=self.size - number
            )  # copies are of the same day
            resource.work_id = original.pk if original else number
            if original:
                rendered.add((original.pk, spoken))
                resource.translated_from_id, resource.translated = original.pk, Resource.Translated.HUMAN
            made.append(resource)
            versions.append(Version(pk=number, resource=resource, number=1, published_at=self.today, **said))
            kept[RESOURCE, number] = self._document(resource, speech, drawn)
            text = "\n".join([resource.summary, ", ".join(resource.keywords), resource.text, resource.authors[0]["name"]])
            self._tell_beside(RESOURCE, number, 0, resource.title, text)
        Resource.objects.bulk_create(made, batch_size=200)
        Version.objects.bulk_create(versions, batch_size=200)
        self._films(made[:films], kept)
        _write(kept.values())
        if not self.resources:
            _compare(kept, made[-50:], self.films[:3])
        self.resources += [resource.pk for resource in made]

    def _described(self, speech: Vocabulary, drawn: list[int], kind: str) -> dict[str, Any]:
        summary, keywords, text, author = _parts(drawn)
        chance = self.chance
        return {
            "kind": kind,
            "language": speech.language,
            "title": speech.text(speech.draw(chance.randint(2, 7))).capitalize()[:200],
            "summary": speech.text(summary),
            "text": speech.text(text),
            "keywords": [speech.words[word] for word in keywords],
            "authors": [{"name": speech.text(author).title(), "orcid": "", "affiliation": ""}],
            "licence": chance.choice([*licences.KNOWN, licences.PRESET, licences.PRESET]),
            "audience": chance.sample(list(kinds.AUDIENCES), chance.randint(1, 2)),
            "eqf": sorted(chance.sample(range(2, 7), chance.randint(1, 2))),
            "isced": chance.choice(_SUBJECTS),
            "nace": chance.choice(_SECTORS),
            "area": chance.choice([*kinds.AREAS, "", ""]),
        }

    def _document(self, resource: Resource, speech: Vocabulary, drawn: list[int]) -> SearchDocument:
        shown = search.Document(
            kind=RESOURCE,
            key=resource.pk,
            title=resource.title,
            detail=f"{resource.get_kind_display()}, {resource.organisation.name}",
            scopes=[PUBLIC],
            url="",
            language=resource.language,
        )
        tokens = search._tokens(shown) | speech.tokens(RESOURCE, drawn, AGAINST_TYPOS)
        return SearchDocument(
            kind=RESOURCE,
            key=resource.pk,
            title=resource.title,
            language=resource.language,
            is_public=True,
            tokens=with_handful(tokens, resource.pk),
        )

    def _films(self, resources: list[Resource], kept: dict[tuple[str, int], SearchDocument]) -> None:
        films, tracks = [], []
        bare = {
            language: search._tokens(search.Document(kind=PASSAGE, key=0, title="", scopes=[PUBLIC], url="", language=language))
            for language in LANGUAGES
        }
        for resource in resources:
            speech = self.speech[resource.language]
            films.append(
                Film(
                    pk=resource.pk,
                    resource=resource,
                    state=Film.State.READY,
                    duration_seconds=60 * MINUTES,
                    width=1280,
                    height=720,
                    brought_at=self.today,
                )
            )
            written = ["WEBVTT\n"]
            for minute in range(MINUTES):
                drawn, key = speech.draw(WORDS_A_MINUTE), resource.pk * 10_000 + minute
                cues = [speech.text(drawn[at::CUES_A_MINUTE]) for at in range(CUES_A_MINUTE)]
                drawn = [word for at in range(CUES_A_MINUTE) for word in drawn[at::CUES_A_MINUTE]]
                written += [f"\n{_stamp(minute, at)} --> {_stamp(minute, at + 1)}\n{cue}\n" for at, cue in enumerate(cues)]
                tokens = speech.tokens(PASSAGE, drawn, AGAINST_TYPOS) | bare[speech.language]
                tokens = with_handful(tokens, key)
                kept[PASSAGE, key] = SearchDocument(
                    kind=PASSAGE, key=key, language=speech.language, boost=-1, is_public=True, tokens=tokens
                )
                self._tell_beside(PASSAGE, resource.pk, minute, "", "\n".join(cues))
            tracks.append(
                Track(
                    pk=resource.pk,
                    film_id=resource.pk,
                    language=resource.language,
                    kind=Track.Kind.CAPTIONS,
                    vtt="".join(written),
                    is_reviewed=True,
                    changed_at=self.today,
                )
            )
        Film.objects.bulk_create(films)
        Track.objects.bulk_create(tracks, batch_size=200)
        self.films += [film.pk for film in films]

    def _be_shown(self, films: Iterable[int]) -> None:
        """Give some films what their pages show: two sizes and the sound, chapters, three questions."""
        stored = StoredFile.objects.create(name="720p.mp4", content_type="video/mp4", size=1, content="x", created_at=self.today)
        shown = list(Film.objects.filter(pk__in=list(films)).select_related("resource"))
        Rendition.objects.bulk_create(
            Rendition(film=film, kind=kind, file=stored) for film in shown for kind in Rendition.Kind.values
        )
        cues = [f"\n{_stamp(minute, 0)} --> {_stamp(minute + 2, 0)}\nChapter {minute}\n" for minute in range(0, MINUTES, 3)]
        chapters = {"kind": Track.Kind.CHAPTERS, "vtt": "WEBVTT\n" + "".join(cues), "changed_at": self.today}
        Track.objects.bulk_create(
            Track(pk=film.pk + self.copies * self.size, film=film, language=film.resource.language, **chapters) for film in shown
        )
        prompts = [Prompt(film=film, at_seconds=60 * minute) for film in shown for minute in (2, 7, 12)]
        question = "What would you have done?"
        PromptText.objects.bulk_create(
            PromptText(prompt=prompt, language=prompt.film.resource.language, question=question)
            for prompt in Prompt.objects.bulk_create(prompts)
        )


def _parts(drawn: list[int]) -> list[list[int]]:
    """What is drawn for a resource: summary, keywords, text, author."""
    ends = accumulate([0, SUMMARY_WORDS, 3, TEXT_WORDS, 2])
    return [drawn[begin:end] for begin, end in pairwise(ends)]


def _stamp(minute: int, cue: int) -> str:
    minute, second = minute + cue // CUES_A_MINUTE, cue % CUES_A_MINUTE * (60 // CUES_A_MINUTE)
    return f"00:{minute:02}:{second:02}.000"


def _compare(kept: dict[tuple[str, int], SearchDocument], resources: list[Resource], films: list[int]) -> None:
    """Make sure that what is written quickly is what search itself would keep."""
    described: Iterator[search.Document] = describe_resources([resource.pk for resource in resources])
    said = [document for film in Film.objects.filter(pk__in=films) for document in passages_of(film)]
    for document in [*described, *said]:
        own, quick = search._kept(document), kept[document.kind, document.key]
        if (own.tokens, own.title, own.boost, own.is_public) != (quick.tokens, quick.title, quick.boost, quick.is_public):
            raise SystemExit(f"{document.kind} {document.key} is not kept as search would: {own.tokens ^ quick.tokens}")


def _write(documents: Iterable[SearchDocument]) -> None:
    """Write documents into the index; into that of PostgreSQL by COPY. Their tokens need no quotes there, save for scopes."""
    waiting = iter(documents)
    if connection.vendor != "postgresql":
        while batch := list(islice(waiting, 200)):
            SearchDocument.objects.bulk_create(batch)
        return
    columns = "kind, key, title, language, boost, is_public, tokens"
    with connection.cursor() as cursor, cursor.copy(f"COPY core_searchdocument ({columns}) FROM STDIN") as rows:
        for one in waiting:
            rows.write_row((one.kind, one.key, one.title, one.language, one.boost, one.is_public, " ".join(one.tokens)))


def _memory_mb() -> int:
    """A quarter of the machine's memory, as far as it helps to make an index."""
    return min(6_000, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4_000_000)


def _said(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


def _done(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
