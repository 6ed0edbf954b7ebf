"""What the frame of every page asks the rooms, and what every room may hear of the process it runs in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest
from django.utils.functional import Promise

from guildhall.core.hooks import news, question
from guildhall.core.models import StoredFile
from guildhall.core.search import Document
from guildhall.core.search.reasons import Describe


@dataclass(frozen=True)
class MenuEntry:
    """A way into a room: words, address, sign; ``position`` orders (Today is 0), ``count`` says how much waits there."""

    label: str | Promise
    url: str
    icon: str
    position: int = 50
    place: Literal["rail", "account", "footer"] = "rail"
    count: int = 0
    post: bool = False  # something done rather than somewhere to go, such as signing out


@news
def serving_began() -> None:
    """News: this process answers people from now on. Told in a thread of its own: for what the first of them would wait for."""


@question
def menu_entries(request: HttpRequest) -> list[MenuEntry]:
    """Question: which ways into your room does this person have? Visitors are asked too, for the footer."""


@question
def bell_count(request: HttpRequest) -> int:
    """Question: how many notices of yours has this person not read?"""


@dataclass(frozen=True)
class Finding:
    """What ``guildhall doctor`` found: all is "well", something is "doubtful", or it is "wrong"; and a sentence that says so."""

    state: Literal["well", "doubtful", "wrong"]
    sentence: str


@question
def installation_findings() -> list[Finding]:
    """Question: is your part of this installation as it should be?"""


@dataclass(frozen=True)
class Kind:
    """A kind of thing that search finds: its name in the index, what people call several of them, their sign, their place.

    ``describe`` says what those with certain keys are now, in the reader's language: what a hit shows.
    """

    kind: str
    label: str | Promise
    icon: str
    describe: Describe
    position: int = 50


@question
def search_scopes(request: HttpRequest) -> list[str]:
    """Question: where may this person look? Names of scopes, such as "book:12"."""


@question
def search_kinds() -> list[Kind]:
    """Question: which kinds of things can be found in your room?"""


@question
def documents_of_everything() -> Iterable[Document]:
    """Question: what is there to be found in your room? Asked when the whole index is made anew."""


@question
def file_visible(request: HttpRequest, stored_file: StoredFile) -> bool:
    """Question: is this file kept for a thing of yours that this person may see?

    Visitors are asked too. Where nobody says yes there is no such file.
    """
