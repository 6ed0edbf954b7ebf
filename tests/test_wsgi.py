"""The door of the web server."""

from threading import Event, current_thread

from guildhall.config import wsgi
from guildhall.core.questions import serving_began


def test_the_rooms_hear_beside_it_that_a_process_serves(monkeypatch):
    heard = Event()
    began = []

    def announce():
        began.append(current_thread())
        heard.set()

    monkeypatch.setattr(serving_began, "announce", announce)
    assert wsgi.serve() is wsgi.application
    assert heard.wait(10)
    assert began != [current_thread()]
