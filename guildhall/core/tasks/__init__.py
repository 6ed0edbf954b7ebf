"""Tasks: work that goes on after the answer. Declared in a room's ``tasks.py``, asked for by name, run by ``guildhall worker``.

::

    @task(attempts=8, backoff=timedelta(seconds=30))
    def send_mail(mail_id: int) -> None: ...

    @schedule(daily_at="03:10")
    @task()
    def apply_retention() -> None: ...

An action asks for the work inside its transaction, so the task exists if and only if what it is about exists::

    defer("people.send_mail", mail_id=mail.pk)

What a task does and the note that it was done are one transaction: it happens once, whatever is killed when. A task that takes
longer than about a second, or speaks to the outside world, must not hold a transaction open all that time: it is declared
``@task(in_parts=True)`` and opens one itself for each part, with ``part()`` or, where somebody watches, with ``steps``
(``guildhall.core.progress``). An interrupted task is run again from the start, so parts already done must be told from the
others: ``steps`` sees to that. Nothing can make a letter handed to a mail server part of a transaction; note before and after.

A task that raises is tried again, later and later, until its attempts are used up; then it is kept as failed for the operator.
A ``Refusal`` is an answer, not an accident, and ends it at once.
"""

from guildhall.core.tasks import housekeeping as housekeeping
from guildhall.core.tasks.declaring import OUTWARD, URGENT, Task, defer, schedule, task
from guildhall.core.tasks.running import let_go_of_database, part, pause, run_waiting

__all__ = ["OUTWARD", "URGENT", "Task", "defer", "let_go_of_database", "part", "pause", "run_waiting", "schedule", "task"]
