"""Whether two entries of a book are the same firm or the same person written differently: calculations.

``writing``: names, numbers and addresses in the form in which they are compared. ``firms`` and ``people``: how likely two of them
are one, and why (``reasons``). ``blocking``: which ones are worth comparing at all. ``book``: what a school's book says,
read in as few questions as possible. How good this is, and how that was found out: docs/decisions/0005-duplicates.md.
"""
