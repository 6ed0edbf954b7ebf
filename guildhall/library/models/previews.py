from __future__ import annotations

from django.db import models

from guildhall.core.models import StoredFile


class Preview(models.Model):
    """What a worker found in a file: that it looked, and a ZIP with its pages if it can be shown (``library.looking``).

    It belongs to the file, not to a part: a translation has the files of its original.
    """

    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, related_name="+")
    packed = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.RESTRICT, related_name="+")
    #: How many pages can be shown, and how many there are; both 0 of what has none, such as a Word file.
    pages = models.PositiveSmallIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.file} ({self.pages})"
