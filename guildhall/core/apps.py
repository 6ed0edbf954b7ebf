from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from guildhall.core.forms import say_what_is_missing


class CoreConfig(AppConfig):
    name = "guildhall.core"
    label = "core"

    def ready(self) -> None:
        say_what_is_missing()
        # Hooks first: a receiver may only join what has been declared.
        autodiscover_modules("hooks")
        autodiscover_modules("receivers")
        autodiscover_modules("tasks")
