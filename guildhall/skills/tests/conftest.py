import pytest

from guildhall.skills import taxonomy


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What a test loads is rolled back, but the process would remember it."""
    taxonomy.forget()
    yield
    taxonomy.forget()
