"""One of everything in the school's library, and what stands behind the library's addresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from guildhall.core.files import made
from guildhall.core.models import StoredFile
from guildhall.library import actions
from guildhall.library.actions.films import begin_upload
from guildhall.library.actions.prompts import Asked, add_prompt, answer_prompt
from guildhall.library.films.tracks import Cue
from guildhall.library.models import Film, Rendition, Resource
from guildhall.library.tests.factories import ExpertFactory, ExpertGroupFactory, ResourceFactory, published
from guildhall.people.models import Organisation, User
from guildhall.people.tests.factories import OrganisationFactory

Arguments = Callable[[Any], dict[str, Any]]
SCORES = dict.fromkeys(["quality", "use", "accessibility", "rights", "relevance"], 4)


def fill_library(school: Organisation, owner: User) -> dict[str, Any]:
    """Put one of everything into a school's library, the coordinator's where somebody owns it."""
    things: dict[str, Any] = {}
    draft = things["draft"] = _resource(school, owner, title="A draft")
    handed_in = things["handed_in"] = _resource(school, owner, title="Handed in")
    actions.hand_in(handed_in, by=owner, at=now())
    public = _resource(school, owner, title="For everybody")
    things["part"] = actions.add_part(public, upload=SimpleUploadedFile("a.txt", b"Hello"), by=owner, at=now())
    things["source"] = actions.add_source(public, relation="based_on", title="A book", by=owner, at=now())
    things["draft_part"] = actions.add_part(draft, upload=SimpleUploadedFile("b.txt", b"Hello"), by=owner, at=now())
    things["draft_source"] = actions.add_source(draft, relation="based_on", title="A book", by=owner, at=now())
    things["public"] = actions.publish_resource(public, by=owner, at=now())
    withdrawn = _resource(school, owner, title="Gone")
    withdrawn = actions.publish_resource(withdrawn, by=owner, at=now())
    things["withdrawn"] = actions.withdraw_resource(withdrawn, why="It is out of date.", by=owner, at=now())
    given = {"organisation": school, "language": "de", "described": {"title": "Auf Deutsch"}}
    things["translation"] = actions.start_translation(things["public"], **given, by=owner, at=now())
    other = published(organisation=OrganisationFactory(name="West School"))
    said = {"organisation": school, "language": "en", "by": owner, "at": now()}
    things["review"] = actions.review_resource(other, scores=SCORES, text="Good", **said)
    things["use"] = actions.tell_of_use(other, sentence="It went well", **said)
    collection = {"summary": "", "language": "en", "by": owner, "at": now()}
    things["collection"] = actions.make_collection(school, title="Ours", is_public=False, **collection)
    things["public_collection"] = actions.make_collection(school, title="For all", is_public=True, **collection)
    actions.collect(things["collection"], resource=things["public"], by=owner, at=now())
    place = {"name": "Elsewhere", "address": "https://oer.example.org/amb.json", "form": "amb", "licences": ["by"]}
    things["harvest"] = actions.add_harvest(school, **place, by=owner, at=now())
    return things | _experts(school, owner) | _film(school, owner)


def _resource(school: Organisation, owner: User, **fields: Any) -> Resource:
    return ResourceFactory(organisation=school, owner=owner, **fields)


def _experts(school: Organisation, owner: User) -> dict[str, Any]:
    """A group with the coordinator and with somebody who has not answered; others invite the coordinator into theirs."""
    by = {"by": owner, "at": now()}
    group = actions.begin_experts(school, name="Wood", expertise="How wood is worked.", language="en", **by)
    place = actions.invite_expert(group, email=owner.email, **by)
    other = ExpertGroupFactory(organisation=OrganisationFactory(name="Middle School"), name="Metal")
    return {
        "experts": group,
        "expert": actions.accept_as_expert(place, name="The coordinator", **by),
        "invited_expert": actions.invite_expert(group, email="unanswered@example.org", **by),
        "asked_expert": ExpertFactory(group=other, email=owner.email),
    }


def _film(school: Organisation, owner: User) -> dict[str, Any]:
    """A public film with everything, and a draft into which one is being sent."""
    resource = _resource(school, owner, kind="video", title="A film")
    film = Film.objects.create(resource=resource, state="ready", duration_seconds=60, brought_at=now(), brought_by=owner)

    with TemporaryDirectory() as folder:

        def kept(name: str, content_type: str) -> StoredFile:
            (path := Path(folder) / name).write_bytes(b"film" * 10)
            return made.put(path).keep(name=name, content_type=content_type, kept_for=film, by=owner)

        film.source, film.poster = kept("a.mp4", "video/mp4"), kept("poster.jpg", "image/jpeg")
        film.save()
        Rendition.objects.create(film=film, kind="360p", file=kept("360p.mp4", "video/mp4"), width=640, height=360)
    by = {"by": owner, "at": now()}
    track = actions.add_track(film, language="en", kind="captions", cues=[Cue(1, 3, "Good morning.")], **by)
    prompt = add_prompt(film, at_seconds=5, kind="write", texts={"en": Asked("What would you do?")}, **by)
    actions.publish_resource(resource, **by)
    answer_prompt(prompt, text="Wait", **by)
    waiting = _resource(school, owner, kind="video", title="A film to come")
    upload = begin_upload(waiting, name="film.mp4", length=1000, **by)
    return {"film": film, "track": track, "prompt": prompt, "upload": upload, "film_to_come": waiting}


def _of(name: str) -> Arguments:
    return lambda world: {"pk": getattr(world, name).pk}


def _resource_of(name: str, **others: str) -> Arguments:
    """The number of the resource of a thing, and that of the thing itself under another name."""
    return lambda world: {
        "pk": getattr(world, name).resource_id,
        **{argument: getattr(world, thing).pk for argument, thing in others.items()},
    }


A_RESOURCE: dict[str, Arguments] = {
    "public": _of("public"),
    "a draft": _of("draft"),
    "handed in": _of("handed_in"),
    "public once": _of("withdrawn"),
}
A_TRANSLATION: dict[str, Arguments] = {"a translation": _of("translation")}
A_PART: dict[str, Arguments] = {
    "public": _resource_of("part", part_pk="part"),
    "of a draft": _resource_of("draft_part", part_pk="draft_part"),
}
A_SOURCE: dict[str, Arguments] = {
    "of a public one": _resource_of("source", source_pk="source"),
    "of a draft": _resource_of("draft_source", source_pk="draft_source"),
}
A_FILM: dict[str, Arguments] = {"of a public one": _resource_of("film")}
A_TRACK: dict[str, Arguments] = {"of a public one": _resource_of("film", track_pk="track")}
A_PROMPT: dict[str, Arguments] = {"of a public one": _resource_of("film", prompt_pk="prompt")}
A_COLLECTION: dict[str, Arguments] = {"the school's": _of("collection")}
A_HARVEST: dict[str, Arguments] = {"the school's": _of("harvest")}
AN_EXPERT_GROUP: dict[str, Arguments] = {"the school's": _of("experts")}
AN_INVITED_EXPERT: dict[str, Arguments] = {"the coordinator's": _of("asked_expert"), "of the school": _of("invited_expert")}
AN_UPLOAD: dict[str, Arguments] = {"the coordinator's": _of("upload")}

LIBRARY_THINGS: dict[str, dict[str, Arguments]] = {
    **{
        f"library:{deed}": A_RESOURCE
        for deed in ("change", "parts", "sources", "publish", "hand_in", "send_back", "withdraw", "take_up_again", "drop")
    },
    **{f"library:{deed}": A_RESOURCE for deed in ("translate", "review", "use", "collect")},
    **{f"library:{deed}": A_TRANSLATION for deed in ("translating", "machine", "catch_up", "look_through")},
    "library:part_title": A_PART,
    "library:part_remove": A_PART,
    "library:source_remove": A_SOURCE,
    "library:review_take_back": {"public, the coordinator's": _of("review")},
    "library:use_take_back": {"public, the coordinator's": _of("use")},
    **{f"library:harvest{deed}": A_HARVEST for deed in ("", "_change", "_begin", "_pause", "_resume", "_remove")},
    **{f"library:collection{deed}": A_COLLECTION for deed in ("", "_change", "_remove")},
    "library:collection_take_out": {
        "the school's": lambda world: {"pk": world.collection.pk, "resource_pk": world.public.pk},
    },
    **{
        f"library:{deed}": AN_EXPERT_GROUP
        for deed in ("expert_group", "expert_group_change", "expert_group_end", "expert_invite")
    },
    "library:expert_accept": AN_INVITED_EXPERT,
    "library:expert_decline": AN_INVITED_EXPERT,
    "library:expert_leave": {"the coordinator's": _of("expert")},
    "library:expert_remove": {"the coordinator's": _of("expert"), "of the school": _of("invited_expert")},
    "library:film": {**A_FILM, "to come": lambda world: {"pk": world.film_to_come.pk}},
    **{f"library:{deed}": A_FILM for deed in ("film_again", "film_remove", "track_add", "prompt_add")},
    "library:film_thoughts": {"public": _resource_of("film")},
    "library:upload_begin": {"to come": lambda world: {"pk": world.film_to_come.pk}},
    **{f"library:{deed}": A_TRACK for deed in ("track", "track_look_through", "track_remove")},
    **{f"library:{deed}": A_PROMPT for deed in ("prompt", "prompt_remove")},
    "library:upload": AN_UPLOAD,
    "library:upload_drop": AN_UPLOAD,
    "library:prompt_answer": {"public": _of("prompt")},
    "library:answer_take_back": {"public": _of("prompt")},
    **{f"oer:{page}": A_RESOURCE for page in ("resource", "record", "download", "embed")},
    **{f"oer:{page}": {"public": lambda world: {"pk": world.public.pk, "number": 1}} for page in ("version", "version_download")},
    "oer:part": A_PART,
    "oer:part_file": A_PART,
    "oer:part_page": {name: lambda world, part=part: {**part(world), "number": 1} for name, part in A_PART.items()},
    "oer:collection": {"public": _of("public_collection"), "the school's": _of("collection")},
    "oer:experts": {"public": _of("experts")},
    "oer:film_guide": {"public": _resource_of("film")},
    "oer:film_stream": {"public": lambda world: {"pk": world.film.pk}},
    "oer:film_playlist": {"public": lambda world: {"pk": world.film.pk, "kind": "360p"}},
    "oer:film_file": {"public": lambda world: {"pk": world.film.pk, "kind": "360p"}},
    "oer:film_poster": {"public": _of("film")},
    "oer:film_track": {"public": lambda world: {"pk": world.film.pk, "language": "en", "kind": "captions"}},
}

LIBRARY_SENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "library:start": lambda world: {"what": "text"},
    "library:send_back": lambda world: {"why": "Who decides?"},
    "library:withdraw": lambda world: {"why": "It is out of date."},
    "library:translate": lambda world: {"language": "el"},
    "library:use": lambda world: {"sentence": "It went well"},
    "library:review": lambda world: {**SCORES, "text": "Good", "given": "member"},
    "library:experts_begin": lambda world: {"name": "Metal", "expertise": "How metal is worked.", "language": "en"},
    "library:expert_group_change": lambda world: {"name": "Wood", "expertise": "How wood is worked by hand."},
    "library:expert_invite": lambda world: {"email": "expert@example.org"},
    "library:expert_accept": lambda world: {"name": "The expert"},
    "library:prompt_answer": lambda world: {"text": "Wait", "visibility": "private"},
}
#: What anybody who is signed in may do with what is public.
OPEN_TO_ALL = {
    "library:translate",
    "library:review",
    "library:review_take_back",
    "library:use",
    "library:use_take_back",
    "library:collect",
    "library:film_thoughts",
    "library:prompt_answer",
    "library:answer_take_back",
}
