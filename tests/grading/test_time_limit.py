"""A time limit ends what it is set on, and nothing else: no alarm reaches whoever set it.

Seconds here are bounds on waiting, not measurements: a slow machine may take many times longer.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from rxcourse.grading import time_limit
from rxcourse.grading.running import call
from rxcourse.grading.time_limit import TimeUp, within
from rxcourse.grading.verdict import Trouble

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no alarm")
LONG = 60.0
BOUND = 30.0


def endless():
    while True:
        pass


def stubborn():
    """Swallows the first interruptions, then comes back as if nothing had been."""
    for _ in range(3):
        try:
            endless()
        except BaseException:
            continue
    return "late"


def in_a_thread(job):
    """What a job returned or raised in another thread than the main one."""
    found = []

    def run():
        try:
            found.append(job())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(BOUND)
    assert found, "it still runs"
    return found[0]


def in_this_thread(job):
    """What a job returned or raised here."""
    try:
        return job()
    except BaseException as error:
        return error


@pytest.fixture
def alarm():
    """Lets a test set an alarm of its own, and calls it off."""
    if os.name == "nt":
        pytest.skip("Windows has no alarm")
    before, heard = signal.getsignal(signal.SIGALRM), []
    signal.signal(signal.SIGALRM, lambda *_: heard.append(time.monotonic()))
    yield heard
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("place", [in_this_thread, in_a_thread])
@pytest.mark.parametrize("job", [endless, stubborn])
def test_work_without_end_is_cut(place, job):
    start = time.monotonic()
    assert isinstance(place(lambda: within(0.2, job)), TimeUp)
    assert 0.2 <= time.monotonic() - start < BOUND


@pytest.mark.parametrize("place", [in_this_thread, in_a_thread])
def test_what_comes_in_time_comes_back(place):
    assert place(lambda: within(LONG, lambda: 7)) == 7
    assert isinstance(place(lambda: within(LONG, lambda: 1 / 0)), ZeroDivisionError)


@posix
def test_a_long_sleep_is_cut():
    """No thread could end it."""
    start = time.monotonic()
    with pytest.raises(Trouble, match="did not finish within 0.2 s"):
        call(lambda: time.sleep(LONG), seconds=0.2)
    assert time.monotonic() - start < BOUND


@posix
def test_sleeps_in_a_loop_with_a_bare_except_are_cut_again_and_again():
    seen = []

    def job():
        while len(seen) < 5:
            try:
                time.sleep(LONG)
            except:  # noqa: E722
                seen.append(time.monotonic())

    start = time.monotonic()
    with pytest.raises(TimeUp):
        within(0.1, job)
    assert len(seen) == 5 and seen[-1] - start < BOUND


@posix
def test_handler_and_timer_are_put_back(alarm):
    handler = signal.getsignal(signal.SIGALRM)
    for job in (lambda: 7, lambda: 1 / 0, endless, stubborn, _meddles):
        signal.setitimer(signal.ITIMER_REAL, LONG, 17.0)
        in_this_thread(lambda job=job: within(0.05, job))
        left, again = signal.getitimer(signal.ITIMER_REAL)
        assert signal.getsignal(signal.SIGALRM) is handler
        assert LONG - BOUND < left <= LONG and again == 17.0
    signal.setitimer(signal.ITIMER_REAL, 0)
    within(LONG, lambda: 7)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert alarm == []


def _meddles():
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)


@posix
def test_time_passes_for_the_timer_of_others_and_their_alarm_is_not_lost(alarm):
    signal.setitimer(signal.ITIMER_REAL, LONG)
    in_this_thread(lambda: within(0.3, lambda: time.sleep(LONG)))
    assert signal.getitimer(signal.ITIMER_REAL)[0] <= LONG - 0.3
    signal.setitimer(signal.ITIMER_REAL, 0.05)  # due while the job runs
    assert within(LONG, lambda: _busy(0.3) or list(alarm)) == []
    _wait_for(alarm)
    assert len(alarm) == 1


def _busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def _wait_for(heard):
    end = time.monotonic() + BOUND
    while not heard and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize("place", [in_this_thread, in_a_thread])
def test_an_inner_limit_ends_only_what_is_inside(place):
    def job():
        with pytest.raises(TimeUp):
            within(0.1, endless)
        return "went on"

    assert place(lambda: within(LONG, job)) == "went on"


@pytest.mark.parametrize("place", [in_this_thread, in_a_thread])
@pytest.mark.parametrize("inner", [
    lambda: within(LONG, endless),  # ends after the outer one
    lambda: within(0.02, endless),  # ends before, again and again
    lambda: within(LONG, lambda: 7),  # never reaches its end
])  # fmt: skip
def test_an_outer_limit_is_kept(place, inner):
    """Work that swallows what an inner limit raises is ended by the outer one."""
    reached = []

    def job():
        start = time.monotonic()
        while time.monotonic() < start + BOUND / 2:
            with contextlib.suppress(TimeUp):
                inner()
            _busy(0.005)
        reached.append("its own end")

    assert isinstance(place(lambda: within(0.3, job)), TimeUp)
    assert reached == []


@posix
def test_an_inner_limit_ends_with_the_outer_one_and_can_still_be_told():
    """In a batch: the sentence on an endless answer comes out before judging is ended."""

    def judge():
        with pytest.raises(Trouble, match="did not finish"):
            call(lambda: time.sleep(LONG), seconds=LONG)
        return "told"

    start = time.monotonic()
    assert within(0.3, judge) == "told"
    assert 0.3 <= time.monotonic() - start < BOUND


EDGE = """
    import faulthandler, random, signal, sys, threading, time
    from rxcourse.grading.time_limit import TimeUp, within

    sys.setswitchinterval(1e-5)  # threads take turns often, so that the edge is met
    faulthandler.dump_traceback_later(100, exit=True)
    draw = random.Random(1)
    counts = dict.fromkeys(["done", "cut"], 0)
    timers = hasattr(signal, "getitimer")

    def job(end):
        while time.monotonic() < end:
            pass
        return "done"

    def once(depth):
        seconds = 0.0004
        end = time.monotonic() + seconds + draw.uniform(-1e-4, 1e-4)
        work = lambda: job(end)
        for _ in range(depth):
            work = (lambda inner: lambda: within(seconds, inner))(work)
        try:
            found = work()
        except TimeUp:
            found = "cut"
        counts[found] += 1
        if timers and threading.current_thread() is threading.main_thread():
            assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

    def many():
        for number in range(TRIES):
            once(1 + number % 2)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:  # nothing arrives later
            pass
        print(counts["done"], counts["cut"], threading.active_count())

    RUN
