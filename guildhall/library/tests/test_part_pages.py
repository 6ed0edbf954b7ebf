"""Files of resources: looked at, given out, taken along; who sees them; what is found by what they say."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now
from PIL import Image

from guildhall.core.models import StoredFile
from guildhall.core.search import search
from guildhall.core.tasks import run_waiting
from guildhall.library import actions, reading
from guildhall.library.models import Film, Part, Preview, Rendition, Resource, Track
from guildhall.library.search import PUBLIC
from guildhall.library.tests import documents
from guildhall.library.tests.factories import ResourceFactory, member_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_both]


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def manager(school):
    return member_of(school)


@pytest.fixture
def draft(school, manager):
    return ResourceFactory(organisation=school, owner=manager, language="de", title="Erster Anruf")


@pytest.fixture
def add(draft, manager):
    def keep(content: bytes, name: str, **more: Any) -> Part:
        return actions.add_part(draft, upload=SimpleUploadedFile(name, content), by=manager, at=now(), **more)

    return keep


def publish(resource: Resource, manager: Any) -> Resource:
    return actions.publish_resource(Resource.objects.get(pk=resource.pk), by=manager, at=now())


def page_of(part: Part) -> str:
    return reverse("oer:part", args=[part.resource_id, part.pk])


def file_of(part: Part) -> str:
    return reverse("oer:part_file", args=[part.resource_id, part.pk])


def picture_of(part: Part, number: int = 1) -> str:
    return reverse("oer:part_page", args=[part.resource_id, part.pk, number])


def shown(client: Any, part: Part) -> str:
    return client.get(page_of(part)).content.decode()


def read(answer: Any) -> None:
    """Take all of an answer in, as a browser does: only then is it closed as it should be."""
    assert not answer.streaming or b"".join(answer.streaming_content)


def found(word: str) -> list[int]:
    return [hit.key for hit in search(word, scopes=[PUBLIC]).hits]


# --- Who sees them -------------------------------------------------------------------------------------------------


def test_files_of_what_is_public_are_everybodys(client, add, draft, manager):
    part = add(b"Who decides?", "sheet.txt")
    for address in (page_of(part), file_of(part)):
        assert client.get(address).status_code == 404
    publish(draft, manager)
    for address in (page_of(part), file_of(part)):
        answer = client.get(address)
        assert answer.status_code == 200
        read(answer)


def test_files_of_a_draft_are_for_those_who_write_in_the_name_of_its_organisation(client, add, school, draft):
    part = add(documents.pdf(), "sheet.pdf")
    run_waiting()
    addresses = [page_of(part), file_of(part), picture_of(part), reverse("oer:download", args=[draft.pk])]
    for person, status in [
        (member_of(school, Role.TEACHER), 200),
        (member_of(school, Role.LEARNER), 404),
        (member_of(OrganisationFactory()), 404),
        (UserFactory(), 404),
    ]:
        client.force_login(person)
        answers = [client.get(address) for address in addresses]
        assert [answer.status_code for answer in answers] == [status] * 4
        for answer in answers:
            read(answer)


def test_what_was_added_since_is_not_public_and_what_was_taken_out_stays_with_its_version(client, add, draft, manager):
    first = add(b"First", "first.txt")
    publish(draft, manager)
    second = add(b"Second", "second.txt")
    assert client.get(page_of(second)).status_code == 404
    actions.remove_part(first, by=manager, at=now())
    publish(draft, manager)
    assert "Second" in shown(client, second)
    assert "First" in shown(client, first)


def test_files_of_what_was_withdrawn_are_there_no_more(client, add, draft, manager):
    part = add(documents.pdf(), "sheet.pdf")
    run_waiting()
    actions.withdraw_resource(publish(draft, manager), why="Wrong.", by=manager, at=now())
    for address in (page_of(part), file_of(part), picture_of(part), reverse("oer:download", args=[draft.pk])):
        assert client.get(address).status_code == 404
    client.force_login(manager)
    assert client.get(page_of(part)).status_code == 200


def test_a_file_is_there_under_its_own_resource_only(client, add, draft, manager):
    part = add(b"Who decides?", "sheet.txt")
    publish(draft, manager)
    other = publish(ResourceFactory(organisation=draft.organisation), manager)
    for name in ("oer:part", "oer:part_file"):
        assert client.get(reverse(name, args=[other.pk, part.pk])).status_code == 404


# --- What they look like -------------------------------------------------------------------------------------------


def test_a_pdf_is_shown_as_pages_with_their_words(client, add, draft, manager):
    part = add(documents.pdf(["Wer entscheidet?", "Danke"]), "Bogen.pdf", title="Der Bogen")
    publish(draft, manager)
    assert "It will be shown here soon" in shown(client, part)
    run_waiting()
    page = shown(client, part)
    assert "This is a PDF of" in page
    assert re.findall(r'<img src="([^"]+)" alt="(Page \d of \d)" width="1000" height="1416" loading="lazy"', page) == [
        (picture_of(part, 1), "Page 1 of 2"),
        (picture_of(part, 2), "Page 2 of 2"),
    ]
    assert '<figcaption class="hidden" lang="de">Wer entscheidet?</figcaption>' in page
    assert '<span lang="de">Der Bogen</span>' in page
    answer = client.get(picture_of(part))
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/webp", "private, max-age=86400")
    with Image.open(BytesIO(answer.content)) as drawn:
        assert drawn.size == (1000, 1416)
    assert client.get(picture_of(part, 3)).status_code == 404


def test_of_a_long_pdf_the_first_sixty_pages_are_shown(client, add, draft, manager):
    part = add(documents.pdf([""] * 61), "long.pdf")
    publish(draft, manager)
    run_waiting()
    page = shown(client, part)
    assert page.count('<figure class="leaf">') == Preview.objects.get().pages == 60
    assert "Page 60 of 61" in page
    assert "There is more in the file than is shown here." in page


def test_a_word_file_is_shown_as_a_text_with_its_pictures(client, add, draft, manager):
    part = add(documents.docx(), "sheet.docx")
    publish(draft, manager)
    run_waiting()
    page = shown(client, part)
    assert '<div class="prose" lang="de"><h2>Before the call</h2><p>Who decides?</p>' in page
    assert f'<img alt="A red sign" src="{picture_of(part)}">' in page
    with Image.open(BytesIO(client.get(picture_of(part)).content)) as drawn:
        assert drawn.size == (40, 20)


@pytest.mark.parametrize(
    ("content", "name", "seen"),
    [
        (b"Firma;Ort\n<script>alert(1)</script>;Kiel\n", "firms.csv", "Firma;Ort\n&lt;script&gt;"),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\n<b>Hi</b>", "talk.vtt", "00:00.000 --&gt; 00:01.000\n&lt;b&gt;Hi"),
        ("Größe".encode("latin-1"), "size.txt", "Größe"),
    ],
)
def test_a_text_is_shown_as_it_was_written(client, add, draft, manager, content, name, seen):
    part = add(content, name)
    publish(draft, manager)
    page = shown(client, part)
    assert seen in page
    assert "It will be shown here soon" not in page


def test_of_a_very_long_text_the_beginning_is_shown(client, add, draft, manager):
    part = add(b"word " * 20_000, "long.txt")
    publish(draft, manager)
    page = shown(client, part)
    assert len(page) < 70_000
    assert "There is more in the file than is shown here." in page


@pytest.mark.parametrize(
    ("content", "name", "seen"),
    [
        (documents.picture(), "plan.png", '<img src="{}" alt="plan.png"'),
        (b"ID3" + bytes(100), "talk.mp3", '<audio controls preload="metadata" src="{}" aria-label="talk.mp3"'),
        (documents.mp4(), "film.mp4", '<video controls preload="metadata" src="{}" aria-label="film.mp4"'),
        (documents.packed({"a.txt": "a"}), "all.zip", "Files of this kind are not shown here."),
    ],
)
def test_what_the_browser_can_show_it_shows_and_the_rest_is_a_download(client, add, draft, manager, content, name, seen):
    part = add(content, name)
    publish(draft, manager)
    page = shown(client, part)
    assert seen.format(file_of(part)) in page
    assert f'href="{file_of(part)}"' in page


def test_what_cannot_be_drawn_is_a_download(client, add, draft, manager, monkeypatch):
    monkeypatch.setattr(reading, "SECONDS_TO_DRAW", 0)
    part = add(documents.pdf(), "sheet.pdf")
    publish(draft, manager)
    run_waiting()
    assert "Files of this kind are not shown here." in shown(client, part)
    assert Preview.objects.get().packed is None


def test_a_page_costs_few_queries(client, add, draft, manager, django_assert_num_queries):
    part = add(documents.pdf(["a", "b", "c"]), "sheet.pdf")
    publish(draft, manager)
    run_waiting()
    with django_assert_num_queries(2):
        client.get(page_of(part))
    with django_assert_num_queries(2):
        client.get(picture_of(part))


# --- The bytes -----------------------------------------------------------------------------------------------------


def test_the_bytes_are_those_that_were_kept_and_run_nowhere(client, add, draft, manager):
    part = add(b"Who decides?", "Böse Fragen.txt")
    publish(draft, manager)
    answer = client.get(file_of(part))
    assert b"".join(answer.streaming_content) == b"Who decides?"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''B%C3%B6se%20Fragen.txt"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert (answer["X-Content-Type-Options"], answer["Content-Type"]) == ("nosniff", "text/plain")
    answer = client.get(file_of(part), headers={"Range": "bytes=4-10"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"decides")
    answer = client.head(file_of(part))
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, "12", b"")


# --- Found by what they say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Zungenwurst", "a.txt"),
        (documents.pdf(["Zungenwurst"]), "a.pdf"),
        (documents.docx("<w:p><w:r><w:t>Zungenwurst</w:t></w:r></w:p>"), "a.docx"),
        (documents.odf("text", "<text:p>Zungen<text:span>wurst</text:span></text:p>"), "a.odt"),
        (documents.odf("presentation", "<text:p>Zungenwurst</text:p>"), "a.odp"),
        (documents.pptx(["Eins", "Zungenwurst"]), "a.pptx"),
    ],
)
def test_a_resource_is_found_by_what_its_files_say_before_and_after_it_is_published(add, draft, manager, content, name):
    part = add(content, name)
    resource = publish(draft, manager)
    run_waiting()
    assert "Zungenwurst" in Part.objects.get(pk=part.pk).text
    assert found("Zungenwurst") == [resource.pk]
    actions.change_resource(resource, described={"summary": "Neu."}, by=manager, at=now())
    assert "Zungenwurst" in publish(resource, manager).current.file_text


def test_a_translation_has_the_looks_and_the_words_of_its_originals_files(add, draft, manager, client):
    add(documents.pdf(["Zungenwurst"]), "a.pdf")
    original = publish(draft, manager)
    translation = actions.start_translation(original, organisation=draft.organisation, language="el", by=manager, at=now())
    run_waiting()
    part = translation.parts.get()
    assert part.text == "Zungenwurst"
    client.force_login(manager)
    assert "Page 1 of 1" in shown(client, part)
    assert Preview.objects.count() == 1


def test_comments_and_what_was_deleted_are_not_found(add, draft, manager):
    said = (
        "<text:p>Gut<office:annotation><text:p>Geheim</text:p></office:annotation></text:p>"
        "<text:tracked-changes><text:p>Geheim</text:p></text:tracked-changes>"
    )
    part = add(documents.odf("text", said), "a.odt")
    run_waiting()
    assert Part.objects.get(pk=part.pk).text == "Gut"


def test_what_a_file_looks_like_goes_with_it(add, draft, manager, django_capture_on_commit_callbacks):
    part = add(documents.pdf(), "a.pdf")
    run_waiting()
    assert StoredFile.objects.count() == 2
    places = list(StoredFile.objects.values_list("content", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        actions.remove_part(part, by=manager, at=now())
    assert not StoredFile.objects.exists()
    assert not Preview.objects.exists()
    assert not any(default_storage.exists(place) for place in places)


def test_a_file_that_is_gone_before_a_worker_looks_is_let_be(add, manager):
    part = add(documents.pdf(), "a.pdf")
    actions.remove_part(part, by=manager, at=now())
    run_waiting()
    assert not Preview.objects.exists()


def test_who_asks_for_what_a_file_looks_like_by_its_own_address_does_not_get_it(client, add, draft, manager):
    add(documents.pdf(), "a.pdf")
    publish(draft, manager)
    run_waiting()
    packed = Preview.objects.get().packed
    client.force_login(UserFactory())
    assert client.get(packed.get_absolute_url()).status_code == 404


# --- Taken along ---------------------------------------------------------------------------------------------------


def taken(client: Any, resource: Resource, number: int | None = None) -> dict[str, bytes]:
    named = reverse("oer:version_download", args=[resource.pk, number]) if number else reverse("oer:download", args=[resource.pk])
    answer = client.get(named)
    assert answer["Content-Type"] == "application/zip"
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_of_a_resource_comes_in_one_archive(client, add, draft, manager):
    part = add(b"Who decides?", "Bogen.txt")
    changes = {"text": f"# Vorher\n\n![Bogen]({file_of(part)})\n\n[weiter](/oer/)", "licence": "by-sa"}
    actions.change_resource(draft, described=changes, by=manager, at=now())
    resource = publish(draft, manager)
    contents = taken(client, resource)
    assert list(contents) == ["ATTRIBUTION.txt", "LICENSE.txt", "text.md", "text.html", "files/Bogen.txt"]
    assert contents["files/Bogen.txt"] == b"Who decides?"
    assert contents["LICENSE.txt"].decode() == "CC BY-SA 4.0\nhttps://creativecommons.org/licenses/by-sa/4.0/\n"
    assert "Ada Example" in contents["ATTRIBUTION.txt"].decode()
    assert contents["text.md"].decode().startswith("# Erster Anruf\n\nWhat to ask an employer on the first call.\n\n# Vorher")
    page = contents["text.html"].decode()
    assert '<html lang="de">' in page
    assert "<h1>Erster Anruf</h1>" in page
    assert "<h2>Vorher</h2>" in page
    assert 'src="files/Bogen.txt"' in page
    assert re.search(r'href="https?://[^"/]+/oer/"', page)
    assert (
        client.get(reverse("oer:download", args=[resource.pk]))["Content-Disposition"]
        == 'attachment; filename="Erster-Anruf.zip"'
    )


def test_each_version_can_be_taken_along_as_it_was(client, add, draft, manager):
    first = add(b"First", "a.txt")
    publish(draft, manager)
    actions.remove_part(first, by=manager, at=now())
    add(b"Second", "a.txt")
    resource = publish(draft, manager)
    assert taken(client, resource)["files/a.txt"] == taken(client, resource, 2)["files/a.txt"] == b"Second"
    assert taken(client, resource, 1)["files/a.txt"] == b"First"
    assert client.get(reverse("oer:version_download", args=[resource.pk, 3])).status_code == 404


def test_a_case_is_taken_along_with_its_parts_and_figures(client, draft, manager):
    account = {"context": "A *small* town.", "results": "More places.", "figures": [{"value": "34", "label": "places [a year]"}]}
    actions.change_resource(draft, described={"kind": "case_study", "account": account, "text": ""}, by=manager, at=now())
    contents = taken(client, publish(draft, manager))
    told = contents["text.md"].decode()
    assert told.index("A *small* town.") < told.index("More places.") < told.index("- **34** places \\[a year\\]")
    assert "<em>small</em>" in contents["text.html"].decode()


def test_a_film_is_taken_along_in_its_best_picture_with_what_is_read_along(client, add, draft, manager):
    film = Film.objects.create(resource=draft, state=Film.State.READY, brought_at=now())
    for kind, height in (("360p", 360), ("720p", 720), ("audio", 0)):
        stored = add(documents.mp4() + kind.encode().rjust(12, b"\0"), f"{kind}.mp4").file
        Rendition.objects.create(film=film, kind=kind, file=stored, height=height)
    said = "WEBVTT\n\n00:00.000 --> 00:01.000\nWer entscheidet?\n"
    Track.objects.create(film=film, language="de", kind="captions", vtt=said, changed_at=now())
    contents = taken(client, publish(draft, manager))
    assert contents["film.mp4"].endswith(b"720p")
    assert contents["film.de.captions.vtt"].decode() == said


def test_names_in_the_archive_are_safe_and_each_its_own(client, add, draft, manager):
    for name in ("a.txt", "A.TXT", "a.txt", "../../evil.txt", "NUL.txt", "con", "..\\..\\boot.ini"):
        add(f"content of {name}".encode(), name)
    names = list(taken(client, publish(draft, manager)))[4:]
    assert names == [
        "files/a.txt",
        "files/A (2).TXT",
        "files/a (3).txt",
        "files/evil.txt",
        "files/_NUL.txt",
        "files/_con.txt",
        "files/boot.ini.txt",
    ]


def test_what_is_hostile_in_a_text_is_harmless_in_the_page_taken_along(client, draft, manager):
    hostile = {"title": "<script>alert(1)</script>", "text": "[x](javascript:alert(1))<img src=x onerror=alert(1)>"}
    actions.change_resource(draft, described=hostile, by=manager, at=now())
    page = taken(client, publish(draft, manager))["text.html"].decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "javascript:" not in page


def test_taking_along_costs_few_queries_however_many_files(client, add, draft, manager, django_assert_num_queries):
    for number in range(3):
        add(b"x", f"{number}.txt")
    resource = publish(draft, manager)
    with django_assert_num_queries(5):
        taken(client, resource)
