"""How the library is found: what a search for a resource looks at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from guildhall.core.addresses import address_of
from guildhall.core.search import PUBLIC, Document, all_keys
from guildhall.library.models import Resource

RESOURCE = "library.resource"


def scope_of(organisation: int) -> str:
    """The scope in which an organisation's drafts are found: by those who may write in its name."""
    return f"drafts:{organisation}"


def resource_documents(resources: Iterable[Resource]) -> Iterator[Document]:
    """Describe resources as they are now, not as the caller may hold them."""
    return describe_resources([resource.pk for resource in resources])


def describe_resources(keys: Collection[int]) -> Iterator[Document]:
    """Describe resources: what is public as it was published, a draft as it stands; what is withdrawn is not found."""
    kept = Resource.objects.filter(pk__in=keys).exclude(state=Resource.State.WITHDRAWN)
    for resource in kept.select_related("current", "organisation"):
        yield document_of(resource)


def document_of(resource: Resource) -> Document:
    """Describe one resource as the caller holds it, with its current version and its organisation."""
    file_text = resource.current.file_text if resource.current else ""
    scope = PUBLIC if resource.is_public else scope_of(resource.organisation_id)
    return document(resource.pk, resource.shown, organisation=str(resource.organisation), file_text=file_text, scope=scope)


def document(key: int, shown: Saying, *, organisation: str, file_text: str, scope: str) -> Document:
    """Describe a resource by its number and by what it shows."""
    return Document(
        kind=RESOURCE,
        key=key,
        title=shown.title,
        detail=", ".join([shown.kind_in_words, organisation]),
        text=_said(shown, file_text),
        scopes=[scope],
        url=address_of("oer:resource", key),
        language=shown.language,
    )


class Saying(Protocol):
    """What search looks at of a resource or one of its versions."""

    @property
    def title(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def kind_in_words(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def account(self) -> Mapping[str, Any]: ...
    @property
    def authors(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def keywords(self) -> Sequence[str]: ...
    @property
    def skills(self) -> Sequence[str]: ...


def _said(shown: Saying, file_text: str) -> str:
    """What a resource and its files say, line by line: for search, and for whoever asks what is in it."""
    parts = [str(text) for name, text in shown.account.items() if name != "figures"]
    names = [str(author.get("name", "")) for author in shown.authors]
    terms = ", ".join([*shown.keywords, *shown.skills])
    return "\n".join([shown.summary, terms, *parts, shown.text, ", ".join(names), file_text])


def resources_found(text: str) -> list[int]:
    """The numbers of all public resources that have the words of a search."""
    return all_keys(RESOURCE, text, [PUBLIC])


def everything() -> Iterator[Document]:
    """Describe all there is, in portions that fit into memory."""
    last = 0
    resources = Resource.objects.order_by("pk")
    while portion := list(resources.filter(pk__gt=last).values_list("pk", flat=True)[:200]):
        yield from describe_resources(portion)
        last = portion[-1]
