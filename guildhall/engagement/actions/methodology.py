"""What is done to the methodology: a version of it is loaded."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action
from guildhall.core.errors import Refused
from guildhall.engagement.actions.standing import outdate_standings
from guildhall.engagement.actions.toolkit import ask_for_tools
from guildhall.engagement.methodology.content import Content
from guildhall.engagement.models import Methodology, PublishedTool
from guildhall.people.models import User


@action
def load_methodology(*, content: Content, by: User | None, at: datetime) -> Methodology:
    """Keep a version of the methodology beside those that are there; one that is there with this content stays as it is.

    Kinds of activity may stand on other rungs from now on: where employers stand is found anew by a task.
    Where its tools are in the library, a worker then puts there what is new of them.

    Raises:
        Refused: the version is there with another content, from which plans may have been made.
    """
    held = Methodology.objects.select_for_update().defer("content").filter(version=content.version).first()
    if held is None:
        loaded = Methodology.objects.create(version=content.version, digest=content.digest, content=content.kept, loaded_at=at)
        if publisher := PublishedTool.objects.publisher():
            ask_for_tools(loaded, publisher)
        outdate_standings(at=at)
        return loaded
    if held.digest != content.digest:
        sentence = _(
            "Version %(version)s of the methodology is here already and says something else. Give what has changed a new version."
        )
        raise Refused(sentence % {"version": content.version})
    return held
