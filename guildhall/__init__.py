"""Guildhall: the open platform on which schools and companies do work-based learning together."""

__version__ = "0.1.0"
