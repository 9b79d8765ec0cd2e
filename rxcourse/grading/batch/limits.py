"""Limits that a child process sets for itself before it runs what was handed in.

Where the module ``resource`` is missing (Windows), only the time limits hold.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from typing import Any

from rxcourse.grading.running import TimeUp, _limited

try:
    import resource
except ImportError:  # Windows
    resource = None

LARGEST_FILE = 64 * 2**20
"""Bytes of the largest file that may be written."""


def set_limits(*, seconds: float, memory: float) -> list[str]:
    """Limit CPU time, memory and the size of files of this process and its children.

    Parameters
    ----------
    seconds : float
        CPU time from now on.
    memory : float
        MiB on top of what the process has already reserved for libraries.

    Returns
    -------
    list of str
        What could not be limited here.
    """
    if resource is None:
        return ["CPU time", "memory", "file size"]
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds) + 2
    wanted = {
        "CPU time": (resource.RLIMIT_CPU, cpu, cpu + 1),
        "memory": (resource.RLIMIT_AS, _reserved() + int(memory * 2**20), None),
        "file size": (resource.RLIMIT_FSIZE, LARGEST_FILE, None),
        "core files": (resource.RLIMIT_CORE, 0, None),
    }
    missing = []
    for name, (kind, soft, hard) in wanted.items():
        try:
            resource.setrlimit(kind, (soft, soft if hard is None else hard))
        except (ValueError, OSError):  # a stricter limit from outside stays
            missing.append(name)
    return missing


def _reserved() -> int:
    """Bytes of address space in use; where the system does not tell, a gigabyte."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**30


def within(seconds: float, job: Callable[[], Any]) -> Any:
    """Result of a job, or TimeUp raised inside it after `seconds`.

    An alarm also ends a sleep or a wait, which the watchdog of ``running`` cannot. Neither
    can end one long computation inside a library: the parent process has to.
    """
    if not hasattr(signal, "setitimer"):  # Windows
        return _limited(job, seconds)
    until = time.monotonic() + seconds

    def ring(*_):
        if time.monotonic() >= until:
            raise TimeUp

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)  # again and again, for a bare except
    try:
        return job()
    finally:
        _silence()


def _silence() -> None:
    while True:
        with contextlib.suppress(TimeUp):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            return
