"""What the portal answers when it is asked."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from guildhall.core.hooks import listen
from guildhall.core.questions import MenuEntry, menu_entries


@listen(menu_entries)
def way_to_today(request: HttpRequest) -> list[MenuEntry]:
    return [MenuEntry(_("Today"), reverse("portal:home"), "today", position=0)]
