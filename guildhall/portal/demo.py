"""The demo: what all rooms bring to it, loaded once into an empty installation; and whom one can be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import chain

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.errors import Refused
from guildhall.people.hooks import demo_stages
from guildhall.people.models import Membership, Organisation, User

#: Address, and one sentence on what the person does on Monday; the order is that in which they are offered.
_MONDAYS: list[tuple[str, str | Promise]] = [
    (
        "heike.morgenroth@kupferhammer.example",
        gettext_lazy("Sees whom to call first, catches a boss before eight, and writes down what was said."),
    ),
    (
        "tadeusz.wrona@kupferhammer.example",
        gettext_lazy("Calls the forge across the river in Polish, before his first lesson in the electrical workshop."),
    ),
    (
        "o.adeyemi-brandt@kupferhammer.example",
        gettext_lazy("Looks up what she promised the robot builders, and answers in English."),
    ),
    (
        "leitung@kupferhammer.example",
        gettext_lazy("Looks which employers nobody has spoken with for long, and who looks after them."),
    ),
    (
        "silke.tannhof@kupferhammer.example",
        gettext_lazy("Reads what was agreed after an incident, and whether it was done."),
    ),
    (
        "wulandari@kupferhammer.example",
        gettext_lazy("Looks for a workshop where somebody who learns slowly gets the time."),
    ),
    (
        "rita.cabaco@tressobreiros.example",
        gettext_lazy("Chases one signature and one vaccination paper, and plans her visits to the care homes."),
    ),
    (
        "joaquim.penedo@tressobreiros.example",
        gettext_lazy("Asks the home care team whether the van runs again."),
    ),
    (
        "ines.lampreia-roque@tressobreiros.example",
        gettext_lazy("Sends the nursery the day on which the learner starts."),
    ),
    (
        "carmen.jaramago@tressobreiros.example",
        gettext_lazy("Prepares two placements on the Spanish side of the border."),
    ),
    (
        "duarte.salvaterra@tressobreiros.example",
        gettext_lazy("Belongs to two organisations, the school and the network, and switches between them."),
    ),
    (
        "direcao@tressobreiros.example",
        gettext_lazy("Prepares the yearly meeting with the foundation that has five homes."),
    ),
    (
        "eleni@kerasia.example",
        gettext_lazy("Runs the network from Thessaloniki, in Greek."),
    ),
    (
        "fergus@kerasia.example",
        gettext_lazy("Supports the member schools, and sees nothing of their employer books."),
    ),
]


@dataclass(frozen=True)
class Persona:
    """Somebody one can be in the demo."""

    user: User
    organisation: Organisation
    role: str
    """In words, in the language of whoever looks."""
    sentence: str | Promise
    """What they do on Monday."""


def personas() -> list[Persona]:
    """Return whom one can sign in as; nobody unless the demo is loaded."""
    mondays = dict(_MONDAYS)
    memberships = Membership.objects.current().filter(user__email__in=mondays, user__is_active=True)
    first: dict[str, Membership] = {}
    for membership in memberships.select_related("user", "organisation").order_by("pk"):
        first.setdefault(membership.user.email, membership)
    return [
        Persona(first[email].user, first[email].organisation, first[email].get_role_display(), sentence)
        for email, sentence in mondays.items()
        if email in first
    ]


def is_loaded() -> bool:
    return User.objects.filter(email=_MONDAYS[0][0]).exists()


def is_empty() -> bool:
    """Whether nobody has begun anything here yet."""
    return not User.objects.exists() and not Organisation.objects.exists()


def load(today: date, *, say: Callable[[str], object]) -> None:
    """Load what all rooms bring, all of it or nothing; ``say`` is told what is being done.

    Raises:
        Refused: this is production, the demo is here already, or somebody else's data is.
    """
    if settings.PRODUCTION:
        raise Refused(_("The demo lets anybody sign in as anybody. It is not loaded in production."))
    if is_loaded():
        raise Refused(_("The demo is here already. Nothing was changed."))
    if not is_empty():
        raise Refused(_("There are people or organisations here already. The demo is loaded into an empty installation only."))
    stages = sorted(chain.from_iterable(demo_stages.ask()), key=lambda stage: stage.position)
    with transaction.atomic():
        for stage in stages:
            say(stage.sentence)
            stage.load(today)
