"""What is done with the methodology's tools: they are put into the library, and kept there as the methodology has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import override

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.tasks import defer
from guildhall.engagement.methodology import toolkit
from guildhall.engagement.methodology.toolkit import Edition, Printed
from guildhall.engagement.models import Methodology, PublishedTool
from guildhall.library import actions as library
from guildhall.library.actions.parts import keep_part
from guildhall.library.models import Part, Resource
from guildhall.library.rules import can_publish
from guildhall.library.starter import ORIGINAL
from guildhall.people.models import Organisation, User


@action
def publish_tools(organisation: Organisation, *, by: User, at: datetime) -> Organisation:
    """Have the tools of the newest methodology put into the library in the name of an organisation, as a worker finds time.

    What is there already as it should be is left alone; from now on newer versions follow by themselves.

    Raises:
        NotAllowed: ``by`` may not publish in its name.
        Refused: there is no methodology yet, or another organisation has published them.
    """
    can_publish.require(by, Resource(organisation=organisation))
    methodology = Methodology.objects.newest()
    if methodology is None:
        raise Refused(_("The methodology is not loaded yet."))
    publisher = PublishedTool.objects.publisher()
    if publisher not in (None, organisation):
        raise Refused(_("The tools are in the library already, in the name of %(organisation)s.") % {"organisation": publisher})
    ask_for_tools(methodology, organisation)
    return organisation


def ask_for_tools(methodology: Methodology, organisation: Organisation) -> None:
    """Ask for what is to be done so that the library has the tools as they are. From inside an action."""
    for key in toolkit.outdated(methodology):
        defer("engagement.publish_tool", key=key, organisation_id=organisation.pk)


@action
def publish_tool(
    organisation: Organisation,
    *,
    key: str,
    methodology: Methodology,
    printed: Mapping[str, Sequence[Printed]],
    by: User,
    at: datetime,
) -> Organisation:
    """Publish one tool in the languages in which it was ``printed``, as a new version where it was there; withdraw what of it is
    not part of the methodology any more.

    ``printed`` holds the files by language; the original comes in this call or in an earlier one. A translation that somebody
    else has begun is left to them; what people have withdrawn stays withdrawn. Nothing is done where a newer methodology has
    come meanwhile.

    Raises:
        NotAllowed: ``by`` may not publish in its name.
        Refused: there is a reason why one of them cannot be published.
    """
    lock(methodology)  # one at a time
    if Methodology.objects.newest() != methodology:
        return organisation
    wanted = [edition for (of, _language), edition in toolkit.editions(methodology).items() if of == key]
    there = {tool.language: tool for tool in PublishedTool.objects.filter(key=key).select_related("resource__organisation")}
    for language, tool in there.items():
        if tool.made_of and language not in {edition.language for edition in wanted}:
            _withdraw(tool, methodology, by, at)
    for edition in wanted:
        known = there.get(edition.language)
        if edition.language in printed and (known is None or known.made_of != edition.made_of):
            original = there[ORIGINAL].resource if ORIGINAL in there else None
            done = _published(edition, printed[edition.language], known, original, organisation, by, at)
            there |= {edition.language: done} if done else {}
    return organisation


def _published(
    edition: Edition,
    printed: Sequence[Printed],
    known: PublishedTool | None,
    original: Resource | None,
    organisation: Organisation,
    by: User,
    at: datetime,
) -> PublishedTool | None:
    """Publish a tool in one language; None where somebody else has begun a translation."""
    if known is None:
        resource = _begun(edition, original, organisation, by, at)
        if resource is None:
            return None
        known = PublishedTool(key=edition.key, language=edition.language, resource=resource)
    else:
        resource = known.resource
        if resource.state == Resource.State.WITHDRAWN and not known.made_of:
            resource = library.take_up_again(resource, by=by, at=at)
    if resource.state != Resource.State.WITHDRAWN:
        known.resource = _renewed(resource, edition, printed, original, by, at)
    known.made_of = edition.made_of
    known.save()
    return known


def _begun(edition: Edition, original: Resource | None, organisation: Organisation, by: User, at: datetime) -> Resource | None:
    if edition.language == ORIGINAL:
        return library.start_resource(organisation, described=edition.described, by=by, at=at)
    if original is None or not original.is_public:
        return None
    if Resource.objects.filter(work=original.work_id, language=edition.language).exists():
        return None
    return library.start_translation(
        original, organisation=organisation, language=edition.language, described=edition.described, by=by, at=at
    )


def _renewed(
    resource: Resource, edition: Edition, printed: Sequence[Printed], original: Resource | None, by: User, at: datetime
) -> Resource:
    """Make a new version of a resource, with the words and the files that a tool has now."""
    _bring_files(resource, printed, by, at)
    resource = library.change_resource(resource, described=edition.described, by=by, at=at)
    if resource.is_translation and original is not None and resource.translated_from_id != original.current_id:
        resource = library.catch_up(resource, by=by, at=at)
    with override(edition.language):
        what_changed = _("As in version %(version)s of the methodology.") % {"version": edition.version}
    is_first = resource.current_id is None
    return library.publish_resource(resource, what_changed="" if is_first else what_changed, by=by, at=at)


def _bring_files(resource: Resource, printed: Sequence[Printed], by: User, at: datetime) -> None:
    """Let a resource consist of these files: what it has already stays, what it has beside them goes."""
    wanted = {file.digest: file for file in printed}
    for part in Part.objects.filter(resource=resource).of_working_copy().select_related("file"):
        file = wanted.get(part.file.sha256)
        if file is not None and file.title == part.title:
            del wanted[part.file.sha256]
        else:
            library.remove_part(part, by=by, at=at)
    for file in wanted.values():
        # They were made here: nobody need look whether they are harmless, and nobody waits to see them drawn.
        keep_part(resource, upload=ContentFile(file.content, name=file.name), title=file.title, at_leisure=True, by=by, at=at)


def _withdraw(tool: PublishedTool, methodology: Methodology, by: User, at: datetime) -> None:
    """Take away a tool that is not part of the methodology any more."""
    if tool.resource.is_public:
        with override(tool.language):
            why = _("This tool is no longer part of the methodology, since version %(version)s.")
            tool.resource = library.withdraw_resource(tool.resource, why=why % {"version": methodology.version}, by=by, at=at)
    tool.made_of = ""
    tool.save(update_fields=["made_of"])
