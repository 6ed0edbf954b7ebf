from __future__ import annotations

import shutil

import av
import pytest
import yaml
from django.conf import settings

from guildhall.library.filming import cutting, drawing, script, speaking
from guildhall.library.filming.cutting import cut
from guildhall.library.filming.script import ScriptError, read_script, scripts_in
from guildhall.library.kinds import AREAS, AUDIENCES
from guildhall.library.models import Prompt
from guildhall.skills import taxonomy

FILMS = settings.CONTENT / "films"
LANGUAGES = ["en", "de", "el", "es", "pl", "pt"]


@pytest.fixture
def folder(tmp_path):
    """A script of two scenes in two languages."""
    same = {
        "area": "1.2",
        "scenes": [
            {"id": "in", "place": "workshop", "people": ["trainer", "learner"], "chapter": True, "lines": ["n", "trainer"]},
            {"id": "out", "place": "yard", "people": ["learner"], "lines": ["learner"]},
        ],
        "prompts": [{"id": "why", "after": "in", "kind": "write"}],
    }
    words = {"scenes": {"in": {"lines": ["One.", "Two."]}, "out": {"lines": ["Three."]}}}
    for name, content in {"film": same, "en": words, "de": words}.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return tmp_path


def rewrite(path, change):
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))


def test_a_script_says_who_speaks_where_and_what(folder):
    read = read_script(folder)
    assert [(scene.name, scene.speakers) for scene in read.scenes] == [("in", ("n", "trainer")), ("out", ("learner",))]
    assert list(read.words) == ["en", "de"]
    assert read.lines(read.scenes[1], "de") == ["Three."]
    assert read.questions[0].after == "in"


def test_a_script_with_other_lines_in_a_language_is_refused(folder):
    rewrite(folder / "de.yaml", lambda words: words["scenes"]["in"]["lines"].pop())
    with pytest.raises(ScriptError, match="in: other lines in 'de'"):
        read_script(folder)


def test_who_speaks_is_in_the_picture(folder):
    rewrite(folder / "film.yaml", lambda same: same["scenes"][1].update(lines=["owner"]))
    with pytest.raises(ScriptError, match="owner speaks"):
        read_script(folder)


def test_what_is_asked_is_asked_after_a_scene(folder):
    rewrite(folder / "film.yaml", lambda same: same["prompts"][0].update(after="nowhere"))
    with pytest.raises(ScriptError, match="nowhere"):
        read_script(folder)


@pytest.mark.parametrize("where", drawing.places())
def test_every_place_can_be_drawn_with_everybody_in_it(where):
    alone, together = drawing.picture(where), drawing.picture(where, tuple(drawing.roles()[:4]), drawing.roles()[0])
    assert alone.size == together.size == (1280, 720)
    assert alone.tobytes() != together.tobytes()


def test_everybody_has_a_voice():
    assert set(speaking.VOICES) == {script.NARRATOR, *drawing.roles()}


def test_without_the_synthesiser_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(speaking.NoVoice, match="apt-get install espeak-ng"):
        speaking.say("Hello", "n")


def test_the_film_is_as_long_as_what_is_said_and_one_knows_when(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(cutting, "say", lambda text, speaker: speaking.silence(0.5))
    made = cut(read_script(folder), tmp_path / "film.mp4")
    with av.open(str(made.path)) as film:
        kinds = {stream.type: stream.codec_context.name for stream in film.streams}
        assert film.duration / 1_000_000 == pytest.approx(made.seconds, abs=0.1)
        assert sum(1 for _ in film.decode(video=0)) == pytest.approx(made.seconds * cutting.FRAMES_A_SECOND, abs=1)
    assert kinds == {"video": "h264", "audio": "aac"}
    assert [(said.scene, said.number) for said in made.lines] == [("in", 0), ("in", 1), ("out", 0)]
    assert all(said.end - said.start == pytest.approx(0.5, abs=0.001) for said in made.lines)
    assert made.scenes["in"][1] == made.scenes["out"][0]
    assert made.scenes["out"][1] == made.seconds


# --- The films that come with Guildhall ----------------------------------------------------------------------------


def test_there_are_four_films_in_every_language():
    films = list(scripts_in(FILMS))
    assert len(films) == 4
    assert all(list(film.words) == LANGUAGES for film in films)


@pytest.mark.parametrize("film", list(scripts_in(FILMS)), ids=lambda film: film.name)
def test_a_film_of_ours_has_all_that_a_film_needs(film, db):
    assert film.same["area"] in AREAS
    assert set(film.same["audience"]) <= set(AUDIENCES)
    assert taxonomy.is_known("isced-f", film.same["isced"])
    assert taxonomy.is_known("country", film.same["country"])
    assert taxonomy.is_known("nace", taxonomy.nace_from(film.same["nace"]))
    assert {scene.place for scene in film.scenes} <= set(drawing.places())
    assert {role for scene in film.scenes for role in scene.people} <= set(drawing.roles())
    spoken = " ".join(line for scene in film.scenes for line in film.lines(scene)).split()
    assert 400 < len(spoken) < 650  # three to five minutes
    assert len(film.questions) in range(4, 7)
    assert {asked.kind for asked in film.questions} <= set(Prompt.Kind.values)
    for words in film.words.values():
        for scene in film.scenes:
            said = words["scenes"][scene.name]
            assert said["picture"]
            assert bool(said.get("chapter")) == scene.begins_chapter
            assert all(len(line) <= 170 for line in said["lines"])
        for asked in film.questions:
            assert words["prompts"][asked.name]["question"]
            choices = words["prompts"][asked.name].get("choices", [])
            assert len(choices) in {"choose": range(3, 6), "scale": [2]}.get(asked.kind, [0])
