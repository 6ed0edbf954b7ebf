"""Run a command with ``DATABASE_URL`` pointing to a PostgreSQL server of its own, gone when the command ends.

Usage: python tests/with_postgres.py COMMAND [ARGUMENT …]
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nothing here needs to survive a power cut.
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c unix_socket_directories=''"


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    if elsewhere := shutil.which("initdb"):
        return Path(elsewhere).parent
    sys.exit("PostgreSQL is not installed. On Debian: apt-get install postgresql")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres(kept_in: Path | None = None, options: str = "") -> Iterator[str]:
    """Start a server in a temporary folder and give its address; stop it at the end.

    With ``kept_in`` what it holds stays there and is there the next time. ``options`` are more of the server's own.
    """
    binaries, port = _binaries(), _free_port()
    with _place(kept_in) as folder:
        # PostgreSQL refuses to run as root; Debian brings a user for it.
        as_whom = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if as_whom:
            shutil.chown(folder, "postgres")

        def run(*command: str) -> None:
            subprocess.run([*as_whom, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

        data = f"{folder}/data"
        is_new = not Path(data, "PG_VERSION").exists()
        if is_new:
            as_guildhall = ["--username", "guildhall", "--auth", "trust"]
            run(f"{binaries}/initdb", "--pgdata", data, *as_guildhall, "--encoding", "UTF8", "--locale", "C.UTF-8")
        started = f"-p {port} -h 127.0.0.1 {FAST} {options}"
        run(f"{binaries}/pg_ctl", "--pgdata", data, "--log", f"{folder}/log", "--wait", "--options", started, "start")
        try:
            if is_new:
                run(f"{binaries}/createdb", "--host", "127.0.0.1", "--port", str(port), "--username", "guildhall", "guildhall")
            yield f"postgres://guildhall@127.0.0.1:{port}/guildhall"
        finally:
            run(f"{binaries}/pg_ctl", "--pgdata", data, "--mode", "fast" if kept_in else "immediate", "stop")


@contextmanager
def _place(kept_in: Path | None) -> Iterator[str]:
    if kept_in is None:
        with tempfile.TemporaryDirectory(prefix="guildhall-postgres-") as folder:
            yield folder
    else:
        kept_in.mkdir(parents=True, exist_ok=True)
        yield str(kept_in.resolve())


if __name__ == "__main__":
    with postgres() as address:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": address}).returncode)
