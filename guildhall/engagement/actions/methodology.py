"""What is done to the methodology: a version of it is loaded."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action
from guildhall.core.errors import Refused
from guildhall.engagement.actions.standing import outdate_standings
from guildhall.engagement.methodology.content import Content
from guildhall.engagement.models import Methodology
from guildhall.people.models import User


@action
def load_methodology(*, content: Content, by: User | None, at: datetime) -> Methodology:
    """Keep a version of the methodology beside those that are there; one that is there with this content stays as it is.

    Kinds of activity may stand on other rungs from now on: where employers stand is found anew by a task.

    Raises:
        Refused: the version is there with another content, from which plans may have been made.
    """
    held = Methodology.objects.select_for_update().defer("content").filter(version=content.version).first()
    if held is None:
        made = Methodology.objects.create(version=content.version, digest=content.digest, content=content.kept, loaded_at=at)
        outdate_standings(at=at)
        return made
    if held.digest != content.digest:
        sentence = _(
            "Version %(version)s of the methodology is here already and says something else. Give what has changed a new version."
        )
        raise Refused(sentence % {"version": content.version})
    return held
