"""An employer's window: six panes, two levels of three areas, lit as an area is worked on. Never a rank.

The levels, and the names of areas 1.1, 2.2 and 2.3, are those of the JOBS4ALL methodology; the other three names are our own.
What lights a pane is what was done together: see ``standing`` and ``methodology.levels``.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guildhall.core.ui.pictures import Pane

LEVELS = [_("Shaping cooperation"), _("Sustaining cooperation")]
AREAS = {
    "1.1": _("Innovating educational pathways"),
    "1.2": _("Building training capacity at the workplace"),
    "1.3": _("Matching learners and workplaces"),
    "2.1": _("Co-designing curricula and career pathways"),
    "2.2": _("Networking and lobbying"),
    "2.3": _("Mobility and internationalisation"),
}
#: Those whose names are JOBS4ALL's.
NAMED_BY_JOBS4ALL = ("1.1", "2.2", "2.3")


#: The states of a pane, each at the digit by which it is kept.
STATES = ("dark", "touched", "lively")


def window_of(panes: str) -> list[Pane]:
    """Return the six panes, the upper row (level 1) first, from how they are kept: six digits in the order of ``AREAS``."""
    return [Pane(label=name, state=STATES[int(digit)]) for name, digit in zip(AREAS.values(), panes, strict=True)]
