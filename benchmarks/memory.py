"""Measure the memory of a process with many policies while clients send ever new requests.

    python benchmarks/memory.py                       # 1,000 policies and a million requests
    python benchmarks/memory.py --requests 100000     # a tenth, as a test

Each request is an actual request or a preflight, and has an origin that was never seen before. The
exit status is 1 if the memory is not flat: if it grows in the second half of the requests.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from corswsgi import Policy
from corswsgi.memory import MEMORY

STEPS = 20
TOLERANCE = 4  # in MiB; the allocator keeps some


def policies(count: int) -> Iterator[Policy]:
    """Yield policies of each kind, as those of an application with as many views."""
    pattern = Policy(origins=["https://*.example.org"])
    exact = Policy(origins=[f"https://a{number}.example.org" for number in range(100)])
    public = Policy(origins="*", methods="*")
    kinds = [pattern, pattern.replace(supports_credentials=True, methods="*"), exact, public]
    for number in range(count):
        yield kinds[number % len(kinds)].replace(max_age=number)


def ask(chosen: list[Policy], numbers: range) -> None:
    """Let each policy in turn decide about a request with a new origin."""
    for number in numbers:
        compiled = chosen[number % len(chosen)].compiled
        origin = f"https://a{number}.example.{'org' if number % 3 else 'net'}"
        compiled.decide_actual(origin)
        compiled.decide_preflight(origin, f"M-{number}", f"x-{number}")
        compiled.decide_preflight(origin, "PUT", f"x-{number}")


def resident() -> float:
    """Return how much memory the process has had at most, in MiB."""
    units = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / units


def main() -> int:
    """Print the memory as the requests go on."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--policies", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    chosen = [*policies(options.policies)]
    step = options.requests // STEPS
    seen = [resident()]
    print(f"{'requests':>10} {'cached, MiB':>12} {'process, MiB':>13}")
    print(f"{0:10,} {MEMORY.used / 2**20:12.1f} {seen[0]:13.1f}", flush=True)
    with ThreadPoolExecutor(options.threads) as pool:
        for start in range(0, step * STEPS, step):
            parts = [
                range(start + offset, start + step, options.threads)
                for offset in range(options.threads)
            ]
            for future in [pool.submit(ask, chosen, part) for part in parts]:
                future.result()
            seen.append(resident())
            done, used = start + step, MEMORY.used / 2**20
            print(f"{done:10,} {used:12.1f} {seen[-1]:13.1f}", flush=True)
    return 1 if seen[-1] > seen[len(seen) // 2] + TOLERANCE else 0


if __name__ == "__main__":
    raise SystemExit(main())
