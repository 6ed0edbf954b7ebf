"""The methodology's content: what we ship is right in every language, and whatever is wrong with another is named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from guildhall.engagement.methodology.chapters import chapters
from guildhall.engagement.methodology.content import Content, ContentError, read, texts_in
from guildhall.engagement.window import AREAS, LEVELS
from guildhall.library.kinds import ACTIVITIES
from guildhall.library.markdown import plain

SHIPPED = settings.PROJECT / "content" / "methodology"
LANGUAGES = list(settings.ALL_LANGUAGES)
#: Words in a sentence: at most so many on average, and in none more. Polish has no articles, Spanish many small words.
BOUNDS = {"en": (15, 35), "de": (15, 35), "el": (15, 35), "es": (16, 38), "pl": (14, 35), "pt": (15, 35)}
# A sentence ends where a new one begins: with a capital letter, a figure, a quotation.
_SENTENCE_ENDS = re.compile(r"(?<=[.!?;…])[”“»\"’)]*\s+(?=[„“«\"(¿¡]?(?:[^\W_a-zß-öø-ÿά-ώąćęłńóśźż]))")


@pytest.fixture(scope="module")
def shipped() -> Content:
    return read(SHIPPED, LANGUAGES)


def test_what_we_ship_is_right_and_whole_in_all_languages(shipped):
    assert list(shipped.words) == LANGUAGES
    assert list(shipped.same["areas"]) == list(AREAS)
    assert len(shipped.same["activities"]) == 35
    assert len(shipped.same["tools"]) >= 14
    fewest = min(shipped.word_counts().values())
    assert fewest > 20_000, shipped.word_counts()


def sentences(content: Content, language: str) -> Iterator[str]:
    """The sentences of what is read; the tools are forms, of which only what is said about them is."""
    words = content.words[language]
    about_tools = [{key: said for key, said in tool.items() if key != "text"} for tool in words["tools"].values()]
    for said in texts_in([{key: part for key, part in words.items() if key != "tools"}, about_tools]):
        yield from sentences_of(said)


def sentences_of(said: str) -> Iterator[str]:
    """The sentences of a text in Markdown."""
    for line in plain(said).splitlines():
        yield from (sentence for sentence in _SENTENCE_ENDS.split(line) if sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_easy_to_read(shipped, language):
    most_on_average, most = BOUNDS[language]
    lengths = {sentence: len(sentence.split()) for sentence in sentences(shipped, language)}
    full = {sentence: length for sentence, length in lengths.items() if sentence[-1] in ".!?;”“»"}
    assert sum(full.values()) / len(full) <= most_on_average
    assert [sentence for sentence, length in lengths.items() if length > most] == []


def test_sentences_are_told_apart():
    content = Content("1", {}, {"en": {"a": "One is here. Two! “Three?” 4 is last.", "tools": {}}})
    assert list(sentences(content, "en")) == ["One is here.", "Two!", "“Three?", "4 is last."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_areas_and_activities_have_the_names_they_have_elsewhere(shipped, language):
    words = shipped.words[language]
    with override(language):
        assert [bare(area["title"]) for area in words["areas"].values()] == [bare(str(name)) for name in AREAS.values()]
        assert [bare(level["name"]) for level in words["levels"].values()] == [bare(str(name)) for name in LEVELS]
        named = {key: bare(words["activities"][key]["name"]) for key in ACTIVITIES}
        assert named == {key: bare(str(name)) for key, name in ACTIVITIES.items()}


def bare(name: str) -> str:
    """Without the places where a long word may be broken."""
    return name.replace("\xad", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_no_links_that_could_break_and_no_html(shipped, language):
    assert [said for said in texts_in(shipped.words[language]) if re.search(r"\]\(|https?://|</?[a-z]", said)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_long_text_has_chapters_to_lead_to(shipped, language):
    for said in shipped.words[language]["pages"].values():
        assert len([chapter for chapter in chapters(said["text"]) if chapter.title]) > 3


def test_a_text_is_cut_at_headings_of_the_second_level_only():
    cut = chapters("Before.\n\n## One\n\nIn one.\n\n### Below\n\n## Two\nIn two.")
    assert [(chapter.id, chapter.title) for chapter in cut] == [("chapter-0", ""), ("chapter-1", "One"), ("chapter-2", "Two")]
    assert cut[1].text == "In one.\n\n### Below"
    assert chapters("## One\n\nIn one.")[0].title == "One"


# What is wrong is named, in a copy of what we ship.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("areas", "en", "de"):
        shutil.copytree(SHIPPED / part, tmp_path / part)
    shutil.copy(SHIPPED / "methodology.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def faults_of(folder: Path) -> Callable[..., list[str]]:
    def faults(*changes: tuple[str, str, str], languages: tuple[str, ...] = ("en",)) -> list[str]:
        """What is said after these changes: in a file what stands there first, and what stands there then."""
        for file, old, new in changes:
            path = folder / file
            before = path.read_text()
            assert old in before, (file, old)
            path.write_text(before.replace(old, new, 1))
        with pytest.raises(ContentError) as error:
            read(folder, languages)
        assert str(error.value) == "\n".join(error.value.faults)
        return error.value.faults

    return faults


AREA = "en/areas/1.1.yaml"
FAULTS = {
    "a number as the version": ("methodology.yaml", 'version: "2026.1"', "version: 2026.1", "version is 2026.1; a text such as"),
    "an area nobody knows": (
        "methodology.yaml",
        'needs_interview:       {area: "1.1"',
        'needs_interview:       {area: "3.1"',
        "activities.needs_interview.area is '3.1', which is none of: 1.1,",
    ),
    "a rung the ladder has not": (
        "methodology.yaml",
        'area: "1.1", rung: 1, school_hours: 3,',
        'area: "1.1", rung: 6, school_hours: 3,',
        "activities.needs_interview.rung is 6; a whole number from 1 to 5 is needed.",
    ),
    "hours below nothing": (
        "methodology.yaml",
        "rung: 1, school_hours: 3,",
        "rung: 1, school_hours: -3,",
        "activities.needs_interview.school_hours is -3; a number above zero is needed.",
    ),
    "a tool that is not there": (
        "methodology.yaml",
        "tools: [first-call, needs-interview]}",
        "tools: [first-cal, needs-interview]}",
        "activities.needs_interview.tools[1] is 'first-cal', which is none of:",
    ),
    "a kind of resource that is not there": (
        "methodology.yaml",
        "kind: lesson_plan,   about: school",
        "kind: lesson,   about: school",
        "tools.curriculum-workshop.kind is 'lesson', which is none of:",
    ),
    "an answer nobody can give": (
        "methodology.yaml",
        "{when: {places: [short]}, ",
        "{when: {places: [shrt]}, ",
        "rules[1].when.places[1] is 'shrt', which is none of: enough, short, poor.",
    ),
    "a question nobody asks": (
        "methodology.yaml",
        "{when: {places: [short]}, ",
        "{when: {plaices: [short]}, ",
        "rules[1].when.plaices is no question of the interview.",
    ),
    "more answers than there are": (
        "methodology.yaml",
        "fewer_leaving], most: 2}",
        "fewer_leaving], most: 7}",
        "interview[13].most is 7; a whole number from 1 to 6 is needed.",
    ),
    "a pace that is missing": ("methodology.yaml", "  post:  {", "  poste: {", "pace.post is missing."),
    "a role that is not there": (
        "areas/1.1.yaml",
        "who: [coordinator, teacher]",
        "who: [coordinator, teachers]",
        "steps[1].who[2] is 'teachers', which is none of:",
    ),
    "an activity that is not there": (
        "areas/1.1.yaml",
        "activities: [focus_group]",
        "activities: [focus]",
        "steps[4].activities[1] is 'focus', which is none of:",
    ),
    "a step twice": ("areas/1.1.yaml", "{key: call,", "{key: choose,", "steps has the key 'choose' 2 times."),
    "an obstacle without words": (
        "areas/1.1.yaml",
        "obstacles: [time,",
        "obstacles: [distance,",
        "obstacles.distance is missing.",
    ),
    "a practice without a country": ("areas/1.1.yaml", "country: PL", "country: Poland", "practices[1].country is 'Poland';"),
    "a tool of another area": (
        "areas/1.1.yaml",
        "\ntools: [first-call,",
        "\ntools: [network-round,",
        "tools leaves out first-call, which names this area.",
    ),
    "an indicator of another area": (
        "areas/1.1.yaml",
        "indicators: [needs_asked,",
        "indicators: [abroad,",
        "indicators[1] is 'abroad', which is none of:",
    ),
    "an empty text": (AREA, "title: Innovating educational pathways", "title: ' '", "title is empty."),
    "a text that is no text": (AREA, "title: Innovating educational pathways", "title: 7", "title is 7, which is no text."),
    "a key written wrongly": (AREA, "in_short:", "in_shrt:", "in_shrt is not asked for."),
    "a key that is missing": (AREA, "  choose:\n", "  chose:\n", "steps.choose is missing."),
    "a key twice": (AREA, "in_short:", "title:", "It is no valid YAML in line 2: the key 'title' is there twice."),
    "broken YAML": (AREA, "title: ", "title: [", "It is no valid YAML in line"),
    "an entry too few": (
        AREA,
        "  - If there are old promises to employers, keep them first, or say plainly that you cannot.\n"
        "  - If nobody may change even one exercise this year, agree that room with the head before you ask anyone.\n",
        "",
        "not_yet_when has 1 entry; 2 to 3 are needed.",
    ),
    "an option without words": (
        "en/interview.yaml",
        "      rural: ",
        "      rual: ",
        "questions.place.options.rural is missing.",
    ),
    "a reason without words": ("en/interview.yaml", "  places_short: ", "  place_short: ", "reasons.places_short is missing."),
    "a rung without words": ("en/levels.yaml", "\n  5:\n", "\n  6:\n", "ladder.5 is missing."),
    "a head that is missing": (
        "en/playbook.md",
        "---\ntitle",
        "title",
        "It does not begin with a head between two lines of ---.",
    ),
    "a head with something else": ("en/tools/first-call.md", "summary:", "sumary:", "summary is missing."),
    "a placeholder nobody fills in": (
        "en/tools/first-call.md",
        "{employer}",
        "{employr}",
        "text has {employr}, which is nothing that is filled in here.",
    ),
    "a brace that is left open": ("en/tools/first-call.md", "{employer}", "{employer", "text has {, which is nothing"),
    "a placeholder in a text": (
        "en/levels.yaml",
        "coordinator: ",
        "coordinator: '{owner}' #",
        "who.coordinator has {owner}, which is nothing that is filled in here.",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "sentence"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named_with_its_file_and_key(faults_of, file, old, new, sentence):
    faults = faults_of((file, old, new))
    assert any(sentence in fault for fault in faults), faults
    assert len(faults) <= 4, "nothing else is"


def test_all_faults_are_named_at_once(faults_of, folder):
    (folder / "en" / "qualities.md").unlink()
    (folder / "en" / "activities.yaml").write_bytes(b"name: \xff")
    (folder / "en" / "areas" / "1.7.yaml").write_text("title: Nobody asked")
    faults = faults_of(
        ("methodology.yaml", "rung: 1, school_hours: 3,", "rung: 9, school_hours: 0,"),
        (AREA, "title: Innovating educational pathways", "title: ''"),
        ("en/tools/first-call.md", "{employer}", "{boss}"),
    )
    assert faults == [
        "methodology.yaml: activities.needs_interview.rung is 9; a whole number from 1 to 5 is needed.",
        "methodology.yaml: activities.needs_interview.school_hours is 0; a number above zero is needed.",
        "en/activities.yaml: It is not in UTF-8.",
        "en/areas/1.1.yaml: title is empty.",
        "en/qualities.md: It is not there, or cannot be read.",
        "en/tools/first-call.md: text has {boss}, which is nothing that is filled in here.",
        "en/areas/1.7.yaml: It is not asked for.",
    ]


def test_a_tool_that_nothing_takes_up_is_named(faults_of):
    found = faults_of(
        (
            "methodology.yaml",
            "  mobility-plan:       {",
            '  card:       {areas: ["1.1"], kind: text, about: school, minutes: 5}\n  mobility-plan:       {',
        )
    )
    assert "methodology.yaml: tools.card is used by no activity and by no step." in found
    assert "areas/1.1.yaml: tools leaves out card, which names this area." in found
    assert "en/tools/card.md: It is not there, or cannot be read." in found


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("de/tools/first-call.md", "{employer}", "", "{employer}: 0 here, 1 in “en”."),
        ("de/tools/first-call.md", "- [ ] ", "- ", "boxes to tick: "),
        ("de/playbook.md", "## ", "", "headings: "),
        ("de/areas/1.1.yaml", "questions:\n", "questions:\n  - Noch eine Frage?\n", "questions: 6 here, 5 in “en”."),
    ],
)
def test_a_language_that_has_more_or_less_than_the_first_is_named(faults_of, file, old, new, sentence):
    faults = faults_of((file, old, new), languages=("en", "de"))
    assert len(faults) == 1
    assert faults[0].startswith(f"{file}: ")
    assert sentence in faults[0]


@pytest.mark.parametrize("content", ["", "- one", "7", "version: {", "when: !!python/object:os.system x", "a: &a [*a]"])
def test_a_methodology_of_another_shape_is_refused_in_a_sentence(folder, content):
    (folder / "methodology.yaml").write_text(content)
    with pytest.raises(ContentError, match=r"^methodology\.yaml: "):
        read(folder, ["en"])


@pytest.mark.parametrize("content", ["", "- one", "steps: 7", "steps: [1, 2, 3, 4, 5]", "steps: {}"])
def test_an_area_of_another_shape_is_refused_in_a_sentence(folder, content):
    (folder / "areas" / "2.2.yaml").write_text(content)
    with pytest.raises(ContentError, match=r"^areas/2\.2\.yaml: "):
        read(folder, ["en"])


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ContentError, match=r"^methodology\.yaml: It is not there"):
        read(tmp_path / "nowhere", ["en"])


def test_a_file_beyond_all_measure_is_not_read(folder):
    (folder / "en" / "levels.yaml").write_text("a: b\n" * 200_000)
    with pytest.raises(ContentError, match="It is longer than"):
        read(folder, ["en"])
