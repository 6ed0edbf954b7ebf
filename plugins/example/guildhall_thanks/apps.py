from django.apps import AppConfig


class ThanksConfig(AppConfig):
    name = "guildhall_thanks"
    label = "thanks"
