"""One child process: started, watched, ended in time.

A child process is no sandbox. It protects the batch against accidents, not the computer
against code that means harm.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

START = 120.0
"""Seconds that Python and its packages may take to be loaded on a slow machine."""
GRACE = 1.0
"""Seconds by which a cell may be late before the process is ended from outside."""
NO_MEMORY = 77
"""Exit code of a child that has no memory left to judge with."""
MOST = 2**21
"""Bytes of records that are read, and no more."""

BEGIN = (
    "import json, os, sys; path = sys.argv[1]; job = json.load(open(path, encoding='ascii')); "
    "os.remove(path); sys.path[:] = job['path']; "
    "from rxcourse.grading.batch.child import main; main(job)"
)
ROOT = str(Path(__file__).parents[3])


class Ended(NamedTuple):
    """How a child process ended.

    ``reason`` is "" if it came to its end, else words that follow "it".
    """

    records: list[dict]
    reason: str
    seconds: float


def run(job: dict, stop: threading.Event | None = None) -> Ended:
    """Run a job in a child process with a time limit.

    Parameters
    ----------
    job : dict
        For ``child.main``; ``job["seconds"]`` counts from when the packages are loaded.
    stop : threading.Event, optional
        When set, the child is ended at once.
    """
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        cwd = folder / "work"
        cwd.mkdir()
        records = folder / "records.jsonl"
        facts = {"token": secrets.token_hex(8), "records": str(records), "path": _path()}
        job = {**job, **facts}
        (folder / "job.json").write_text(json.dumps(job), "ascii")
        child = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", BEGIN, str(folder / "job.json")],
            cwd=cwd, env=_environment(cwd), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
        )  # fmt: skip
        try:
            return _watch(child, records, job, stop or threading.Event())
        finally:
            _end(child)


def _path() -> list[str]:
    """Where modules come from: as here, but not from the folder that one happens to be in."""
    kept = [p for p in sys.path if p and Path(p).resolve() != Path.cwd()]
    return kept if ROOT in kept else [ROOT, *kept]


def _watch(child, path: Path, job: dict, stop: threading.Event) -> Ended:
    heard = _Tail(child.stderr)
    begun, hard = time.monotonic(), None
    due, reason, reader = begun + START, "", _Records(path, job["token"])
    while True:
        ended = child.poll() is not None
        for record in reader.new():
            now = time.monotonic()
            if record["kind"] == "started":
                begun, hard = now, now + job["seconds"]
                due = hard
            elif hard and isinstance(record.get("limit"), float):
                due = min(hard, now + record["limit"] + GRACE)
        if ended:
            break
        if stop.is_set() or time.monotonic() > due:
            reason = "was ended by hand" if stop.is_set() else "ran out of time"
            _end(child)
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    if not reason and not any(r["kind"] == "done" for r in reader.records):
        reason = _cause(child.returncode, heard.last_line() if hard is None else "")
    return Ended(reader.records, reason, seconds)


def _cause(code: int, line: str) -> str:
    if code == NO_MEMORY:
        return "ran out of memory"
    if code < 0:  # ended by a signal; never so on Windows
        if -code == signal.SIGXCPU:
            return "ran out of CPU time"
        if -code == signal.SIGKILL:
            return "was killed by the system, most likely for its memory"
        return f"crashed (signal {-code})"
    return f"ended the program with exit code {code}" + (f" ({line})" if line else "")


def _end(child) -> None:
    """End the child and what it has started, also when the child itself is gone."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True)
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    child.wait()


def _environment(cwd: Path) -> dict[str, str]:
    """As little as Python needs; nothing of the instructor's own settings or secrets."""
    kept = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if k in os.environ}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    places = ("HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE")
    return kept | {
        "MPLBACKEND": "Agg", "LANG": "C.UTF-8",
        **dict.fromkeys(threads, "1"), **dict.fromkeys(places, str(cwd)),
    }  # fmt: skip


class _Records:
    """Reads records as they are written; lines of anybody else are passed over."""

    def __init__(self, path: Path, token: str):
        self.path, self.token, self.place, self.records = path, token, 0, []

    def new(self) -> list[dict]:
        try:
            with self.path.open("rb") as file:
                file.seek(self.place)
                data = file.read(max(MOST - self.place, 0))
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self.place += len(whole)
        fresh = [record for line in whole.splitlines() if (record := self._parsed(line))]
        self.records += fresh
        return fresh

    def _parsed(self, line: bytes) -> dict | None:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            return None
        own = isinstance(record, dict) and record.get("token") == self.token
        return record if own and isinstance(record.get("kind"), str) else None


class _Tail:
    """Empties a pipe, so that a flood neither blocks nor fills memory; keeps the end of it."""

    def __init__(self, pipe):
        self.text = b""
        self.thread = threading.Thread(target=self._drain, args=(pipe,), daemon=True)
        self.thread.start()

    def _drain(self, pipe) -> None:
        with pipe:
            while piece := pipe.read(2**16):
                self.text = (self.text + piece)[-2_000:]

    def last_line(self) -> str:
        self.thread.join(timeout=1.0)  # a process left behind may hold the pipe open
        lines = self.text.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""
