"""Run a command in a process group of its own, and end it as soon as whoever waits for it is gone.

This file is a program of its own. Its arguments are a folder and the command. Standard input is a pipe that the caller
holds open: when it ends, even because the caller was killed, the command and its children are killed; if the caller is
gone, the folder is removed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading


def main(folder: str, command: list[str]) -> int:
    """Return the exit code of the command."""
    caller = os.getppid()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  the user's own

    def end() -> None:
        os.read(0, 1)  # returns at the end of the input; sys.stdin would hold a lock at the end of the program
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
        if os.getppid() != caller:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
