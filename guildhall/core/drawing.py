"""Drawing a template by itself, as components and form fields are: many on a page, each of them small."""

from __future__ import annotations

from typing import Any

from django.template import Context, Template
from django.utils.safestring import SafeString


def draw_alone(template: Template, shown: dict[str, Any]) -> SafeString:
    """Render a template by itself: as ``Template.render`` does, less what that prepares for templates within templates."""
    context = Context(shown)
    context.template = context.render_context.template = template
    return template.nodelist.render(context)
