"""Making the case study films that come with Guildhall: drawn scenes, a synthetic voice, captions in all languages.

They are illustrations and say so in the picture. ``script`` reads what happens, ``drawing`` draws it, ``speaking`` has it read
out, ``cutting`` makes a film of both.
"""
