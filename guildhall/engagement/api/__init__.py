"""The employer book for programs: everything its pages do, by the same rules, with the same sentences.

One module for each kind of thing, with its schemas above its routes. ``things`` finds what a person may see and tells it as data.
"""

from guildhall.engagement.api import (
    contacts,
    duplicates,
    employers,
    exports,
    history,
    imports,
    mail,
    many,
    people,
    schools,
    sites,
    steps,
    tags,
    views,
)

#: Every router, under the name of its chapter, in the order in which they are read.
ROUTERS = {
    "Schools": schools.router,
    "Employers": employers.router,
    "Sites": sites.router,
    "People": people.router,
    "Contacts": contacts.router,
    "Next steps": steps.router,
    "Tags": tags.router,
    "Saved views": views.router,
    "Many at once": many.router,
    "History": history.router,
    "Duplicates": duplicates.router,
    "Exports and calendars": exports.router,
    "Imports": imports.router,
    "Mail": mail.router,
}
