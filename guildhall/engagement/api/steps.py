from __future__ import annotations

from typing import Any, Literal

from django.utils.timezone import now
from ninja import Query, Router
from pydantic import Field

from guildhall.core.api import PageOf, Paging, filled, page_of
from guildhall.core.api.fields import Body, Day, Number
from guildhall.core.api.paging import Order
from guildhall.engagement import actions
from guildhall.engagement.api.things import (
    READ,
    WRITE,
    StepShown,
    a_school,
    a_step,
    all_told,
    an_employer,
    told_step,
)
from guildhall.engagement.colleagues import colleagues_of
from guildhall.engagement.forms.contacts import DropForm, MoveForm, StepForm
from guildhall.engagement.models import NextStep
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()

MOST_URGENT = Order("due_on")
State = Literal["", "open", "done", "dropped"]


class StepSent(Body):
    what: str = Field(max_length=250, examples=["Call about the two places in spring"])
    due_on: Day = Field(examples=["2026-12-01"])
    owner: Number | None = Field(None, description="The number of a colleague; you if nobody is named.")


class StepMoved(Body):
    due_on: Day = Field(examples=["2026-12-08"])
    owner: Number | None = Field(None, description="The number of a colleague; as before if nobody is named.")
    word: str = Field("", max_length=250)


class Word(Body):
    word: str = Field("", max_length=250, description="How it went.")


class WordWhy(Body):
    word: str = Field(max_length=250, description="Why: a colleague will wonder.", examples=["They found somebody else"])


class BackTo(Body):
    due_on: Day = Field(description="The day on which it was due before.", examples=["2026-12-01"])


@router.get("/schools/{int:pk}/steps", response=PageOf[StepShown], summary="What is promised", **needs(READ))
def list_steps(
    request: PersonRequest, pk: int, paging: Query[Paging], who: Literal["mine", "all"] = "mine", state: State = "open"
) -> Any:
    """By you or by everybody at school, the most urgent first."""
    steps = NextStep.objects.visible_to(request.user).filter(employer__school=a_school(request, pk))
    steps = steps.filter(state=state) if state else steps
    return _page(steps.of(request.user) if who == "mine" else steps, paging)


@router.get("/employers/{int:pk}/steps", response=PageOf[StepShown], summary="An employer's next steps", **needs(READ))
def list_steps_with(request: PersonRequest, pk: int, paging: Query[Paging], state: State = "") -> Any:
    """Those done and dropped too, the most urgent first."""
    steps = NextStep.objects.visible_to(request.user).filter(employer=an_employer(request, pk))
    return _page(steps.filter(state=state) if state else steps, paging)


@router.post("/employers/{int:pk}/steps", response={201: StepShown}, summary="Promise a next step", **needs(WRITE))
def add_step(request: PersonRequest, pk: int, sent: StepSent) -> Any:
    employer = an_employer(request, pk)
    given = {"owner": request.user.pk, **sent.model_dump(exclude_none=True)}
    form = filled(StepForm, given, colleagues=colleagues_of(employer.school), me=request.user)
    return told_step(actions.add_step(employer, **form.cleaned_data, by=request.user, at=now()))


@router.get("/steps/{int:pk}", response=StepShown, summary="A next step", **needs(READ))
def read_step(request: PersonRequest, pk: int) -> Any:
    return told_step(a_step(request, pk))


@router.post("/steps/{int:pk}/finish", response=StepShown, summary="Tick a next step off", **needs(WRITE))
def finish_step(request: PersonRequest, pk: int, sent: Word) -> Any:
    return told_step(actions.finish_step(a_step(request, pk), word=sent.word, by=request.user, at=now()))


@router.post("/steps/{int:pk}/move", response=StepShown, summary="Put a next step off, or give it away", **needs(WRITE))
def move_step(request: PersonRequest, pk: int, sent: StepMoved) -> Any:
    step = a_step(request, pk)
    given = {"owner": step.owner_id, **sent.model_dump(exclude_none=True)}
    form = filled(MoveForm, given, step=step, colleagues=colleagues_of(step.employer.school))
    return told_step(actions.move_step(step, **form.cleaned_data, by=request.user, at=now()))


@router.post("/steps/{int:pk}/move-back", response=StepShown, summary="Take back that it was put off", **needs(WRITE))
def move_step_back(request: PersonRequest, pk: int, sent: BackTo) -> Any:
    return told_step(actions.take_back_move(a_step(request, pk), due_on=sent.due_on, by=request.user, at=now()))


@router.post("/steps/{int:pk}/drop", response=StepShown, summary="Give a next step up", **needs(WRITE))
def drop_step(request: PersonRequest, pk: int, sent: WordWhy) -> Any:
    form = filled(DropForm, sent)
    return told_step(actions.drop_step(a_step(request, pk), word=form.cleaned_data["word"], by=request.user, at=now()))


@router.post("/steps/{int:pk}/reopen", response=StepShown, summary="Take back that it was done or dropped", **needs(WRITE))
def reopen_step(request: PersonRequest, pk: int) -> Any:
    return told_step(actions.reopen_step(a_step(request, pk), by=request.user, at=now()))


def _page(steps: Any, paging: Paging) -> dict[str, Any]:
    return page_of(steps.select_related("employer__organisation", "owner"), paging, MOST_URGENT, told=all_told(told_step))
