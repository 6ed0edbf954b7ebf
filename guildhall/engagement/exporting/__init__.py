"""Taking the employer book along: calculations that turn what is kept into files of others. What and why: docs/decisions/0006.

``table``: employers as the list shows them, as Excel, CSV or JSON. ``formulas``: why no text of ours is one. ``whole``: the whole
book as JSON. ``vcard``: people for an address book. ``calendar``: next steps and visits for a calendar. ``sheet``: an employer
on paper.
"""
