"""Whom to ring up at an employer."""

from __future__ import annotations

from collections.abc import Iterable

from guildhall.engagement.models import NextStep, Position
from guildhall.engagement.purposes import PLACEMENTS


def note_whom_to_call(steps: Iterable[NextStep]) -> None:
    """Give each step ``call``, the position to ring up: who decides, else who handles personnel, else who has a telephone.

    Who does not want to be called about placements is nobody to ring up.
    """
    steps = list(steps)
    positions = Position.objects.current().filter(employer__in={step.employer_id for step in steps})
    reachable = positions.exclude(person__phone="").select_related("person").with_answer_to(PLACEMENTS)
    reachable = reachable.only("employer", "title", "person__name", "person__phone")
    best_last = {
        held.employer_id: held
        for held in reachable.order_by("decides", "handles_personnel", "-pk")
        if held.answer is not False  # said nothing: that they are called is not what they were asked about
    }
    for step in steps:
        step.call = best_last.get(step.employer_id)
