import pytest

from guildhall.skills import taxonomy
from guildhall.skills.models import Concept, Label, Scheme


@pytest.fixture
def nothing_loaded(db):
    """A house in which no taxonomy has been loaded yet."""
    for model in (Label, Concept, Scheme):
        model.objects.all()._raw_delete("default")
    taxonomy.forget()
    yield
    taxonomy.forget()
