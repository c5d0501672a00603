"""Memory: one limit for the decisions that all policies of a process cache."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corswsgi import CORSMiddleware, Decision, Policy
from corswsgi.compiled import CompiledPolicy
from corswsgi.memory import MEMORY, DecisionCache
from tests.helpers.wsgi import Application

ROOT = Path(__file__).parents[1]
APP = "https://app.example.com"
PATTERN = Policy(origins=["https://*.example.org"])
ECHO = Policy(origins=["https://*.example.org"], supports_credentials=True, methods="*")


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with an empty memory, and with a limit that is soon reached."""
    monkeypatch.setattr(MEMORY, "limit", 256 * 2**10)
    empty()
    yield
    empty()


def empty() -> None:
    with MEMORY.lock:
        MEMORY.subtract_gone()
        MEMORY.empty()


def allowed(number: object) -> str:
    return f"https://a{number}.example.org"


def refused(number: object) -> str:
    return f"https://a{number}.test"


def is_cached(compiled: CompiledPolicy, origin: str) -> bool:
    return compiled.decide_actual(origin) is compiled.decide_actual(origin)


def decisions(compiled: CompiledPolicy) -> int:
    """Count the cached decisions."""
    caches = (compiled._cached, compiled._cached_preflights)  # noqa: SLF001 - not public
    return sum(decision is not None for cache in caches for decision in cache.values())


def size(compiled: CompiledPolicy) -> int:
    """Return the size of a policy's caches, as it is counted."""
    return compiled._actual_cache.size + compiled._preflight_cache.size  # noqa: SLF001 - not public


def test_the_limit_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    text = (ROOT / "docs" / "reference.md").read_text()
    assert f"{MEMORY.limit // 2**20} MiB" in text.partition("## Memory")[2]


def test_the_limit_is_for_all_policies_together() -> None:
    policies = [PATTERN.replace(max_age=number).compiled for number in range(20)]
    most = 0
    for number in range(3000):
        compiled = policies[number % len(policies)]
        assert compiled.decide_actual(allowed(number)).allowed
        assert compiled.decide_preflight(allowed(number), "PUT", "x-a").allowed
        assert not compiled.decide_actual(refused(number)).allowed
        most = max(most, MEMORY.used)
        assert MEMORY.used == sum(map(size, policies)) <= MEMORY.limit
    assert most > MEMORY.limit * 0.95
    assert sum(map(decisions, policies)) < 600


def test_the_limit_holds_in_16_threads() -> None:
    policies = [PATTERN.compiled, ECHO.compiled, Policy(origins="*", methods="*").compiled]
    barrier = threading.Barrier(16)
    used: list[int] = []

    def run(thread: int) -> None:
        barrier.wait()
        for turn in range(2000):
            compiled = policies[turn % len(policies)]
            origin = allowed(f"{thread}-{turn}")
            assert compiled.decide_actual(origin).allowed
            assert compiled.decide_preflight(origin, f"M-{thread}-{turn}", "").allowed == (
                compiled is not policies[0]
            )
            used.append(MEMORY.used)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as pool:
            for future in [pool.submit(run, number) for number in range(16)]:
                future.result()
    finally:
        sys.setswitchinterval(interval)
    assert MEMORY.limit * 0.9 < max(used) <= MEMORY.limit
    assert MEMORY.used == sum(map(size, policies))
    assert sum(map(decisions, policies)) <= MEMORY.limit // 500


def test_the_caches_themselves_are_counted() -> None:
    policies = [PATTERN.replace(max_age=number).compiled for number in range(100)]
    decision = PATTERN.compiled.decide_actual(refused(0))
    tracemalloc.start()
    try:
        before = MEMORY.used
        for compiled in policies:
            assert compiled.decide_actual(refused(0)) is decision
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.4 < held / (MEMORY.used - before) < 1


Decide = Callable[[CompiledPolicy, int], Decision]


def again(text: str) -> str:
    """Return an equal string that no one else holds, like one from a request."""
    return text.encode().decode()


@pytest.mark.parametrize(
    ("policy", "decide"),
    [
        (PATTERN, lambda compiled, n: compiled.decide_actual(allowed(n))),
        (
            ECHO.replace(expose_headers=["X-A", "X-B"]),
            lambda compiled, n: compiled.decide_actual(allowed(n)),
        ),
        (PATTERN, lambda compiled, n: compiled.decide_actual(refused(n))),
        (PATTERN, lambda compiled, n: compiled.decide_actual(f"\N{PILE OF POO}{n}" * 20)),
        (
            Policy(origins=[f"https://a{number}.example.org" for number in range(6000)]),
            lambda compiled, n: compiled.decide_actual(allowed(n)),
        ),
        (
            PATTERN,
            lambda compiled, n: compiled.decide_preflight(allowed(n), again("PUT"), again("x-a")),
        ),
        (
            ECHO,
            lambda compiled, n: compiled.decide_preflight(
                allowed(n), again(f"PUT-{n}"), again(f"x-{n}" * 40)
            ),
        ),
        (
            Policy(origins="*", methods="*"),
            lambda compiled, n: compiled.decide_preflight(APP, f"PUT-{n}", ""),
        ),
    ],
)
def test_no_more_is_held_than_counted(
    policy: Policy, decide: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MEMORY, "limit", 2**40)
    compiled = policy.replace(max_age=1).compiled
    gc.collect()
    before = MEMORY.used
    tracemalloc.start()
    try:
        for number in range(6000):
            decide(compiled, number)
            if number % 500 == 499:
                held, _ = tracemalloc.get_traced_memory()
                assert 0.4 < held / (MEMORY.used - before) < 1
    finally:
        tracemalloc.stop()


