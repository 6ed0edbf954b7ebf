"""The two ways in which Guildhall says no. Anything else that is raised is a bug and looks like one."""

from django.utils.functional import Promise


class Refusal(Exception):
    """A no with a sentence for the person who asked; the same on page, fragment and API."""

    status = 400

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class NotAllowed(Refusal):
    """Not you: the rule says that this person may not do this."""

    status = 403


class Refused(Refusal):
    """Not now: the state of things does not permit it."""

    status = 409
