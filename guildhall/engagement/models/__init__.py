"""The employer book: what one school knows about the employers it works with, private to that school.

An *employer* is an organisation as one school sees it: who at school looks after it, when they last spoke. The organisation's
name, sector and sites are kept by ``people``. A *person* works there: a *position* says where, as what, and what they
do for us (decide, sign, train, handle personnel), from when, until when.

A *tag* is a word of the school's own on employers; a *saved view* a way of looking at the list that somebody wants again.

A *contact* is something that took place: a call, a visit, a mail; and if it was more than that, an *activity*: of a kind that the
methodology knows, or that the school added. A *next step* is what somebody at school has promised to do until a day; it is done,
moved, or dropped with a word why.

Two employers or two people that may be one are an *alike pair* until somebody looks at them: they are different, or a *merge*
makes them one, which can be undone.

An *import* is a file of employers on its way into the book; an *import row* is a line of it that could not go in by itself, a
*row choice* what somebody has decided about it.

A *captured mail* is one that somebody forwarded to their *mail address* of the book: on a timeline, or still to be filed.

A *needs interview* is what one employer is asked, once: in a talk, or by a link; a *need* is one thing it said then. Two words of
employers may be the *same need*.

A *mailing* is a letter to one person at an employer or to many; a *letter* is how one of them gets it, whether it came back, and
what they answered. A *letter template* is one that is written again and again.

A *methodology* is a version of how a school works with employers, in words of several languages; it is nobody's in particular.
From an *interview* with a school it gives a *plan*: *plan areas* in order, *plan steps* with days, *plan indicators* with how it
was at the beginning; after each quarter a *plan review* looks back and leads on. A *published tool* is one of its papers in one
language, as a resource of the library.

A *consortium* is schools that let each other know which employers they talk to: a *shared employer* is one of which a school does
so, a *common employer* one that two of them share.
"""

from guildhall.engagement.models.activities import OwnActivity
from guildhall.engagement.models.book import SavedView, Tag
from guildhall.engagement.models.consortia import CommonEmployer, Consortium, ConsortiumMember, SharedEmployer
from guildhall.engagement.models.contacts import Contact, NextStep
from guildhall.engagement.models.employers import Employer, EmployerQuerySet, Person, Position, sort_key_of
from guildhall.engagement.models.exports import Calendar, Export
from guildhall.engagement.models.imports import EmployerImport, ImportedThing, ImportRow
from guildhall.engagement.models.mail import CapturedMail, MailAddress
from guildhall.engagement.models.mailings import (
    Letter,
    LetterSettings,
    LetterTemplate,
    Mailing,
    MailingWords,
    TemplateWords,
    Why,
)
from guildhall.engagement.models.merging import (
    AlikeEmployers,
    AlikePair,
    AlikePeople,
    DuplicateSearch,
    LikenessKey,
    Merge,
)
from guildhall.engagement.models.methodology import Methodology, Words
from guildhall.engagement.models.needs import Need, NeedQuerySet, NeedsInterview, SameNeed
from guildhall.engagement.models.plans import Interview, Plan, PlanArea, PlanIndicator, PlanReview, PlanStep
from guildhall.engagement.models.portfolio import PortfolioMonth
from guildhall.engagement.models.row_choices import RowChoice
from guildhall.engagement.models.toolkit import PublishedTool

__all__ = [
    "AlikeEmployers",
    "AlikePair",
    "AlikePeople",
    "Calendar",
    "CapturedMail",
    "CommonEmployer",
    "Consortium",
    "ConsortiumMember",
    "Contact",
    "DuplicateSearch",
    "Employer",
    "EmployerImport",
    "EmployerQuerySet",
    "Export",
    "ImportRow",
    "ImportedThing",
    "Interview",
    "Letter",
    "LetterSettings",
    "LetterTemplate",
    "LikenessKey",
    "MailAddress",
    "Mailing",
    "MailingWords",
    "Merge",
    "Methodology",
    "Need",
    "NeedQuerySet",
    "NeedsInterview",
    "NextStep",
    "OwnActivity",
    "Person",
    "Plan",
    "PlanArea",
    "PlanIndicator",
    "PlanReview",
    "PlanStep",
    "PortfolioMonth",
    "Position",
    "PublishedTool",
    "RowChoice",
    "SameNeed",
    "SavedView",
    "SharedEmployer",
    "Tag",
    "TemplateWords",
    "Why",
    "Words",
    "sort_key_of",
]
