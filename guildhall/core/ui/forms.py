"""Asking people something: a form, its fields and groups of them, and the filters of a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast
from zlib import crc32

from django.forms import BaseForm, BoundField
from django.http import QueryDict
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guildhall.core.forms import Group
from guildhall.core.ui.component import Worked, component, token_of


@component
def field(*, field: BoundField, label: str = "", help: str = "") -> Worked:
    """Draw one field: its label, what helps to fill it, what is wrong with it.

    Args:
        field: of a Django form.
        label: instead of the field's own.
        help: instead of the field's own.
    """


@component
def copyable(*, text: str, label: str) -> Worked:
    """Offer a text to be taken along: to be copied with one click, and to be selected where no script runs.

    Args:
        text: as it is copied.
        label: what it is.
    """
    lines = sum(1 + len(line) // 64 for line in text.splitlines())
    return {"id": f"copy-{crc32(f'{label}{text}'.encode()):x}", "lines": min(max(lines, 1), 8)}


@component
def group(content: str, *, title: str, fields: Iterable[BoundField] = (), folded: bool = False) -> Worked:
    """Set at most seven fields that belong together under the words that say what they have in common.

    The content stands below the fields, for what is more than ``field`` after ``field``.

    Args:
        title: what they have in common.
        fields: of a Django form.
        folded: whether they are out of sight until somebody wants them; fields in which something stands, or is wrong, never are.
    """
    fields = list(fields)
    # What must be filled in always holds something: a country is the school's own until somebody says otherwise.
    open = any(field.errors or (field.value() and not field.field.required) for field in fields)
    return {"fields": fields, "open": open}


@component
def groups(*, form: BaseForm) -> Worked:
    """Draw all fields of a form, in the groups that it names.

    Args:
        form: a Django form; it names them as ``groups = [Group(_("Who"), ["name", "city"]), …]``, or has one without words.
    """
    named = getattr(form, "groups", None) or [Group("", [field.name for field in form.visible_fields()])]
    drawn = []
    for title, names, folded in [Group(*each) for each in named]:
        fields = [form[name] for name in names if name in form.fields]
        drawn.append({"title": title, "fields": fields, "folded": folded})
    return {"groups": drawn}


@component
def form(
    context: Context,
    content: str,
    *,
    form: BaseForm | None = None,
    submit: str = "",
    icon: str = "",
    cancel: str = "",
    action: str = "",
    method: str = "post",
    target: str = "",
    swap: str = "outerHTML",
    trigger: str = "",
    draft: str = "",
    next: str = "",
    id: str = "",
    kind: str = "primary",
    inline: bool = False,
    wide: bool = False,
    csrf: bool = True,
    download: bool = False,
) -> Worked:
    """Draw a form: what is wrong on top, its fields, one button. Works without JavaScript.

    Without content all fields are drawn, as ``groups`` draws them. With content, that is drawn instead: put ``field`` after
    ``field`` there, or ``groups`` and what is to stand beside them.

    Args:
        form: a Django form; None for one that only has content.
        submit: the button's words; "" leaves the button to the content.
        icon: the button's sign.
        cancel: the address to go back to.
        action: where it is sent; "" is the page itself.
        method: "post" or "get".
        target: the CSS selector of what htmx replaces with the answer; without it the page is loaded anew.
        swap: htmx's way of replacing.
        trigger: when htmx sends it, where that is not only by its button, such as "change delay:600ms, submit".
        draft: a name under which the browser keeps what was typed until it was sent, for instance "contact-12".
        next: the address to come back to.
        id: of the form.
        kind: of the button, as for ``button``.
        inline: fields and button in one line where there is room.
        wide: as wide as the page, for fields that stand beside what they are about.
        csrf: False only for forms of visitors that change nothing of anybody.
        download: whether the answer is a file, so that the page stays and the form can be sent again.
    """
    return {
        "content": SafeString(content.strip()),
        "multipart": form is not None and form.is_multipart(),
        "csrf_token": token_of(context) if csrf and method == "post" else "",
        "person": getattr(getattr(context.get("request"), "user", None), "pk", None),
    }


@component
def filter_bar(
    context: Context,
    content: str,
    *,
    form: BaseForm,
    target: str = "",
    label: str = "",
    search: str = "q",
    kept: Sequence[str] = ("sort", "column", "rows"),
    id: str = "",
) -> Worked:
    """Narrow a list down. The filters live in the address, and typing searches at once. Put ``chips`` above the list itself.

    Args:
        form: a Django form bound to ``request.GET``.
        target: the CSS selector of the list, which htmx replaces by the answer.
        label: what is filtered, for those who do not see it.
        search: the name of the field that is typed into.
        kept: what else stands in the address and stays there.
        id: of the filters, where their choices change with the list: its fragment then ends in ``filter_fields`` of that id.
    """
    search_field, fields = _parted(form, search)
    if search_field is not None:
        search_field.field.widget.attrs.setdefault("placeholder", search_field.label)
    return {
        "path": context["request"].path,
        "search_field": search_field,
        "fields": fields,
        "narrowed": any(form.data.get(field.html_name) for field in fields),
        "kept": [(name, value) for name in kept for value in cast(QueryDict, form.data).getlist(name)],
    }


@component
def filter_fields(*, form: BaseForm, id: str, search: str = "q") -> Worked:
    """Draw the filters of a ``filter_bar`` anew, with the choices there are now. Stands at the end of the list's fragment.

    Args:
        form: a Django form bound to ``request.GET``.
        id: the one of the ``filter_bar``.
        search: the name of the field that is typed into: it stays as it is.
    """
    return {"fields": _parted(form, search)[1]}


def _parted(form: BaseForm, search: str) -> tuple[BoundField | None, list[BoundField]]:
    fields = {field.name: field for field in form.visible_fields()}
    return fields.pop(search, None), list(fields.values())


@component
def chips(context: Context, *, form: BaseForm, search: str = "q") -> Worked:
    """Show the filters that are set; each can be taken off again. Stands with the list, so that both change together.

    Args:
        form: the one of the ``filter_bar``.
        search: the name of the field that is typed into: it shows itself.
    """
    asked = cast(QueryDict, form.data)
    chips = []
    for field in form.visible_fields():
        for value in asked.getlist(field.html_name) if field.name != search else []:
            if value:
                query = asked.copy()
                query.setlist(field.html_name, [other for other in query.getlist(field.html_name) if other != value])
                query.pop("page", None)
                chips.append({"label": field.label, "value": words_of(field, value), "url": f"?{query.urlencode()}"})
    return {"chips": chips, "path": context["request"].path}


def words_of(field: BoundField, value: str) -> str:
    """Return what a person would call the value of a field: of a choice its words."""
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return _("yes") if value in ("on", "true", "True") else value
    for key, words in choices:
        if isinstance(words, list | tuple):
            for inner, inner_words in words:
                if str(inner) == value:
                    return str(inner_words)
        elif str(key) == value:
            return str(words)
    return value
