"""Saying where an employer stands: in one sentence why, in one what happens if nothing is done, and in one what would move it."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from guildhall.core.ui.component import kept
from guildhall.core.ui.pictures import Pane
from guildhall.engagement.catalogue import Catalogue
from guildhall.engagement.methodology.levels import DARK, PLAIN, Activity, Fall, Move, Standing, Way, ways
from guildhall.engagement.window import AREAS

#: Of so many activities one says that the level comes from them.
NAMED = 2
#: Ways up that take more of the same than this are no advice, as long as there are others.
MANY_TIMES = 3


def panes(standing: Standing) -> list[Pane]:
    """Return the window as it is lit, each pane with the day on which its area was last worked on."""
    return [
        Pane(label=name, state=standing.panes[area].state, detail=_last(standing, area), url=_page_of(area))
        for area, name in AREAS.items()
    ]


def _last(standing: Standing, area: str) -> str:
    pane = standing.panes[area]
    if pane.last_on is None:
        return ""
    day = {"day": _day(pane.last_on)}
    return _("not since %(day)s") % day if pane.state == DARK else _("last on %(day)s") % day


def _page_of(area: str) -> str:
    return reverse("engagement:methodology_area", args=[area])


def why(standing: Standing, known: Catalogue) -> str:
    """Say why the level is what it is."""
    if not standing.level:
        return _("No level yet: nothing was done together in the last three years.")
    if standing.level == 1:
        return _("Level 1 of 5: you have been in touch in the last three years.")
    done = _listed([_of_day(share.activity, known) for share in standing.carried_by[:NAMED]])
    return _(
        "Level %(level)d of 5: what you did together on rung %(rung)d or higher comes to %(points)d points, where %(needed)d are"
        " needed. Most of it: %(activities)s."
    ) % {
        "level": standing.level,
        "rung": standing.rung,
        "points": standing.points,
        "needed": standing.needed,
        "activities": done,
    }


def what_falls(falls: Fall | None, known: Catalogue) -> str:
    """Say when the level falls if nothing is done, and what for; "" where it cannot."""
    if falls is None:
        return ""
    about = {"day": _day(falls.on), "level": falls.to, "activity": _of_day(falls.faded[0], known)}
    if not falls.to:
        return _("If nothing is added, no level is left from %(day)s on, when %(activity)s no longer counts.") % about
    return _("If nothing is added, it falls to level %(level)d on %(day)s, when %(activity)s counts for less.") % about


def what_fell(on: date, came_from: int, level: int) -> str:
    """Say that the level fell by time alone."""
    about = {"day": _day(on), "level": came_from, "now": level}
    if not level:
        return _("No level is left since %(day)s; it was %(level)d.") % about
    return _("It fell from level %(level)d to %(now)d on %(day)s.") % about


def level_name(level: int) -> str:
    """Say a level alone."""
    return _("Level %(level)d") % {"level": level} if level else _("No level yet")


def what_moves(move: Move | None, known: Catalogue) -> str:
    """Say what the next level takes; "" at the highest."""
    if move is None:
        return ""
    if move.rung == 1:
        return _("One contact makes it level %(level)d.") % {"level": move.to}
    missing = ngettext(
        "%(points)d point more on rung %(rung)d or higher makes it level %(level)d",
        "%(points)d points more on rung %(rung)d or higher make it level %(level)d",
        move.missing,
    ) % {"points": move.missing, "rung": move.rung, "level": move.to}
    advised = advice(move, known)
    if not advised:
        return _("%(what)s.") % {"what": missing}
    return _("%(what)s: for instance %(ways)s.") % {"what": missing, "ways": _either([way_words(way, known) for way in advised])}


def advice(move: Move, known: Catalogue) -> list[Way]:
    """Return two ways up that take few hours and not too many times the same."""
    found = [way for way in ways(move, known.kinds) if way.kind == PLAIN or way.kind not in known.retired]
    return ([way for way in found if way.times <= MANY_TIMES] or found)[:2]


def way_words(way: Way, known: Catalogue) -> str:
    """Say a way up: a kind of activity, and how often."""
    if way.kind == PLAIN:
        return ngettext("%(times)d contact", "%(times)d contacts", way.times) % {"times": way.times}
    name = known.name(way.kind)
    return name if way.times == 1 else _("%(times)d × %(activity)s") % {"times": way.times, "activity": name}


def activity_words(done: Activity, known: Catalogue) -> str:
    """Say what was done together, without the day."""
    return known.name(done.kind) or _("Contact")


def _of_day(done: Activity, known: Catalogue) -> str:
    return _("%(activity)s on %(day)s") % {"activity": activity_words(done, known), "day": _day(done.day)}


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else _("%(first)s and %(second)s") % {"first": words[0], "second": words[1]}


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else _("%(first)s or %(second)s") % {"first": words[0], "second": words[1]}


@kept
def _day(day: date) -> str:
    return date_format(day, pgettext("date format", "j M Y"))
