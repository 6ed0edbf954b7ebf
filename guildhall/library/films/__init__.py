"""Films: calculations and work on bytes, in the order in which a film goes through them.

``receiving``: the pieces of an upload. ``encoding``: the process that reads a film and makes what is shown of it, within limits.
``fragments``: where the pieces of what it made lie. ``making``: how that process is called, and what it says on the way.
``streaming``: those pieces as lists for players. ``tracks``: captions and their kin, read strictly and written
plainly. ``transcripts``: what is said when, for reading and for search. ``showing``: what a page shows of a film.
"""
