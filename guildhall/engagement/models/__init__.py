"""The employer book: what one school knows about the employers it works with, private to that school.

An *employer* is an organisation as one school sees it: who at school looks after it, when they last spoke. The organisation's
name, sector and sites are kept by ``people``. A *person* works there: a *position* says where, as what, and what they
do for us (decide, sign, train, handle personnel), from when, until when.

A *contact* is something that took place: a call, a visit, a mail. A *next step* is what somebody at school has promised to do
until a day; it is done, moved, or dropped with a word why.

An *import* is a file of employers on its way into the book; an *import row* is a line of it that could not go in by itself.
"""

from guildhall.engagement.models.contacts import Contact, NextStep
from guildhall.engagement.models.employers import Employer, Person, Position, sort_key_of
from guildhall.engagement.models.imports import EmployerImport, ImportRow

__all__ = ["Contact", "Employer", "EmployerImport", "ImportRow", "NextStep", "Person", "Position", "sort_key_of"]
