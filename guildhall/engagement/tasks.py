"""Work of this room that goes on after the answer."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.errors import Refused
from guildhall.core.models import Progress
from guildhall.core.progress import steps
from guildhall.core.tasks import OUTWARD, part, pause, schedule, task
from guildhall.engagement.actions import alike, deciding, imports, posting, standing, taking_back
from guildhall.engagement.actions import toolkit as library_tools
from guildhall.engagement.importing.lot import PORTION
from guildhall.engagement.likeness import firms, people
from guildhall.engagement.likeness.blocking import Blocks
from guildhall.engagement.likeness.book import firms_of, people_of
from guildhall.engagement.mailing.fetching import fetch
from guildhall.engagement.mailing.receiving import receive
from guildhall.engagement.methodology import toolkit
from guildhall.engagement.models import Employer, EmployerImport, Letter, Mailing, Methodology, Person
from guildhall.engagement.portfolio import counted_by_month
from guildhall.engagement.writing.handing import NobodyKnows, hand_over, mail_server
from guildhall.people.models import Membership, Organisation, User


@task(in_parts=True)
def check_list(progress_id: str, import_id: int) -> None:
    """Compare a file of employers with the book; nothing is written into it."""
    progress = Progress.objects.get(pk=progress_id)
    brought = _brought(import_id)
    if brought is None or brought.progress_id != progress.pk:
        return
    portions = []
    for decisions in imports.lot_of(brought).check():
        pause()
        portions.append(decisions)
        progress.done = min(len(portions) * PORTION, progress.total)
        progress.save(update_fields=["done"])
    with part():
        imports.keep_check(brought, progress=progress, portions=portions, by=brought.uploaded_by, at=now())


@task(in_parts=True)
def import_list(progress_id: str, import_id: int) -> None:
    """Write a file of employers into the book, portion by portion."""
    progress = Progress.objects.get(pk=progress_id)
    brought = _brought(import_id)
    if brought is None or brought.finished_at is not None:
        return
    lot = imports.lot_of(brought)
    lot.go_on_from(progress.done)
    for step in steps(progress, lot.rows, size=PORTION):
        with step as rows:
            imports.let_rows_in(brought, lot=lot, rows=rows, by=brought.uploaded_by, at=now())
    with part():
        imports.finish_import(brought, by=brought.uploaded_by, at=now())


@task(in_parts=True)
def import_decided(progress_id: str, import_id: int, numbers: list[int]) -> None:
    """Write rows that were decided after their import into the book, portion by portion."""
    progress = Progress.objects.get(pk=progress_id)
    brought = _brought(import_id)
    if brought is None:
        return
    by = User.objects.filter(pk=progress.owner_id).first()
    for step in steps(progress, numbers, size=PORTION):
        with step as portion:
            deciding.let_decided_in(brought, numbers=portion, by=by, at=now())
    with part():
        deciding.finish_decided(brought, by=by, at=now())


@task(in_parts=True)
def take_back_list(progress_id: str, import_id: int) -> None:
    """Take out of the book again what an import brought, portion by portion."""
    progress = Progress.objects.get(pk=progress_id)
    brought = _brought(import_id)
    if brought is None or brought.state != EmployerImport.State.TAKING_BACK:
        return
    units = taking_back.units_of(brought)
    progress.done = taking_back.dealt_with(brought, units)
    for step in steps(progress, units, size=taking_back.PORTION):
        with step as portion:
            taking_back.take_back_portion(brought, units=portion, by=brought.taken_back_by, at=now())
    with part():
        taking_back.finish_taking_back(brought, by=brought.taken_back_by, at=now())


def _brought(import_id: int) -> EmployerImport | None:
    """The import, unless somebody has taken it back in the meantime."""
    return EmployerImport.objects.select_related("school", "uploaded_by", "taken_back_by", "file").filter(pk=import_id).first()


@task(in_parts=True)
def search_duplicates(progress_id: str, school_id: int) -> None:
    """Compare what is in a school's book with itself; everything it found is kept at once, at the end."""
    progress = Progress.objects.get(pk=progress_id)
    school = Organisation.objects.get(pk=school_id)
    progress.done = 0  # what an earlier attempt did is lost with its worker
    progress.total = Employer.objects.in_book_of(school).count() + Person.objects.filter(school=school).count()
    progress.say(gettext_noop("Comparing the employers"))
    keys: dict[int, Collection[int]] = {}
    employers = alike.likest(_compared(progress, firms_of(school), firms, keys))
    progress.say(gettext_noop("Comparing the people"))
    of_people = alike.likest(_compared(progress, people_of(school), people, {}))
    progress.say(gettext_noop("Writing down what was found"))
    by = User.objects.filter(pk=progress.owner_id).first()
    with part():
        alike.keep_search(school, employers=employers, people=of_people, keys=keys, by=by, at=now())


def _compared(progress: Progress, read: Iterable[Any], kind: Any, keys: dict[int, Collection[int]]) -> Iterator[alike.Compared]:
    """Compare each entry with those that have something in common with it, note its keys, and say on the way how far it is."""
    entries = list(read)
    keys |= {entry.pk: array("q", kind.keys_of(entry)) for entry in entries}
    blocks = Blocks(list(keys.values()), [entry.sorted_name for entry in entries])
    for at, entry in enumerate(entries):
        if at % 500 == 0:
            pause()
            progress.save(update_fields=["done", "total"])
        for other in blocks.later(at):
            yield entry.pk, entries[other].pk, kind.likeness(entry, entries[other])
        progress.done += 1


