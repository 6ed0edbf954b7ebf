"""Rules: may this person do this to this thing? Yes or no, with the sentence for no."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.utils.functional import Promise

from guildhall.core.errors import NotAllowed


class Rule:
    """A yes-or-no question about a person and a thing, asked as ``can_x(user, thing)``."""

    def __init__(self, decides: Callable[..., bool], sentence: str | Promise) -> None:
        self.decides = decides
        self.sentence = sentence
        update_wrapper(self, decides)

    def __call__(self, user: Any, thing: Any = None) -> bool:
        return bool(self.decides(user, thing))

    def require(self, user: Any, thing: Any = None) -> None:
        """Raise ``NotAllowed`` with this rule's sentence unless the answer is yes."""
        if not self(user, thing):
            raise NotAllowed(self.sentence)


def rule(sentence: str | Promise) -> Callable[[Callable[..., bool]], Rule]:
    """Make a rule of a function ``(user, thing) -> bool``; ``sentence`` tells the person why not."""
    return lambda decides: Rule(decides, sentence)
