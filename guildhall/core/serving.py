"""``guildhall serve``: the web server and a worker as children of one parent, which starts, watches and stops them.

It needs nothing of Django, so that it starts at once and takes little memory.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from contextlib import nullcontext, suppress
from http.client import HTTPConnection
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

import environ

GRACE_SECONDS = 15

_log = logging.getLogger("guildhall.serve")


def add_arguments(parser: ArgumentParser) -> None:
    given = environ.Env()
    if given.str("GUILDHALL_ENV_FILE", ""):
        given.read_env(given.str("GUILDHALL_ENV_FILE"))
    parser.add_argument("--host", default=given.str("HOST", "127.0.0.1"), help="where to listen (HOST; else 127.0.0.1)")
    parser.add_argument("--port", type=int, default=given.int("PORT", 8000), help="(PORT; else 8000)")
    parser.add_argument("--web-workers", type=int, default=given.int("WEB_WORKERS", 1), help="processes (WEB_WORKERS; else 1)")
    parser.add_argument("--web-threads", type=int, default=given.int("WEB_THREADS", 4), help="of each (WEB_THREADS; else 4)")
    parser.add_argument(
        "--task-threads", type=int, default=given.int("TASK_THREADS", 1), help="tasks at once (TASK_THREADS; else 1)"
    )


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="guildhall serve", description=__doc__)
    add_arguments(parser)
    logging.basicConfig(level="INFO", format="%(message)s")
    return serve(**vars(parser.parse_args(arguments)))


def serve(host: str, port: int, web_workers: int, web_threads: int, task_threads: int) -> int:
    """Serve until a signal says stop. Returns 0, or 1 if the web server did not start or has ended by itself."""
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if trouble := _cannot_listen(host, port):
        _log.error("%s cannot be used: %s. PORT= chooses another.", address, trouble)
        return 1

    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())

    server = ["granian", "guildhall.config.wsgi:serve", "--factory", "--interface=wsgi"]
    place = ["--http=1", f"--host={host}", f"--port={port}"]
    manner = ["--log-level=warning", "--respawn-failed-workers", "--workers-kill-timeout=5"]
    size = [f"--workers={web_workers}", f"--blocking-threads={web_threads}"]
    work = ["guildhall", "worker", f"--threads={task_threads}"]

    with TemporaryDirectory(prefix="guildhall-metrics-") if web_workers > 1 else nullcontext() as shared_figures:
        if shared_figures:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared_figures
        children = [web := Child(*server, *place, *manner, *size)]
        try:
            while web.is_running() and not stopping.wait(0.1):
                if _answers(host, port):
                    print(f"Guildhall is at {address}  (Ctrl-C stops it)", flush=True)
                    break
            children.append(worker := Child(*work))
            while web.is_running() and not stopping.wait(0.25):
                if not worker.is_running():
                    _log.error("The worker has died (%s); another is started.", worker.process.returncode)
                    stopping.wait(2 - worker.age_seconds)  # not more often than every two seconds
                    children[1] = worker = Child(*work)
        finally:
            for child in children:
                child.stop()
            for child in children:
                child.end()
    if not stopping.is_set():
        _log.error("The web server has ended by itself (%s).", web.process.returncode)
        return 1
    return 0


class Child:
    """A process of ours. It does not outlive us, whatever ends us."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.began = monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module, *arguments],
            start_new_session=True,  # Ctrl-C in the terminal is for us alone; we tell the children
            preexec_fn=_die_with_parent,
        )

    @property
    def age_seconds(self) -> float:
        return monotonic() - self.began

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        if self.is_running():
            self.process.terminate()

    def end(self) -> None:
        """Wait for a child that was told to stop. After the grace it, and whatever it has started, is killed."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        send_when_parent_dies = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(send_when_parent_dies, signal.SIGTERM)


def _cannot_listen(host: str, port: int) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            return error.strerror
    return None


def _answers(host: str, port: int) -> bool:
    door = HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=10)  # noqa: S104
    try:
        door.request("GET", "/healthz")
        door.getresponse()
    except OSError:
        return False
    finally:
        door.close()
    return True
