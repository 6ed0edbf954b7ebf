"""What people do in the employer book."""

from guildhall.engagement.actions.contacts import change_contact, record_contact, remove_contact
from guildhall.engagement.actions.employers import (
    add_employer,
    add_site,
    change_employer,
    change_site,
    close_site,
    hand_over_employer,
    hand_over_work,
)
from guildhall.engagement.actions.people import (
    add_person,
    allow_writing,
    change_person,
    end_position,
    forbid_writing,
    forget_people,
)
from guildhall.engagement.actions.steps import add_step, drop_step, finish_step, move_step, reopen_step, take_back_move

__all__ = [
    "add_employer",
    "add_person",
    "add_site",
    "add_step",
    "allow_writing",
    "change_contact",
    "change_employer",
    "change_person",
    "change_site",
    "close_site",
    "drop_step",
    "end_position",
    "finish_step",
    "forbid_writing",
    "forget_people",
    "hand_over_employer",
    "hand_over_work",
    "move_step",
    "record_contact",
    "remove_contact",
    "reopen_step",
    "take_back_move",
]
