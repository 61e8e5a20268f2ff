"""Run a command in a process group of its own, and end it as soon as whoever waits for it is gone.

This file is a program of its own. Its arguments are a folder and the command. Standard input is a pipe that the caller
holds open: a byte on it, or its end because the caller was killed, ends the command and its children; without the byte
nobody else will remove the folder, so it is removed too.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main(folder: str, command: list[str]) -> int:
    """Return the exit code of the command."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  the user's own

    ending = threading.Event()

    def end() -> None:
        told = os.read(0, 1)  # sys.stdin would hold a lock at the end of the program
        ending.set()
        with suppress(ProcessLookupError):
            _kill(child)
        child.wait()
        if not told:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    end_thread = threading.Thread(target=end, daemon=True)
    end_thread.start()
    code = child.wait()
    if ending.is_set():
        end_thread.join()
    return code if code >= 0 else 128 - code


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the command, and where the system has process groups its children too."""
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
