from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "guildhall.core"
    label = "core"

    def ready(self) -> None:
        # Hooks first: a receiver may only join what has been declared.
        autodiscover_modules("hooks")
        autodiscover_modules("receivers")
        autodiscover_modules("tasks")
