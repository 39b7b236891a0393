"""A step of the set-up: done once, remembered by a stamp, shown on a terminal, explained when it fails."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
LOGS = CACHE / "setup"
DEPS = ROOT / ".deps"

_TAIL_LINES = 12


class SetupError(Exception):
    """The set-up cannot go on; the text names cause and fix."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the set-up does.

    Attributes:
        name: for people, and (with dashes) of its stamp and log.
        run: does it; gets the step's log.
        inputs: what the result depends on. When any of it changes, the step runs again.
        outputs: what must be there afterwards. When any of it is gone, the step runs again.
    """

    name: str
    run: Callable[[Log], None]
    inputs: Sequence[Path | str] = field(default_factory=tuple)
    outputs: Sequence[Path] = field(default_factory=tuple)

    @property
    def stamp(self) -> Path:
        return LOGS / f"{self.name.replace(' ', '-')}.stamp"

    def is_done(self) -> bool:
        """Say whether it ran with the same inputs before and its outputs are still there."""
        if not all(output.exists() for output in self.outputs):
            return False
        return self.stamp.exists() and self.stamp.read_text() == self.digest()

    def digest(self) -> str:
        # The clone's path and the Python are inputs of every step: a virtual environment survives neither's change.
        whole = hashlib.sha256(f"{ROOT} {sys.base_prefix} {sys.version}\n".encode())
        for item in self.inputs:
            whole.update(item.read_bytes() if isinstance(item, Path) else item.encode())
            whole.update(b"\0")
        return whole.hexdigest()


class Log:
    """A step's log file, and its one line on the terminal."""

    def __init__(self, step: Step, number: int, of: int) -> None:
        self.path = LOGS / f"{step.name.replace(' ', '-')}.log"
        self._title = f"  [{number}/{of}] {step.name}"
        self._began = time.monotonic()
        self._live = sys.stdout.isatty()
        self.path.write_text("")

    def command(
        self, words: Sequence[str | Path], *, hint: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> None:
        """Run a command with its output in the log.

        Args:
            words: the command.
            hint: said when it fails: the likely causes, and what to do.
            env: added to the environment.
            cwd: where it runs.

        Raises:
            SetupError: it failed, or is not there; with the end of its output.
        """
        with self.path.open("a") as log:
            log.write(f"$ {shlex.join(str(word) for word in words)}\n")
            log.flush()
            start = log.tell()
            try:
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=cwd,
                    env={**os.environ, **_home_untouched(), **(env or {})},
                )
            except FileNotFoundError as error:
                raise SetupError(f"`{words[0]}` is not there. {hint}") from error
            code = self._wait(process)
        if code != 0:
            with self.path.open(errors="replace") as log:
                log.seek(start)
                tail = "".join(f"    {line}\n" for line in log.read().splitlines()[-_TAIL_LINES:])
            raise SetupError(
                f"{Path(words[0]).name} failed with exit code {code}:\n{tail}{hint}\nThe whole log: {self.path}"
            )

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        try:
            while True:
                try:
                    return process.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    self.show()
        except KeyboardInterrupt:
            # The child shares the terminal and got the same Ctrl-C: let it go first, so that nothing is left behind.
            process.wait()
            raise

    def show(self, *, done: bool = False) -> None:
        """Draw the step's line: on a terminal again and again, elsewhere once, when it is done."""
        line = f"{self._title} … {time.monotonic() - self._began:.0f} s"
        if self._live:
            print(f"\r\x1b[K{line}", end="\n" if done else "", flush=True)
        elif done:
            print(line, flush=True)

    def leave(self) -> None:
        """End the line of a step that did not finish."""
        if self._live:
            print()


def _home_untouched() -> dict[str, str]:
    """pip asks `rustc --version`, to tell the index. Where rustc is rustup's, and nobody has used it yet, that alone
    would make rustup write its settings into the home folder: ours get a folder of their own then."""
    if "RUSTUP_HOME" in os.environ or (Path.home() / ".rustup").exists():
        return {}
    return {"RUSTUP_HOME": str(CACHE / "rustup")}


def run(steps: Iterable[Step]) -> None:
    """Run what is not done yet, in order.

    Raises:
        SetupError: from the first step that fails; those before it keep their stamps.
    """
    pending = [step for step in steps if not step.is_done()]
    LOGS.mkdir(parents=True, exist_ok=True)
    for number, step in enumerate(pending, start=1):
        step.stamp.unlink(missing_ok=True)
        log = Log(step, number, len(pending))
        log.show()
        try:
            step.run(log)
        except BaseException:
            log.leave()
            raise
        step.stamp.write_text(step.digest())
        log.show(done=True)
