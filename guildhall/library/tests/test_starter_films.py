from __future__ import annotations

from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command

from guildhall.core import tasks
from guildhall.library.filming import cutting, speaking
from guildhall.library.models import Film, Prompt, Resource, Track
from guildhall.library.tests.factories import member_of
from guildhall.people.tests.factories import OrganisationFactory

SAME = {
    "area": "1.2",
    "country": "PT",
    "nace": "C10",
    "isced": "0721",
    "eqf": [4],
    "audience": ["trainer"],
    "scenes": [
        {"id": "in", "place": "kitchen", "people": ["trainer"], "chapter": True, "lines": ["n"]},
        {"id": "out", "place": "yard", "people": ["learner"], "chapter": True, "lines": ["learner"]},
    ],
    "prompts": [{"id": "why", "after": "in", "kind": "scale"}, {"id": "which", "after": "out", "kind": "choose"}],
}


def words(language):
    scenes = {
        name: {"chapter": f"{name} {language}", "picture": f"A picture of {name}", "lines": [f"Said {name} {language}."]}
        for name in ("in", "out")
    }
    prompts = {
        "why": {"question": f"How far? {language}", "choices": ["not at all", "far"]},
        "which": {"question": f"Which? {language}", "choices": ["this", "that"]},
    }
    title = {"title": f"A short film {language}", "summary": "Somebody bakes.", "keywords": ["bread"]}
    return {**title, "scenes": scenes, "prompts": prompts}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cutting, "say", lambda text, speaker: speaking.silence(0.3))
    place = tmp_path / "films" / "short"
    place.mkdir(parents=True)
    for name, content in {"film": SAME, "en": words("en"), "pt": words("pt")}.items():
        (place / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return place.parent


@pytest.fixture
def school(db, settings, tmp_path):
    settings.UPLOADS = tmp_path / "uploads"
    return OrganisationFactory(slug="school")


def make(folder, **options):
    out = StringIO()
    call_command("make_films", organisation="school", folder=folder, stdout=out, **options)
    return out.getvalue()


def test_a_film_is_made_and_published_with_all_that_belongs_to_it_in_every_language(school, folder):
    member_of(school)
    assert "published short" in make(folder)
    film = Film.objects.get()
    assert film.is_ready
    assert sorted(Resource.objects.public().values_list("language", flat=True)) == ["en", "pt"]
    kinds = {Track.Kind.CAPTIONS, Track.Kind.DESCRIPTIONS, Track.Kind.CHAPTERS}
    assert set(Track.objects.values_list("language", "kind")) == {(code, kind.value) for code in ("en", "pt") for kind in kinds}
    assert "Said in pt." in Track.objects.get(language="pt", kind="captions").vtt
    scale, choose = Prompt.objects.order_by("at_seconds")
    assert scale.texts.get(language="en").question == "How far? en (1: not at all – 5: far)"
    assert choose.texts.get(language="pt").choices == ["this", "that"]
    assert "there already: short" in make(folder)
    assert Film.objects.count() == 1


def test_a_film_that_came_but_was_not_published_is_published_the_next_time(school, folder, monkeypatch):
    member_of(school)
    monkeypatch.setattr("guildhall.library.management.commands.make_films.publish", lambda *args, **kwargs: None)
    make(folder)
    monkeypatch.undo()
    monkeypatch.setattr(cutting, "say", lambda text, speaker: pytest.fail("It was made already."))
    assert "published short" in make(folder)
    assert Film.objects.get().resource.is_public


def test_it_says_what_is_wrong(school, folder, monkeypatch):
    with pytest.raises(CommandError, match="no manager"):
        make(folder)
    member_of(school)
    with pytest.raises(CommandError, match="no film 'long'"):
        make(folder, only="long")
    with pytest.raises(CommandError, match="no organisation"):
        call_command("make_films", organisation="nowhere")

    def nobody(text, speaker):
        raise speaking.NoVoice

    monkeypatch.setattr(cutting, "say", nobody)
    with pytest.raises(CommandError, match="apt-get install espeak-ng"):
        make(folder)
    assert not Film.objects.exists()
    assert tasks.run_waiting() == 0
