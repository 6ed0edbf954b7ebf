"""Two people at the same form: what only one of them changed is kept, what both changed is asked, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from guildhall.core.history import actor_of, last_changes
from guildhall.core.ui.forms import words_of

#: What has more letters does not go into a sentence.
LONG = 300


class MeanwhileMixin(forms.BaseForm):
    """A form over things that somebody else may change while it is open.

    Each field carries along what it said when the form was opened. When it is sent, a field that only others changed takes what
    they wrote; one that only this person changed takes what this person wrote; where both did, the second is told what
    stands there now, keeps their own words in the field, and decides by sending it again.

    A form says at the end of its ``__init__`` what it is over: ``self.carry_along(thing)``. What is too long for a sentence is in
    ``theirs``, each field with what stands there now; the page shows it above the form.
    """

    edited: tuple[Any, ...] = ()
    theirs: Sequence[tuple[forms.BoundField, str]] = ()

    def carry_along(self, *things: Any) -> None:
        """Begin to notice what others change of the things behind the fields; in their history stands who it was."""
        self.edited = things
        for name, field in self.fields.items():
            field.show_hidden_initial = True
            carried = self.add_initial_prefix(name)
            is_list = isinstance(field.hidden_widget(), forms.MultipleHiddenInput)
            if is_list and isinstance(self.data, QueryDict) and self.data and carried not in self.data:
                # A browser does not send a list without choices, and Django would draw what was sent as what had been there.
                self.data = self.data.copy()
                self.data.setlist(carried, [])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        clashing = [name for name in self.fields if name in cleaned and self._was_changed_by_both(name, cleaned)]
        if clashing:
            changes = last_changes(self.edited)
            self.data = cast(QueryDict, self.data).copy()  # drawn again, the form is as if opened now
            for name in clashing:
                self._tell(name, str(actor_of(changes[name].line) or "") if name in changes else "")
        return cleaned

    def _was_changed_by_both(self, name: str, cleaned: dict[str, Any]) -> bool:
        """Whether it has to be asked. What only others changed is taken over on the way."""
        bound, field = self[name], self.fields[name]
        opened = field.hidden_widget().value_from_datadict(self.data, self.files, bound.html_initial_name)
        now = self.get_initial_for_field(field, name)
        if opened is None or not _differs(field, now, opened):
            return False
        if not _differs(field, field.to_python(opened), bound.data):
            cleaned[name] = field.to_python(field.prepare_value(now))
            return False
        return _differs(field, now, bound.data)

    def _tell(self, name: str, who: str) -> None:
        bound, field = self[name], self.fields[name]
        now = field.prepare_value(self.get_initial_for_field(field, name))
        values = ["" if value is None else value for value in (now if isinstance(now, list | tuple) else [now])]
        cast(QueryDict, self.data).setlist(bound.html_initial_name, values)
        words = {"person": who, "value": ", ".join(words_of(bound, str(value)) for value in values)}
        if len(words["value"]) > LONG:
            self.theirs = [*self.theirs, (bound, words["value"])]
            sentence = _(
                "This was changed while you had it open: what stands there now is shown above. "
                "Yours is kept here: send it again to put it there."
            )
        elif who:
            sentence = _(
                "%(person)s changed this to “%(value)s” while you had it open. Yours is kept here: send it again to put it there."
            )
        else:
            sentence = _(
                "This was changed to “%(value)s” while you had it open. Yours is kept here: send it again to put it there."
            )
        self.add_error(name, sentence % words)


def _differs(field: forms.Field, one: Any, other: Any) -> bool:
    return field.has_changed(_lines(one), _lines(other))


def _lines(value: Any) -> Any:
    """Browsers end lines in their own way, and fields cut off the space at the ends; neither is a change."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
