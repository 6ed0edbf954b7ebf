"""What people do in the library."""

from guildhall.library.actions.films import begin_upload, bring_film, drop_upload, finish_upload, make_again, remove_film
from guildhall.library.actions.harvests import (
    add_harvest,
    begin_harvest,
    change_harvest,
    pause_harvest,
    remove_harvest,
    resume_harvest,
)
from guildhall.library.actions.opinions import (
    change_collection,
    collect,
    collect_in_new,
    make_collection,
    remove_collection,
    review_resource,
    take_back_review,
    take_back_use,
    tell_of_use,
    uncollect,
)
from guildhall.library.actions.parts import add_part, name_part, remove_part
from guildhall.library.actions.prompts import add_prompt, answer_prompt, change_prompt, remove_prompt, take_back_answer
from guildhall.library.actions.publishing import (
    hand_in,
    publish_resource,
    send_back,
    take_up_again,
    withdraw_resource,
)
from guildhall.library.actions.resources import change_resource, drop_draft, start_resource
from guildhall.library.actions.sources import add_source, remove_source
from guildhall.library.actions.tracks import add_track, change_track, look_through_track, remove_track
from guildhall.library.actions.translations import ask_machine, catch_up, look_through, start_translation, take_machine_words

__all__ = [
    "add_harvest",
    "add_part",
    "add_prompt",
    "add_source",
    "add_track",
    "answer_prompt",
    "ask_machine",
    "begin_harvest",
    "begin_upload",
    "bring_film",
    "catch_up",
    "change_collection",
    "change_harvest",
    "change_prompt",
    "change_resource",
    "change_track",
    "collect",
    "collect_in_new",
    "drop_draft",
    "drop_upload",
    "finish_upload",
    "hand_in",
    "look_through",
    "look_through_track",
    "make_again",
    "make_collection",
    "name_part",
    "pause_harvest",
    "publish_resource",
    "remove_collection",
    "remove_film",
    "remove_harvest",
    "remove_part",
    "remove_prompt",
    "remove_source",
    "remove_track",
    "resume_harvest",
    "review_resource",
    "send_back",
    "start_resource",
    "start_translation",
    "take_back_answer",
    "take_back_review",
    "take_back_use",
    "take_machine_words",
    "take_up_again",
    "tell_of_use",
    "uncollect",
    "withdraw_resource",
]
