"""``guildhall serve``: one parent, one address, and nobody left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from guildhall.core.models import Worker
from guildhall.core.tests.conftest import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture
def served(live, port):
    """Guildhall in processes of its own; ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "guildhall", "serve", "--port", str(port)], env=live, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == f"Guildhall is at http://127.0.0.1:{port}  (Ctrl-C stops it)\n"
    wait_until(lambda: Worker.objects.exists())
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not family(live))


def family(environment) -> list[int]:
    """Numbers of the processes that live in this test's folder."""
    mark = f"GUILDHALL_DATA={environment['GUILDHALL_DATA']}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # gone in the meantime, or not ours
    return found


def status_of(port, path):
    door = HTTPConnection("127.0.0.1", port, timeout=10)
    door.request("GET", path)
    try:
        return door.getresponse().status
    finally:
        door.close()


def test_it_answers_and_ctrl_c_ends_all_of_it(served, live, port):
    assert status_of(port, "/healthz") == 200
    assert status_of(port, "/readyz") == 200
    assert len(family(live)) >= 4  # parent, granian and its process, worker
    began = time.monotonic()
    served.send_signal(signal.SIGINT)
    assert served.wait(10) == 0
    assert time.monotonic() - began < 8
    assert not family(live)
    assert not Worker.objects.exists()


def test_a_worker_that_dies_is_replaced(served):
    first = Worker.objects.get()
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: Worker.objects.exclude(pk=first.pk).exists())
    wait_until(lambda: not Worker.objects.filter(pk=first.pk).exists())


@pytest.mark.same_on_both
def test_when_the_parent_is_killed_nobody_is_left(served, live):
    served.kill()
    served.wait()
    wait_until(lambda: not family(live))


@pytest.mark.same_on_both
def test_when_the_web_server_dies_all_ends(served, live):
    (server,) = [
        pid for pid in family(live) if "granian" in Path(f"/proc/{pid}/cmdline").read_text() and parent_of(pid) == served.pid
    ]
    os.kill(server, signal.SIGKILL)
    assert served.wait(20) == 1
    assert not family(live)


def parent_of(pid) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_port_that_is_taken_is_said(live):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "guildhall", "serve", "--port", str(port)],
            env=live,
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert ended.returncode == 1
    assert f"http://127.0.0.1:{port} cannot be used" in ended.stderr


def test_links_in_letters_follow_the_port(tmp_path):
    shown = subprocess.check_output(
        [sys.executable, "-c", "from guildhall.config import settings; print(settings.BASE_URL)"],
        env={**os.environ, "GUILDHALL_DATA": str(tmp_path), "PORT": "8123"},
        text=True,
    )
    assert shown == "http://127.0.0.1:8123\n"
