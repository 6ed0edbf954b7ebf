"""The door granian knocks at."""

import gc
import os
from threading import Thread
from wsgiref.types import WSGIApplication

from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver

from guildhall.core.stack import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guildhall.config.settings")
application = with_room(get_wsgi_application())
# Load all pages now: else the first person waits for it, and a mistake in one shows only then.
_ = get_resolver().url_patterns
# What is loaded by now stays, so nobody need look through it for what can go. A page makes some ten thousand objects, of which
# nearly all go by themselves; looking after every 700, as Python does, is a twelfth of what a page costs.
gc.freeze()
gc.set_threshold(10_000)


def serve() -> WSGIApplication:
    """Return the application, and let the rooms get ready for the first person. ``application`` alone does without that."""

    def tell() -> None:
        from guildhall.core.questions import serving_began  # there once the rooms are

        serving_began.announce()
        connections.close_all()  # this thread's

    Thread(target=tell, name="serving-began", daemon=True).start()
    return application
