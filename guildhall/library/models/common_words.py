"""What common words of the library answer, gathered ahead: see ``library/common_words.py``."""

from __future__ import annotations

from django.db import models


class CommonWord(models.Model):
    """The public resources that have a common word, or any word with a common beginning, as they were at a number of changes.

    It can be thrown away at any time: what is not gathered is asked of the index.
    """

    #: As in the index; a beginning ends in an asterisk.
    token = models.CharField(max_length=60, primary_key=True)
    number = models.BigIntegerField()
    #: Packed; bit n stands for the resource of the number n.
    resources = models.BinaryField()

    def __str__(self) -> str:
        return self.token
