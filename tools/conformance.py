"""Run WebSocket conformance cases against the device's own client, over a real socket.

`python -m tools.conformance` starts the fuzzing server of kosoku, which has the cases of the Autobahn test suite. The
program `websocket-echo` (firmware/conformance) connects once for each case with the device's WebSocket protocol.
Every case has to pass, except those whose messages are longer than the device's limit: they are rejected with close
code 1009.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parent.parent
ECHO = ROOT / "build" / "firmware" / "websocket-echo"
LIMIT_S = 240.0
TOO_BIG = 1009
"""RFC 6455 section 7.4.1: the message is too big to process."""
BEYOND_LIMIT = frozenset({"1.1.6", "1.1.7", "1.1.8", "1.2.6", "1.2.7", "1.2.8", "10.1.1"})
"""Cases that echo a message of 65,535 or 65,536 bytes. The device takes 8,192 and sends 4,096."""
EXCLUDED = {
    **dict.fromkeys((f"9.{part}.*" for part in range(1, 7)), "performance with messages of 64 KB to 16 MB"),
    **dict.fromkeys(("12.*", "13.*"), "compression (RFC 7692), which the device does not offer"),
}
"""By pattern of the cases: why they are not run."""
LONG = {"9.7.*": "a thousand echoes in each case", "9.8.*": "a thousand echoes in each case"}
"""Cases that only `--full` runs."""


class CaseResult(Protocol):
    """The part of kosoku's result of a case that the verdict needs."""

    @property
    def case_id(self) -> str:
        """The number of the case, such as `1.1.1`."""

    @property
    def passed(self) -> bool:
        """Whether the messages and the close were as RFC 6455 requires."""

    @property
    def remote_close_code(self) -> int | None:
        """The close code of the device; None if it sent none."""

    @property
    def result(self) -> str:
        """The verdict on the messages, in words."""

    @property
    def result_close(self) -> str:
        """The verdict on the close, in words."""

    @property
    def description(self) -> str:
        """The action of the case."""


def findings(results: Sequence[CaseResult]) -> list[str]:
    """Return a line for each case without the required result.

    Args:
        results: the result of each case.
    """
    lines = [] if results else ["the server ran no case"]
    for case in results:
        too_big = case.remote_close_code == TOO_BIG
        if case.case_id in BEYOND_LIMIT:
            if case.passed:
                lines.append(f"{case.case_id}: passes, so it is not beyond the message limit: update BEYOND_LIMIT")
            elif not too_big:
                lines.append(f"{case.case_id}: closed with {case.remote_close_code}, not with {TOO_BIG}")
        elif not case.passed:
            description = " ".join(case.description.split())
            lines.append(f"{case.case_id}: {case.result} {case.result_close} The case: {description}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the cases, print the findings and return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--cases", action="append", metavar="CASE", help="only this case, or a pattern such as 5.*")
    parser.add_argument("--full", action="store_true", help="also run the cases of a thousand echoes")
    given = parser.parse_args(arguments)
    excluded = EXCLUDED if given.full or given.cases else EXCLUDED | LONG
    for case in given.cases or ():
        if why := next((why for pattern, why in EXCLUDED.items() if fnmatchcase(case, pattern)), ""):
            parser.error(f"{case} is not run: {why}")
    try:
        results = asyncio.run(_run(given.cases, tuple(excluded)))
    except ValueError as unknown:
        parser.error(f"{unknown}. A case is a number such as 1.1.1, or a pattern such as 5.*")
    found = findings(results)
    for line in found:
        print(line, file=sys.stderr)
    explained = sum(case.case_id in BEYOND_LIMIT for case in results)
    passed = sum(case.passed for case in results)
    print(f"{len(results)} cases: {passed} passed, {explained} beyond the message limit, {len(found)} findings")
    for reason in dict.fromkeys(excluded.values()):
        print(f"not run: {', '.join(p for p, why in excluded.items() if why == reason)}: {reason}")
    return 1 if found else 0


async def _run(cases: Sequence[str] | None, excluded: Sequence[str]) -> Sequence[CaseResult]:
    from kosoku import FailureError, run_fuzzingserver

    async with run_fuzzingserver(cases, excluded, port=0) as server:
        device = await asyncio.create_subprocess_exec(ECHO, server.address, str(server.port))
        try:
            async with asyncio.timeout(LIMIT_S):
                if await device.wait() != 0:
                    sys.exit("websocket-echo failed before the last case: its message is above")
                results: Sequence[CaseResult] = await server.get_result()
        except FailureError as failure:
            results = failure.results
        except TimeoutError:
            sys.exit(f"the cases were not over after {LIMIT_S:g} s: the device waits for a close that does not come")
        finally:
            if device.returncode is None:
                device.kill()
                await device.wait()
    return results


if __name__ == "__main__":
    sys.exit(main())
