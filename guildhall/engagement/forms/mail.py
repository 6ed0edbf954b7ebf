from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.engagement.models import CapturedMail


class FindForm(forms.Form):
    """A search for the employer to whom a mail belongs."""

    q = forms.CharField(label=gettext_lazy("Find an employer"), required=False, max_length=100)


class AlwaysForm(forms.Form):
    """Whether later mails of the same address shall go the same way."""

    always = forms.BooleanField(required=False)

    def __init__(self, *args: Any, mail: CapturedMail, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address = mail.other_address
        self.fields["always"].label = _("Always file mails of %(address)s there") % {"address": address}
        self.fields["always"].help_text = _("%(person)s is noted as somebody who works there.") % {"person": mail.other}
