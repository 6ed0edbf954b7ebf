"""What makes a function a component: its arguments, and what it works out from them, go into the template of its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial, wraps
from inspect import Parameter, signature
from secrets import token_hex
from typing import Any, TypeVar, overload

from django.conf import settings
from django.forms.utils import flatatt
from django.template import Context, Library, Template, engines
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from guildhall.core.addresses import address_of
from guildhall.core.drawing import draw_alone

Worked = dict[str, Any] | None
Function = TypeVar("Function", bound=Callable[..., Worked])

register = Library()
components: dict[str, Callable[..., Worked]] = {}
_drawing: dict[str, Callable[..., SafeString]] = {}


@overload
def component(function: Function) -> Function: ...
@overload
def component(*, keep: bool) -> Callable[[Function], Function]: ...
def component(function: Any = None, *, keep: bool = False) -> Any:
    """Register a component as the template tag of its name.

    A function that takes ``content`` first is a block: ``{% card title="…" %}…{% endcard %}``. One that takes ``context`` before
    that sees the page's context. All else is keyword-only. ``**attributes`` become HTML attributes: ``hx_get="…"`` is written
    ``hx-get="…"``, True stands alone, and None or False is left out. ``keep`` is for those ``kept`` speaks of.
    """
    if function is None:
        return partial(component, keep=keep)
    name = function.__name__
    parameters = signature(function).parameters.values()
    names = [parameter.name for parameter in parameters]
    defaults = {p.name: p.default for p in parameters if p.default is not Parameter.empty}
    takes_attributes = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
    takes_context, takes_content = "context" in names, "content" in names

    @wraps(function)
    def draw_anew(*args: Any, **given: Any) -> SafeString:
        worked_out = function(*args, **given) or {}
        shown = {**defaults, **({"content": args[-1]} if takes_content else {}), **given, **worked_out}
        if takes_attributes:
            shown["attributes"] = _attributes(
                {key: value for key, value in given.items() if key not in defaults and key not in names}
            )
        return draw_alone(_template(name), shown)

    drawing = kept(draw_anew) if keep else draw_anew
    if takes_content:
        register.simple_block_tag(drawing, takes_context=takes_context)
    else:
        register.simple_tag(drawing, takes_context=takes_context)
    components[name] = function
    _drawing[name] = drawing
    return function


def draw(name: str, /, *args: Any, **given: Any) -> SafeString:
    """Draw a component from Python, where there are too many for a template: ``draw("moment", at=day)``."""
    return _drawing[name](*args, **given)


@register.simple_tag
def address(name: str, *numbers: int) -> str:
    """Give the address of a page named by numbers, for the rows of a list: ``{% address "room:page" thing.pk as address %}``."""
    return address_of(name, *numbers)


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Remember what a component drew: for small ones that a list draws hundreds of times from the same few plain values.

    Types count, so that a text that is safe to show never answers for one that is not; so does the language.
    """

    @lru_cache(maxsize=2048, typed=True)
    def drawn(_language: str, *args: Any, **given: Any) -> Any:
        return function(*args, **given)

    @wraps(function)
    def remembered(*args: Any, **given: Any) -> Any:
        if settings.DEBUG:
            return function(*args, **given)
        return drawn(get_language() or "", *args, **given)

    return remembered


#: Stand for the number, the page's token and the name in what a stencil drew: no row has the one, nobody can guess the others.
_NUMBER, _TOKEN, _CALLED = 8_999_999_999_999_937, token_hex(), token_hex()


@register.simple_tag(takes_context=True)
def stencil(context: Context, name: str, /, *, number: int, called: str = "", **given: Any) -> SafeString:
    """Draw a part of which a list has many that differ by one number and a name only, such as what can be done about a row.

    The part is drawn once for all pages of a language, ``given`` the same plain values, and sees nothing of the page; then only
    the number, the page's token for its forms, and what the thing is ``called`` are put in.
    """
    drawn: str = _stencil(name, **given)
    drawn = drawn.replace(str(_NUMBER), str(int(number))).replace(_TOKEN, token_of(context))
    return SafeString(drawn.replace(_CALLED, conditional_escape(called)))


@kept
def _stencil(name: str, **given: Any) -> str:
    return (
        engines["django"]
        .get_template(name)
        .template.render(  # type: ignore[attr-defined]
            Context({**given, "number": _NUMBER, "csrf_token": _TOKEN, "called": _CALLED})
        )
    )


def token_of(context: Context) -> str:
    """Return what the page's forms prove with that they are ours, or "" where nothing is sent."""
    return str(context.get("csrf_token") or "")


def _attributes(given: dict[str, Any]) -> SafeString:
    if not given:
        return SafeString()
    return flatatt({key.replace("_", "-"): value for key, value in given.items() if value is not None})


def _template(name: str) -> Template:
    return _read(name) if settings.DEBUG else _kept(name)


def _read(name: str) -> Template:
    return engines["django"].get_template(f"ui/{name}.html").template  # type: ignore[attr-defined]


_kept = cache(_read)