def test_policies_that_are_gone_return_their_share() -> None:
    kept = PATTERN.replace(max_age=1).compiled
    kept.decide_actual(allowed(0))
    share = MEMORY.used
    policy = PATTERN.replace(max_age=2)
    for number in range(100):
        policy.compiled.decide_actual(allowed(number))
        policy.compiled.decide_preflight(allowed(number), "PUT", "")
    assert MEMORY.used > 50 * share / 2
    reference = weakref.ref(policy.compiled)
    del policy
    gc.collect()
    assert reference() is None, "the memory does not keep policies alive"
    assert MEMORY.used == share
    assert is_cached(kept, allowed(0))


def test_policies_without_decisions_leave_nothing() -> None:
    policy = PATTERN.replace(max_age=1)
    assert policy.compiled.decide_actual("").allowed is False
    empty()
    del policy
    gc.collect()
    assert MEMORY.gone == []


def test_a_policy_may_go_while_the_memory_is_locked() -> None:
    """The garbage collector runs at any time."""
    policy = PATTERN.replace(max_age=1)
    policy.compiled.decide_actual(allowed(0))
    with MEMORY.lock:
        del policy
        gc.collect()
    assert MEMORY.used == 0


def test_a_policy_may_go_between_emptying_and_counting() -> None:
    policy = PATTERN.replace(max_age=1)
    policy.compiled.decide_actual(allowed(0))
    with MEMORY.lock:
        del policy
        gc.collect()
        MEMORY.empty()
    assert MEMORY.used == 0


def test_reconfiguring_leaves_nothing() -> None:
    middleware = CORSMiddleware(Application(), PATTERN)
    for number in range(2000):
        policy = Policy(origins=["https://*.example.org"], max_age=number)
        middleware.reconfigure(policy)
        policy.compiled.decide_actual(allowed(number))
    assert MEMORY.used == size(policy.compiled)
    assert len(MEMORY.caches) == 1


EXACT = [f"https://a{number}.test" for number in range(2000)]