"""
RUN = {
    "main thread": "many()",
    "other thread": "t = threading.Thread(target=many); t.start(); t.join()",
}


@pytest.mark.parametrize("place", RUN)
def test_work_that_ends_with_its_time_neither_leaks_nor_hangs(place):
    """In a process of its own, which a leak or a hang would end."""
    tries = 4000 if place == "main thread" else 1500
    code = textwrap.dedent(EDGE).replace("RUN", RUN[place]).replace("TRIES", str(tries))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=140)
    assert done.returncode == 0 and done.stderr == "", done.stderr[-3000:]
    came_back, cut, threads = map(int, done.stdout.split())
    assert came_back + cut == tries
    assert came_back > tries / 50 and cut > tries / 50, "the edge was not met"
    assert threads <= 2


@posix
def test_an_alarm_raises_only_while_the_job_is_on_the_stack():
    """Rung by hand at the moments that chance meets rarely."""
    limit = time_limit._Alarm(-1.0)  # over at once

    def job():
        with pytest.raises(TimeUp):
            limit(signal.SIGALRM, sys._getframe())
        return 7

    limit(signal.SIGALRM, sys._getframe())
    assert limit._call(job) == 7
    limit(signal.SIGALRM, sys._getframe())  # the job has ended, nothing is put back yet


@posix
def test_a_key_pressed_while_a_limit_ends_leaves_nothing_behind(monkeypatch):
    before, real, pressed = signal.getsignal(signal.SIGALRM), signal.signal, []

    def press(number, handler):
        if handler is signal.SIG_IGN and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return real(number, handler)

    monkeypatch.setattr(time_limit.signal, "signal", press)
    with pytest.raises(KeyboardInterrupt):
        within(LONG, lambda: 7)
    assert pressed and signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
