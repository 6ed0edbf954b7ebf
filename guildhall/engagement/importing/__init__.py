"""Bringing somebody's spreadsheet into the employer book: calculations, in the order in which a file goes through them.

``reading``: which encoding, delimiter and headings a file has, and its records. ``mapping``: which column holds what.
``understanding``: what one row says, or what is wrong with it. ``naming``: when two names, streets or towns are the same.
``planning``: what all rows together mean for a book: new, changed, unchanged, unclear. ``book``: what a school's book holds,
fetched as far as a portion of rows needs it.
"""
