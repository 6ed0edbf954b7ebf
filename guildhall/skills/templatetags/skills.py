"""Codes in people's words, for templates of every room: a builtin, nothing needs loading."""

from django import template

from guildhall.skills import taxonomy

register = template.Library()


@register.filter
def in_words(code: str, scheme: str) -> str:
    """Return what a code is called in the active language: ``{{ organisation.nace|in_words:"nace" }}``; "" for no code."""
    return taxonomy.label(scheme, code) if code else ""
