"""What people do in the employer book."""

from guildhall.engagement.actions.activities import (
    add_own_activity,
    change_own_activity,
    offer_own_activity,
    retire_own_activity,
)
from guildhall.engagement.actions.alike import doubt_again, search_duplicates, tell_apart
from guildhall.engagement.actions.answers import note_answer
from guildhall.engagement.actions.book import (
    hand_over_employers,
    plan_for_employers,
    remove_view,
    rest_employers,
    save_view,
    tag_employers,
    untag_employers,
)
from guildhall.engagement.actions.consortia import (
    accept_invitation,
    begin_consortium,
    decline_invitation,
    end_consortium,
    forget_consortia,
    invite_school,
    leave_consortium,
    remove_school,
)
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
from guildhall.engagement.actions.exports import (
    export_book,
    export_employers,
    forget_exports,
    make_calendar,
    remove_calendar,
)
from guildhall.engagement.actions.history import put_back
from guildhall.engagement.actions.mail import (
    drop_mail,
    file_mail,
    forget_mail_of,
    forget_quotes,
    forget_unfiled_mails,
    hand_over_mails,
    keep_mail,
    make_mail_address,
    switch_off_mail_address,
    take_back_mail,
)
from guildhall.engagement.actions.merging import forget_merges, merge_employers, merge_people, undo_merge
from guildhall.engagement.actions.methodology import load_methodology
from guildhall.engagement.actions.people import (
    add_person,
    allow_writing,
    change_person,
    end_position,
    forbid_writing,
    forget_people,
    move_person,
)
from guildhall.engagement.actions.sharing import share_employer, share_employers, unshare_employer, unshare_employers
from guildhall.engagement.actions.standing import refresh_standings
from guildhall.engagement.actions.steps import add_step, drop_step, finish_step, move_step, reopen_step, take_back_move
from guildhall.engagement.actions.taking_back import take_back_import
from guildhall.engagement.actions.toolkit import publish_tool, publish_tools

__all__ = [
    "accept_invitation",
    "add_employer",
    "add_own_activity",
    "add_person",
    "add_site",
    "add_step",
    "allow_writing",
    "begin_consortium",
    "change_contact",
    "change_employer",
    "change_own_activity",
    "change_person",
    "change_site",
    "close_site",
    "decline_invitation",
    "doubt_again",
    "drop_mail",
    "drop_step",
    "end_consortium",
    "end_position",
    "export_book",
    "export_employers",
    "file_mail",
    "finish_step",
    "forbid_writing",
    "forget_consortia",
    "forget_exports",
    "forget_mail_of",
    "forget_merges",
    "forget_people",
    "forget_quotes",
    "forget_unfiled_mails",
    "hand_over_employer",
    "hand_over_employers",
    "hand_over_mails",
    "hand_over_work",
    "invite_school",
    "keep_mail",
    "leave_consortium",
    "load_methodology",
    "make_calendar",
    "make_mail_address",
    "merge_employers",
    "merge_people",
    "move_person",
    "move_step",
    "note_answer",
    "offer_own_activity",
    "plan_for_employers",
    "publish_tool",
    "publish_tools",
    "put_back",
    "record_contact",
    "refresh_standings",
    "remove_calendar",
    "remove_contact",
    "remove_school",
    "remove_view",
    "reopen_step",
    "rest_employers",
    "retire_own_activity",
    "save_view",
    "search_duplicates",
    "share_employer",
    "share_employers",
    "switch_off_mail_address",
    "tag_employers",
    "take_back_import",
    "take_back_mail",
    "take_back_move",
    "tell_apart",
    "undo_merge",
    "unshare_employer",
    "unshare_employers",
    "untag_employers",
]
