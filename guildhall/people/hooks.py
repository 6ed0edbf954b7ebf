"""What other rooms can hear from people, or are asked about a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from guildhall.core.hooks import question
from guildhall.people.models import Organisation, Pass, User


@dataclass(frozen=True, kw_only=True)
class TodayEntry:
    """Something that needs a person now.

    ``due`` orders the list, the most urgent first; ``template`` is a fragment of the answering room that shows the entry and
    lets it be done on the spot; it finds ``context`` under the name ``entry``.
    """

    due: date
    template: str
    context: dict[str, Any]
    weight: int = 0


@dataclass(frozen=True, kw_only=True)
class TodayAnswer:
    """A room's part of somebody's day: a title, its most urgent entries, and how many there are in all."""

    title: str
    entries: list[TodayEntry]
    count: int
    more_url: str = ""
    position: int = 50


@question
def today_entries(user: User, organisation: Organisation | None, at: datetime) -> TodayAnswer | None:
    """Question: what needs this person now, on behalf of the organisation they are working for?"""


@dataclass(frozen=True, kw_only=True)
class Idea:
    """Something worth doing when nothing is due: what, why, and the button that leads there."""

    title: str
    sentence: str
    button: str
    url: str
    icon: str
    position: int = 50


@question
def ideas_for_today(user: User, organisation: Organisation | None, at: datetime) -> list[Idea]:
    """Question: nothing is due; what would be good to do next?"""


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """What a person owns in an organisation and somebody must take over when they leave."""

    sentence: str
    count: int
    hand_over: Callable[[User, User | None, datetime], Any]
    """Called with (heir, by, at) inside the transaction of leaving."""


@question
def belongings_of(user: User, organisation: Organisation) -> Belongings | None:
    """Question: what does this person own in this organisation that must not be orphaned?"""


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """What a room holds about a person, readable and as data.

    ``rows`` are dicts with the same keys; ``columns`` gives each key its heading.
    """

    key: str
    title: str
    why: str
    columns: dict[str, str]
    rows: Sequence[Mapping[str, Any]]


@question
def personal_data_of(user: User) -> list[PersonalData]:
    """Question: what do you hold about this person?"""


@dataclass(frozen=True, kw_only=True)
class ErasureStep:
    """What a room will do with its data about a person: a sentence that says so, and the deed."""

    sentence: str
    count: int
    carry_out: Callable[[datetime], Any]
    obstacle: str = ""
    """Why it cannot be done yet, as a sentence; empty when nothing is in the way."""


@question
def erasure_of(user: User) -> list[ErasureStep]:
    """Question: what would you delete or anonymise if this person were erased?"""


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """How long a kind of data is kept, why, and how it goes."""

    key: str
    what: str
    why: str
    keep: timedelta
    overdue: Callable[[datetime], int]
    """How many things are older than they may be, given the moment before which things are too old."""
    delete: Callable[[datetime], int]
    """Delete or anonymise them; returns how many."""


@question
def retention_rules() -> list[RetentionRule]:
    """Question: which of your data goes by itself, and when?"""


@question
def pass_destination(held: Pass, token: str) -> str | None:
    """Question: to which page does this pass lead? Answered by the room that issued it, None by others."""


@dataclass(frozen=True)
class Scope:
    """Something a token may be allowed to do: its name in the API, and what it means in words."""

    key: str
    label: str


@question
def token_scopes() -> list[Scope]:
    """Question: what may be chosen for programs that act for a person?"""


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """Something of which the webhooks of an organisation can be told: its name in messages, and what it means in words."""

    name: str
    sentence: str


@question
def webhook_events(organisation: Organisation) -> list[WebhookEvent]:
    """Question: of which events can the webhooks of this organisation be told?"""


@dataclass(frozen=True, kw_only=True)
class DemoStage:
    """A part of the demo: loaded in the order of ``position`` by ``load(today)``, through the same actions people use."""

    position: int
    sentence: str
    load: Callable[[date], Any] = field(repr=False)


@question
def demo_stages() -> list[DemoStage]:
    """Question: what do you bring to the demo?"""
