"""Bringing somebody's spreadsheet into the employer book: calculations, in the order in which a file goes through them.

``sheets``: the sheet of a workbook that holds the list, as text; ``unpacking``: the process that makes it one.
``reading``: which encoding, delimiter and headings a file has, and its records. ``mapping``: which column holds what.
``memory``: which column held what in an earlier file with the same headings.
``namesakes``: whether the column of names tells employers apart, or another one does.
``understanding``: what one row says, or what is wrong with it. ``naming``: when two names, streets or towns are the same.
``planning``: what all rows together mean for a book: new, changed, unchanged, unclear. ``book``: what a school's book holds,
fetched as far as a portion of rows needs it.
"""
