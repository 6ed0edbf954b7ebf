"""The methodology: how a school works with employers, as content that is read, kept and calculated with.

Two levels of three areas each. Its words are in ``content/methodology``, a folder per language; what is the same in every
language is beside them.
"""
