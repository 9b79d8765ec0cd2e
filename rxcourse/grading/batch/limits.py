"""Limits that a child process sets for itself before it runs what was handed in.

Where the module ``resource`` is missing (Windows), only time on the clock is limited.
"""

from __future__ import annotations

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
