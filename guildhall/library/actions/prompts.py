"""Questions at moments of a film, and what people think."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.library.actions.resources import require_not_withdrawn
from guildhall.library.models import Answer, Film, Prompt, PromptText
from guildhall.library.rules import can_change, can_change_answer, can_see_answers
from guildhall.people.models import Organisation, User

MOST_PROMPTS = 40
MOST_CHOICES = 8
SCALE = range(1, 6)


@dataclass(frozen=True)
class Asked:
    """A question as it is put in one language, and what can be chosen."""

    question: str
    choices: Sequence[str] = ()


@action
def add_prompt(
    film: Film, *, at_seconds: int, kind: str, is_pause: bool = True, texts: Mapping[str, Asked], by: User, at: datetime
) -> Prompt:
    """Ask something at a moment of a film; ``texts`` by language.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn, there are too many questions, the film is over by then, or the texts do not fit.
    """
    film = _to_be_changed(film, by)
    if film.prompts.count() >= MOST_PROMPTS:
        raise Refused(_("A film has at most %(count)d questions. Fewer are answered more.") % {"count": MOST_PROMPTS})
    prompt = Prompt(film=film, at_seconds=at_seconds, kind=kind, is_pause=is_pause)
    _require_fitting(prompt, texts)
    prompt.save()
    _write(prompt, texts)
    return prompt


@action
def change_prompt(
    prompt: Prompt, *, at_seconds: int, kind: str, is_pause: bool, texts: Mapping[str, Asked], by: User, at: datetime
) -> Prompt:
    """Ask something else, or elsewhere. Where people have answered, its kind and the number of choices stay.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: as for ``add_prompt``, or answers would not fit any more.
    """
    _to_be_changed(prompt.film, by)
    prompt = lock(prompt)
    if prompt.answers.exists():
        before = next((len(text.choices) for text in prompt.texts.all()), 0)
        now = max((len(asked.choices) for asked in texts.values()), default=0)
        if kind != prompt.kind or before != now:
            raise Refused(_("People have answered this. Its kind and the number of choices stay; ask a new question instead."))
    prompt.at_seconds, prompt.kind, prompt.is_pause = at_seconds, kind, is_pause
    _require_fitting(prompt, texts)
    prompt.save()
    prompt.texts.all().delete()
    _write(prompt, texts)
    return prompt


@action
def remove_prompt(prompt: Prompt, *, by: User, at: datetime) -> Film:
    """Ask no more, and forget what was answered.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn.
    """
    film = _to_be_changed(prompt.film, by)
    lock(prompt).delete()
    return film


@action
def answer_prompt(
    prompt: Prompt,
    *,
    text: str = "",
    value: int | None = None,
    visibility: str = Answer.Visibility.PRIVATE,
    organisation: Organisation | None = None,
    by: User,
    at: datetime,
) -> Answer:
    """Keep what somebody thinks; again and again, as long as they write. It is shared in ``organisation``, if it is shared.

    Raises:
        NotAllowed: ``by`` is not a member of the organisation.
        Refused: there is nothing to answer, the value is none of those asked for, or there is nobody to share it with.
    """
    prompt = lock(prompt)
    if not prompt.is_answered:
        raise Refused(_("This is to be thought about: there is nothing to write down."))
    if value is not None and value not in _values(prompt):
        raise Refused(_("Choose one of those that are offered."))
    if visibility != Answer.Visibility.PRIVATE:
        if organisation is None:
            raise Refused(_("You belong to no organisation here: there is nobody to share this with."))
        can_see_answers.require(by, organisation)
    kept, _is_new = Answer.objects.update_or_create(
        prompt=prompt,
        by=by,
        defaults={
            "text": text.strip()[:4000],
            "value": value,
            "visibility": visibility,
            "organisation": organisation if visibility != Answer.Visibility.PRIVATE else None,
            "changed_at": at,
        },
    )
    return kept


@action
def take_back_answer(answer: Answer, *, by: User, at: datetime) -> Prompt:
    """Forget what somebody answered.

    Raises:
        NotAllowed: it is somebody else's.
    """
    answer = lock(answer)
    can_change_answer.require(by, answer)
    prompt = answer.prompt
    answer.delete()
    return prompt


def _values(prompt: Prompt) -> Sequence[int]:
    if prompt.kind == Prompt.Kind.SCALE:
        return SCALE
    if prompt.kind == Prompt.Kind.CHOOSE:
        return range(max((len(text.choices) for text in prompt.texts.all()), default=0))
    return ()


def _require_fitting(prompt: Prompt, texts: Mapping[str, Asked]) -> None:
    if not texts or any(not asked.question.strip() for asked in texts.values()):
        raise Refused(_("Say what is asked."))
    if prompt.film.duration_seconds and prompt.at_seconds > prompt.film.duration_seconds:
        raise Refused(_("The film is over by then."))
    counts = {len(asked.choices) for asked in texts.values()}
    if prompt.kind != Prompt.Kind.CHOOSE and counts != {0}:
        raise Refused(_("Only where one is to be chosen there are choices."))
    if prompt.kind == Prompt.Kind.CHOOSE and (len(counts) > 1 or not 2 <= counts.pop() <= MOST_CHOICES):
        raise Refused(
            _("Offer from two to %(most)d choices, as many in every language, in the same order.") % {"most": MOST_CHOICES}
        )


def _write(prompt: Prompt, texts: Mapping[str, Asked]) -> None:
    PromptText.objects.bulk_create(
        [
            PromptText(prompt=prompt, language=language, question=asked.question.strip(), choices=list(asked.choices))
            for language, asked in texts.items()
        ]
    )


def _to_be_changed(film: Film, by: User) -> Film:
    film = lock(film)
    can_change.require(by, film.resource)
    require_not_withdrawn(film.resource)
    return film