def test_exact_origins_stay_allowed_when_the_memory_is_emptied() -> None:
    exact = Policy(origins=EXACT).compiled
    answers: set[tuple[str, str]] = set()
    done = threading.Event()

    def fill() -> None:
        for number in range(10_000):
            PATTERN.compiled.decide_actual(allowed(number))
        done.set()

    def ask() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            origin = EXACT[turn % 100]
            answers.add(("exact", exact.decide_actual(origin).reason))
            answers.add(("null", exact.decide_actual("null").reason))
            answers.add(("unlisted", exact.decide_actual(f"{origin}.evil").reason))
            answers.add(("preflight", exact.decide_preflight(origin, "PUT", "").reason))

    threads = [threading.Thread(target=each) for each in (fill, ask, ask, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {
        ("exact", "origin_allowed"),
        ("null", "origin_null"),
        ("unlisted", "origin_not_allowed"),
        ("preflight", "preflight_allowed"),
    }
    assert exact._cached.keys() == {*EXACT, "null"}  # noqa: SLF001 - not public


def test_exact_origins_do_not_push_each_other_out() -> None:
    exact = Policy(origins=EXACT).compiled
    for origin in EXACT * 2:
        assert exact.decide_actual(origin).allowed
        assert not exact.decide_actual(f"{origin}.evil.test").allowed
    cached = exact._cached  # noqa: SLF001 - not public
    assert cached.keys() == {*EXACT, "null"}, "refused origins are not cached"
    assert is_cached(exact, EXACT[0])
    assert not is_cached(exact, EXACT[-1])
    for number in range(5):
        PATTERN.compiled.decide_actual(allowed(number))
    assert is_cached(PATTERN.compiled, allowed(4)), "they make room for others"
    assert is_cached(exact, EXACT[-1])
    assert len(exact._actual_cache._decided) == decisions(exact)  # noqa: SLF001 - not public


def test_refused_origins_push_nothing_out() -> None:
    compiled = PATTERN.compiled
    first = [compiled.decide_actual(allowed(number)) for number in range(100)]
    for number in range(5000):
        compiled.decide_actual(refused(number))
    assert MEMORY.limit * 0.45 < MEMORY.used <= MEMORY.limit // 2
    assert [compiled.decide_actual(allowed(number)) for number in range(100)] == first
    assert all(compiled.decide_actual(allowed(number)) is first[number] for number in range(100))
    assert not compiled.decide_actual(refused(-1)).allowed


def test_origins_that_no_one_has_seen_are_decided_alike() -> None:
    for policy in (PATTERN, ECHO, Policy(origins=EXACT)):
        compiled = policy.replace(max_age=3).compiled
        for origin in (allowed(1), refused(1), EXACT[0], "null", "https://A"):
            first = compiled.decide_actual(origin)
            empty()
            assert compiled.decide_actual(origin) == first
            assert compiled.decide_actual(origin) == first


def test_no_thread_waits() -> None:
    with MEMORY.lock:
        assert PATTERN.compiled.decide_actual(allowed(0)).allowed
        assert PATTERN.compiled.decide_preflight(allowed(0), "PUT", "").allowed
    assert MEMORY.used == 0
    assert is_cached(PATTERN.compiled, allowed(0))


FORKING = """
import os, threading
from corswsgi import Policy
from corswsgi.memory import MEMORY

compiled = Policy(origins=["https://*.example.org"]).compiled
is_locked, is_forked = threading.Event(), threading.Event()

def hold():
    with MEMORY.lock:
        is_locked.set()
        is_forked.wait()

thread = threading.Thread(target=hold)
thread.start()
is_locked.wait()
child = os.fork()
if child:
    is_forked.set()
    thread.join()
origin = "https://a.example.org"
is_cached = compiled.decide_actual(origin) is compiled.decide_actual(origin)
if child == 0:
    os._exit(0 if is_cached else 1)
_, status = os.waitpid(child, 0)
raise SystemExit(os.waitstatus_to_exitcode(status) or not is_cached)
"""


def test_a_forked_process_caches() -> None:
    """Servers fork their workers, and another thread may have the lock at that time."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING]
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


FORKING_INSIDE = """
import os, sys
from corswsgi import CORSRequest, Policy, decide
from corswsgi.memory import MEMORY, DecisionCache

place, keys = sys.argv[1], sys.argv[2:] or None
child = None

def check_empty():
    assert MEMORY.used == cache.size == other.size == 0
    assert not any([*cache.decisions.values(), *other.decisions.values()])

def check_caching():
    for each in (cache, other):
        each.add("c", decision, 10)
        assert each.decisions["c"] is decision
    assert MEMORY.used == cache.size + other.size > 0

def fork(here):
    global child
    if here == place and child is None:
        child = -1
        child = os.fork()
        if child == 0:
            check_empty()
            check_caching()

class Length(int):
    def __add__(self, number):
        fork("before the change")
        return int(self) + number

class Key(str):
    def __hash__(self):
        fork("before the decision")
        return hash(str(self))

class Other(DecisionCache):
    def empty(self):
        fork("while emptying")
        super().empty()

decision = decide(Policy(origins="*"), CORSRequest("GET", "https://a.example"))
cache, other, third = DecisionCache(keys), Other(keys), DecisionCache()
cache.add("a", decision, 10)
other.add("a", decision, 10)
if place == "while emptying":
    MEMORY.limit = MEMORY.used + 900
    third.add("b", decision, Length(500))
else:
    cache.add(Key("b"), decision, Length(10))
if child == 0:
    assert third.size == 0
    check_empty()
    check_caching()
    os._exit(0)
assert child > 0
assert MEMORY.used == cache.size + other.size + third.size > 0
_, status = os.waitpid(child, 0)
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("keys", [[], ["a", "b", "c"]])
@pytest.mark.parametrize("place", ["before the change", "before the decision", "while emptying"])
def test_a_signal_handler_may_fork_while_its_thread_has_the_lock(
    place: str, keys: list[str]
) -> None:
    """It may go on in the child, and so may the thread that it has interrupted."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FORKING_INSIDE, place, *keys]
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Key(str):
    """A key during whose caching the process becomes a child, as far as the memory knows."""

    has_forked = False

    def __hash__(self) -> int:
        if not self.has_forked:
            self.has_forked = True
            MEMORY.start_over()
            assert MEMORY.used == 0
        return hash(str(self))


@pytest.mark.parametrize("keys", [None, ["a", "b"]])
def test_a_decision_that_a_fork_interrupts_is_not_cached(keys: list[str] | None) -> None:
    decision = PATTERN.compiled.decide_actual(allowed(0))
    assert MEMORY.used > 0
    cache: DecisionCache[str] = DecisionCache(keys)
    cache.add("a", decision, 10)
    cache.add(Key("b"), decision, 10)
    assert not any(cache.decisions.values())
    assert MEMORY.used == cache.size == size(PATTERN.compiled) == 0
    cache.add("a", decision, 10)
    assert cache.decisions["a"] is decision
    assert MEMORY.used == cache.size > 0


@pytest.mark.once
def test_the_memory_stays_flat() -> None:
    """With a tenth of the requests; the default is a million."""
    script = str(ROOT / "benchmarks" / "memory.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, script, "--requests", "100000"]
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
