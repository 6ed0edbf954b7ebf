"""The components of every page. Each is one function here, one template of its name in ``templates/ui/``, and in the gallery."""

from guildhall.core.ui import basics, films, forms, lists, maps, pages, pictures
from guildhall.core.ui.component import components, register

__all__ = ["basics", "components", "films", "forms", "lists", "maps", "pages", "pictures", "register"]
