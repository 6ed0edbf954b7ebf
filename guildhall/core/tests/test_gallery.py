"""The gallery shows every component."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guildhall.core.gallery import sign_names
from guildhall.core.ui import components

ADDRESS = "/ui/"
CORE = Path(__file__).parent.parent


@pytest.mark.django_db
def test_every_component_appears_in_the_gallery(client):
    shown = client.get(ADDRESS).content.decode()
    assert [name for name in components if f"{{% {name} " not in shown and f"{{% {name}%" not in shown] == []


@pytest.mark.django_db
def test_the_gallery_gives_a_visitor_no_cookie(client):
    assert not client.get(ADDRESS).cookies


def test_every_sign_a_template_asks_for_is_there():
    templates = CORE.parent.rglob("templates/**/*.html")
    asked = {sign for path in templates for sign in re.findall(r'(?:icon|{% icon name)="([\w-]+)"', path.read_text())}
    assert asked - set(sign_names()) == set()
