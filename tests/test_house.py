"""The rules of the house that a machine can check. What each is for: CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

from guildhall.core.hooks import News, Question, hooks

PROJECT = Path(__file__).resolve().parent.parent
HOUSE = PROJECT / "guildhall"
ROOMS = ["portal", "engagement", "library", "people", "skills"]
FRONT_DOORS = {"models", "actions", "rules", "hooks"}
BACK_DOORS = {"views", "forms", "urls", "api", "admin", "receivers", "tasks", "management"}
FORBIDDEN_NAMES = {"utils", "helpers", "services", "managers", "constants", "mixins"}


def sources(*, tests: bool = False) -> Iterator[Path]:
    for path in sorted(HOUSE.rglob("*.py")):
        if "migrations" not in path.parts and (tests or "tests" not in path.parts):
            yield path


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def templates() -> list[Path]:
    return sorted(HOUSE.rglob("templates/**/*.html"))


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("room", ROOMS)
def test_another_room_is_entered_by_its_front_door(room):
    """Models, actions, rules, hooks and calculations may be called; pages, forms and receivers may not."""
    entered = []
    for path in sources():
        own_room = path.relative_to(HOUSE).parts[0]
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"guildhall.{room}."):
                modules = (
                    [node.module.split(".")[2], *(alias.name for alias in node.names)]
                    if node.module.count(".") == 1
                    else [node.module.split(".")[2]]
                )
                if own_room not in (room, "config") and BACK_DOORS.intersection(modules):
                    entered.append(f"{named(path)}: {node.module}")
    assert entered == []


def test_no_file_is_longer_than_600_lines():
    paths = [*sources(tests=True), *templates(), *HOUSE.rglob("static/**/*.js"), *HOUSE.rglob("static/**/*.css")]
    assert [named(path) for path in paths if len(path.read_text().splitlines()) > 600] == []


def test_no_module_is_named_for_what_it_is_not():
    assert [named(path) for path in sources(tests=True) if path.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("path", templates(), ids=named)
def test_a_template_has_no_script_or_style_inside(path):
    text = path.read_text()
    if "/mail/" in str(path):
        return  # mail programs know no style sheets
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)", text), "scripts are files"
    assert not re.search(r"\sstyle=", text), "looks are in core/static/ui"
    assert not re.search(r"\son[a-z]+=", text), "events are heard in files"
    assert "|safe" not in text, "what is safe is decided in Python"


@pytest.mark.parametrize("path", templates(), ids=named)
def test_the_number_of_a_thing_is_not_written_as_a_count(path):
    assert not re.search(r"{{\s*[\w.]+\.pk\s*}}", path.read_text()), 'with |stringformat:"s", or 1024 becomes 1,024'


@pytest.mark.parametrize("path", templates(), ids=named)
def test_a_template_can_be_read(path):
    engines["django"].engine.from_string(path.read_text())


def test_only_core_has_css():
    assert [named(path) for path in HOUSE.rglob("*.css") if path.relative_to(HOUSE).parts[0] != "core"] == []


def test_what_is_marked_safe_is_marked_in_core():
    marking = [named(path) for path in sources() if "mark_safe" in path.read_text()]
    assert [path for path in marking if not path.startswith("guildhall/core/")] == []


def test_nobody_listens_to_djangos_save_signals():
    assert [
        named(path) for path in sources() if re.search(r"\b(post_save|pre_save|post_delete|pre_delete)\b", path.read_text())
    ] == []


@pytest.mark.parametrize("hook", list(hooks.values()), ids=str)
def test_a_hook_says_what_it_is_and_has_a_listener(hook):
    kind = {News: "News:", Question: "Question:"}[type(hook)]
    assert (hook.__doc__ or "").strip().startswith(kind)
    listening = f"@listen({hook.declaration.__name__})"
    places = [*sources(), *(PROJECT / "plugins").rglob("*.py")]
    assert any(listening in path.read_text() for path in places), "a new hook ships with a listener"


def _actions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in sources():
        if "actions" in (path.stem, path.parent.name) and path.parent != HOUSE / "core":
            for node in parsed(path).body:
                if isinstance(node, ast.FunctionDef) and any(
                    isinstance(d, ast.Name) and d.id == "action" for d in node.decorator_list
                ):
                    yield path, node


@pytest.mark.parametrize(("path", "function"), list(_actions()), ids=lambda value: getattr(value, "name", ""))
def test_an_action_takes_the_thing_first_then_keywords_and_always_by(path, function):
    arguments = function.args
    assert len(arguments.args) <= 1, "the thing first, everything else by keyword"
    assert "by" in [argument.arg for argument in arguments.kwonlyargs]
    assert ast.get_docstring(function), "an action says what it does"


@pytest.mark.parametrize(("path", "function"), list(_actions()), ids=lambda value: getattr(value, "name", ""))
def test_an_action_never_reads_the_clock(path, function):
    called = {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args
    }
    assert called.isdisjoint({"now", "localdate", "localtime"}), "the moment comes in as `at`"


def _patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, address)
        else:
            yield address, pattern


def test_the_first_segment_of_an_address_names_the_room():
    for address, pattern in _patterns():
        room = pattern.callback.__module__.split(".")[1]
        if pattern.callback.__module__.startswith("guildhall.") and room not in ("core", "portal"):
            assert address.startswith((f"{room}/", "account/", "p/", "oer/")), address


def test_locks_carry_hashes_and_no_address():
    for lock in (PROJECT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text
