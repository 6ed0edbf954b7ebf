"""What an API needs and no room owns: problems, pages of lists, versions, keys of repeated requests, the document and its page.

A room has a package ``api`` with a router for each kind of thing; ``guildhall/config/api.py`` puts them together. A route finds
the thing among those its person may see, fills the form of the page with what was sent, calls one action, and answers.
"""

from guildhall.core.api.filling import filled
from guildhall.core.api.paging import Order, PageOf, Paging, page_of
from guildhall.core.api.problems import Invalid, Problem
from guildhall.core.api.versions import carry_version, unchanged_since

__all__ = [
    "Invalid",
    "Order",
    "PageOf",
    "Paging",
    "Problem",
    "carry_version",
    "filled",
    "page_of",
    "unchanged_since",
]