@schedule(every="1 hour")
@task(in_parts=True)
def refresh_standings() -> None:
    """Find anew where employers stand whose day has come: on it the level or a pane differs by time alone."""
    at = now()
    tomorrow = (at + timedelta(days=1)).date()  # somewhere on earth it is tomorrow by now
    schools = Organisation.objects.filter(book__standing_changes_on__lte=tomorrow).distinct()
    for school in schools.order_by("pk"):
        due = Employer.objects.in_book_of(school).standing_due(at.astimezone(school.zone).date())
        waiting = iter(list(due.order_by("pk").values_list("pk", flat=True)))
        while numbers := list(islice(waiting, PORTION)):
            pause()
            with part():
                standing.refresh_standings(school, numbers=numbers, by=None, at=at)


@schedule(daily_at="03:35")
@task(in_parts=True)
def count_portfolios() -> None:
    """Count anew how the employers of each school stood at the beginning of the last twelve months."""
    for school in Organisation.objects.filter(book__last_contact_at__isnull=False).distinct().order_by("pk"):
        pause()
        count_portfolio(school)


def count_portfolio(school: Organisation) -> None:
    """Count anew how the employers of one school stood at the beginning of the last twelve months."""
    at = now()
    months = counted_by_month(school, at.astimezone(school.zone).date())
    with part():
        standing.keep_portfolio(school, months=months, by=None, at=at)


# Nobody waits for it, and each tool is a task of its own: whatever somebody waits for goes first.
@task(in_parts=True, priority=-10)
def publish_tool(key: str, organisation_id: int) -> None:
    """Print one tool in all languages, and let the library have it as it is."""
    held = Membership.objects.managing().filter(organisation=organisation_id).select_related("user", "organisation")
    manager = held.order_by("pk").first()
    methodology = Methodology.objects.newest()
    if manager is None:
        raise Refused(_("There is no manager in whose name the tools could be published."))
    if methodology is None or key not in toolkit.outdated(methodology):
        return
    wanted = [edition for (of, _language), edition in toolkit.editions(methodology).items() if of == key]
    missing = [edition for edition in wanted if not toolkit.is_there(edition)]
    # Language by language, so that nobody who writes meanwhile has to wait for long.
    for files in [{edition.language: edition} for edition in missing] or [{}]:
        pause()
        printed = {language: toolkit.printed(edition) for language, edition in files.items()}
        with part():
            library_tools.publish_tool(
                manager.organisation, key=key, methodology=methodology, printed=printed, by=manager.user, at=now()
            )


# Twelve attempts wait for seventeen hours in all, as letters of other kinds do.
@task(attempts=12, backoff=timedelta(seconds=30), in_parts=True, queue=OUTWARD)
def send_letters(*, mailing_id: int, run: int) -> None:
    """Hand as many letters of a mailing to the mail server as may go in a minute, then ask for more.

    A letter is noted as going in one transaction, handed over, and noted as sent in another: the mail server is part of neither.
    One whose second note is missing, because the worker died or the server fell silent, may have gone out. It is left for
    somebody to decide about rather than sent again: to an employer two letters are worse than a question to a colleague.
    """
    mailing = Mailing.objects.select_related("school").filter(pk=mailing_id, run=run, state=Mailing.State.SENDING).first()
    if mailing is None:
        return  # stopped, or another run goes on with it
    with part():
        posting.note_unsure(mailing, by=None, at=now())
    lately = Letter.objects.filter(sent_at__gt=now() - posting.PORTION_EVERY).count()
    waiting = mailing.letters.waiting().order_by("tried", "pk").values_list("pk", flat=True)
    if numbers := list(waiting[: max(settings.MAILS_PER_MINUTE - lately, 0)]):
        with mail_server() as connection:
            for number in numbers:
                pause()
                _send_letter(number, connection, run)
    with part():
        posting.end_portion(mailing, run=run, by=None, at=now())


def _send_letter(number: int, connection: Any, run: int) -> None:
    letter = Letter.objects.select_related("mailing", "employer__organisation", "person").get(pk=number)
    with part():
        outgoing = posting.take_up_letter(letter, run=run, by=None, at=now())
    if outgoing is None:
        return
    try:
        said = hand_over(outgoing.message, connection)
    except NobodyKnows:
        with part():
            posting.note_unsure(outgoing.letter.mailing, by=None, at=now())
        raise
    with part():
        posting.note_handed_over(outgoing.letter, said=said, by=None, at=now())


@task(in_parts=True, attempts=1)
def fetch_mails() -> None:
    """Fetch the mails that people forwarded into the book from the mailbox; what cannot be fetched waits for the next visit."""
    if settings.MAIL_IN_DOMAIN:
        take = partial(receive, at=now())
        fetch(settings.MAIL_IN_IMAP, largest_mb=settings.MAX_UPLOAD_MB, take=take, between=pause)


if settings.MAIL_IN_IMAP:
    schedule(every="2 minutes")(fetch_mails)
