"""Makes the components of ``guildhall.core.ui`` known to templates, where they are built in: nothing needs loading."""

from guildhall.core.ui import register

__all__ = ["register"]
