"""A time limit on a piece of work: when it is up, TimeUp is raised inside the work.

In the main thread of a POSIX system an alarm rings, which also ends a sleep or a wait. On
Windows, and in any other thread, a second thread interrupts; that ends loops, but no sleep.
Neither ends a single call of compiled code that never returns.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

AGAIN = 0.05
"""Seconds from one TimeUp to the next, for work that swallows some with a bare except."""
SOONEST = 1e-4
"""Seconds that a timer gets when its time is over; zero would switch it off."""


class TimeUp(BaseException):
    """Raised inside code that has used up its time."""


def within(seconds: float, job: Callable[[], Any]) -> Any:
    """Result of a job that may take so many seconds.

    Limits may stand inside each other. An inner one ends with the outer one at the latest;
    the outer one then has its turn, if the work inside it still goes on.

    Raises
    ------
    TimeUp
        When the time was up, also if the job swallowed it and came back all the same.
    """
    limit = _Alarm(seconds) if _can_ring() else _Watch(seconds)
    return limit.run(job)


def _can_ring() -> bool:
    if not hasattr(signal, "setitimer"):  # Windows
        return False
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGALRM) is not None  # None could not be put back


class _Alarm:
    """A handler of SIGALRM for one job, which puts back what was set before.

    An alarm may arrive between any two steps. It raises only if the job is on the stack at
    that moment: a flag would be set too late for the alarm that comes as the job ends.
    """

    def __init__(self, seconds: float):
        self.begun = time.monotonic()
        self.end = self.begun + seconds
        self.frame, self.struck = None, False
        self.before = signal.getsignal(signal.SIGALRM)
        self.left, self.interval = signal.getitimer(signal.ITIMER_REAL)
        before = self.before if isinstance(self.before, _Alarm) else None
        self.outer = before if before and before._runs(sys._getframe()) else None
        if self.outer:
            self.end = min(self.end, self.outer.end)

    def run(self, job: Callable[[], Any]) -> Any:
        try:
            signal.signal(signal.SIGALRM, self)
            wait = max(self.end - time.monotonic(), SOONEST)
            signal.setitimer(signal.ITIMER_REAL, wait, AGAIN)
            result = self._call(job)
        finally:
            try:
                self._put_back()
            except BaseException:  # somebody pressed a key: it is put back even so
                self._put_back()
                raise
        if self.struck:
            raise TimeUp
        return result

    def _call(self, job: Callable[[], Any]) -> Any:
        self.frame = sys._getframe()
        return job()

    def __call__(self, _number, frame) -> None:
        # Nor does it raise where an inner limit puts back this one; it rings again.
        if frame is None or frame.f_code is _Alarm._put_back.__code__:
            return
        if time.monotonic() >= self.end and self._runs(frame):
            self.struck = True
            raise TimeUp

    def _runs(self, frame) -> bool:
        """Whether a frame belongs to the job or to what the job has called."""
        while frame is not None and frame is not self.frame:
            frame = frame.f_back
        return frame is not None

    def _put_back(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # drops one that was sent, not delivered
        signal.signal(signal.SIGALRM, self.before)
        self.frame = None
        due, again = self.begun + self.left, self.interval
        if self.outer:
            due, again = self.outer.end, AGAIN
            if time.monotonic() >= due:  # a moment for the sentence about the inner limit
                due += AGAIN
        if self.outer or self.left:
            wait = max(due - time.monotonic(), SOONEST)
            signal.setitimer(signal.ITIMER_REAL, wait, again)


_own = threading.local()
"""Of each thread: its gate, and the limits it is in, the innermost last."""


class _Watch:
    """A second thread that interrupts this one while the job runs.

    A TimeUp may arrive between any two steps, and threading itself would not survive that: a
    lock could be left locked for ever, or a thread that begins could take the TimeUp sent to
    its maker. So a limit begins and ends while it holds the gate of its thread, and what is
    sent, by any limit, is sent with the gate in hand and for the innermost limit.
    """

    def __init__(self, seconds: float):
        if not hasattr(_own, "gate"):
            _own.gate, _own.limits = threading.RLock(), []
        self.gate, self.limits, self.here = _own.gate, _own.limits, threading.get_ident()
        self.end = min([time.monotonic() + seconds, *(limit.end for limit in self.limits)])
        self.running, self.struck = threading.Lock(), False

    def run(self, job: Callable[[], Any]) -> Any:
        try:
            self._hold()
            self.limits.append(self)
            self.running.acquire()
            threading.Thread(target=self._watch, daemon=True).start()
            self._let_go()
            result = job()
        finally:
            try:
                self._hold()
            except BaseException:  # the last one on its way; another takes a moment
                try:
                    self._hold()
                except BaseException:
                    self._hold()
            if self in self.limits:
                self.limits.remove(self)
            if self.running.locked():
                self.running.release()
            self._let_go()
        if self.struck:
            raise TimeUp
        return result

    def _watch(self) -> None:
        left = max(self.end - time.monotonic(), 0.0)
        while not self.running.acquire(timeout=left):
            with self.gate:
                if self.limits[-1:] == [self]:
                    self.struck = True
                    _interrupt(self.here, TimeUp)
            left = AGAIN

    def _hold(self) -> None:
        self.gate.acquire()
        _interrupt(self.here, None)  # one that was sent and has not arrived

    def _let_go(self) -> None:
        with contextlib.suppress(RuntimeError):
            while True:  # _hold may have been begun more than once
                self.gate.release()


def _interrupt(thread: int, error) -> None:
    value = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)
