"""Hooks: the declared places where upper floors and plug-ins join in. Commands go down, news goes up.

A hook is a function declaration with types and a docstring, in a room's ``hooks.py``::

    @news
    def contact_recorded(contact: Contact, by: User) -> None:
        '''News: somebody wrote down a contact with an employer.'''

    @question
    def today_entries(user: User) -> list[Entry]:
        '''Question: what needs this person now?'''

Whoever wants to hear it says so in ``receivers.py``, taking only the arguments it needs::

    @listen(contact_recorded)
    def credit_the_hours(contact): ...

News is told after the commit, and a listener that fails is logged and stops nobody. Questions are asked at once, inside the
transaction if there is one; a listener may raise a ``Refusal`` to stop what is going on.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Generic, ParamSpec, TypeVar

import pluggy
import structlog
from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")
Listener = TypeVar("Listener", bound=Callable[..., Any])

_log = structlog.get_logger(__name__)
_manager = pluggy.PluginManager("guildhall")
_declared = pluggy.HookspecMarker("guildhall")
_joins = pluggy.HookimplMarker("guildhall")


class Hook(Generic[P, R]):
    """What news and questions have in common: a name, a declaration, and listeners."""

    def __init__(self, declaration: Callable[P, R]) -> None:
        room = declaration.__module__.split(".")[-2]
        self.name = f"{room}_{declaration.__name__}"
        self.declaration = declaration
        self.__doc__ = declaration.__doc__
        _manager.add_hookspecs(type(self.name, (), {self.name: _declared(declaration)}))
        hooks[self.name] = self

    def listeners(self) -> list[pluggy.HookImpl]:
        return getattr(_manager.hook, self.name).get_hookimpls()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


hooks: dict[str, Hook] = {}


class News(Hook[P, None]):
    """Something that happened. Told after the commit, to everybody, whatever happens to one of them."""

    def announce(self, *args: P.args, **kwargs: P.kwargs) -> None:
        if args:
            raise TypeError("Announce with keyword arguments: listeners choose theirs by name.")
        transaction.on_commit(lambda: self._tell(kwargs))

    def _tell(self, arguments: dict[str, Any]) -> None:
        for listener in self.listeners():
            try:
                listener.function(*[arguments[name] for name in listener.argnames])
            except Exception:
                _log.exception("listener failed", news=self.name, listener=listener.plugin_name)


class Question(Hook[P, R]):
    """Something one wants to know from whoever has an answer."""

    def ask(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Return the answers that are not None, those of the lowest floor first."""
        if args:
            raise TypeError("Ask with keyword arguments: listeners choose theirs by name.")
        return getattr(_manager.hook, self.name)(**kwargs)


def news(declaration: Callable[P, None]) -> News[P]:
    """Declare news: its docstring begins with "News:" and its name is in the past tense."""
    return News(declaration)


def question(declaration: Callable[P, R]) -> Question[P, R]:
    """Declare a question: its docstring begins with "Question:"."""
    return Question(declaration)


def listen(hook: Hook) -> Callable[[Listener], Listener]:
    """Join a hook with a function that takes any of its arguments, by name."""

    def join(listener: Listener) -> Listener:
        _joins(specname=hook.name)(listener)
        name = f"{listener.__module__}.{listener.__qualname__}"
        _manager.register(SimpleNamespace(**{listener.__name__: listener}), name=name)
        return listener

    return join
