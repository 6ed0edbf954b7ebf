"""Words about people's devices, for templates: ``{% load people %}``."""

from __future__ import annotations

from django.template import Library

from guildhall.people.devices import device_in_words

register = Library()
register.filter("device", device_in_words)
