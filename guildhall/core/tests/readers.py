"""A reader for tests of ``core.apart``: what is given says what it does."""

from __future__ import annotations

import os
from typing import IO, Any

from guildhall.core import apart

MB = 1024 * 1024


def read(given: IO[bytes], made: IO[bytes], *arguments: str) -> dict[str, Any]:
    wanted = given.read().decode()
    if wanted == "work":
        made.write(b"made")
        return {"arguments": arguments}
    if wanted == "say no":
        raise apart.Unread("locked")
    if wanted == "tell":
        return {"environment": sorted(os.environ)}
    if wanted == "compute":
        while True:
            pass
    if wanted == "remember":
        return {"kept": len(bytearray(2 * apart.MEMORY))}
    if wanted == "write":
        made.write(bytes(2 * MB))
    if wanted == "die":
        os.abort()
    raise RuntimeError("This is what nobody expected.")


if __name__ == "__main__":
    apart.answer(read)
