"""The steps of the set-up: each runs once, leaves a stamp, shows a line on the terminal, and explains its errors."""

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
    """The set-up cannot continue. The text has the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the set-up.

    Attributes:
        name: shown on the terminal, and (with dashes) the name of its stamp and log.
        run: runs the step; gets its log.
        inputs: files or texts that the result depends on. If one changes, the step runs again.
        outputs: files that exist afterwards. If one is missing, the step runs again.
    """

    name: str
    run: Callable[[Log], None]
    inputs: Sequence[Path | str] = field(default_factory=tuple)
    outputs: Sequence[Path] = field(default_factory=tuple)

    @property
    def stamp(self) -> Path:
        return LOGS / f"{self.name.replace(' ', '-')}.stamp"

    def is_done(self) -> bool:
        """Return whether it has run with the same inputs, and its outputs still exist."""
        if not all(output.exists() for output in self.outputs):
            return False
        return self.stamp.exists() and self.stamp.read_text() == self.digest()

    def digest(self) -> str:
        # The clone's path and the Python are inputs of every step, because a virtual environment depends on both.
        whole = hashlib.sha256(f"{ROOT} {sys.base_prefix} {sys.version}\n".encode())
        for item in self.inputs:
            whole.update(item.read_bytes() if isinstance(item, Path) else item.encode())
            whole.update(b"\0")
        return whole.hexdigest()


class Log:
    """The log file of a step, and its line on the terminal."""

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
            hint: added to the error: the likely causes and the remedies.
            env: additions to the environment.
            cwd: the working directory.

        Raises:
            SetupError: the command failed or is missing. The text has the end of its output.
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
                raise SetupError(f"`{words[0]}` is not installed. {hint}") from error
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
            # The child has received the same Ctrl-C on the terminal. Wait for it, so that no process is left behind.
            process.wait()
            raise

    def show(self, *, done: bool = False) -> None:
        """Print the step's line: repeatedly on a terminal, otherwise once at the end."""
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
    """Return an environment in which rustup writes no settings to the home folder.

    pip runs `rustc --version` for the package index. An unused rustc of rustup would then write its settings to the
    home folder, so it gets another folder for them.
    """
    if "RUSTUP_HOME" in os.environ or (Path.home() / ".rustup").exists():
        return {}
    return {"RUSTUP_HOME": str(CACHE / "rustup")}


def run(steps: Iterable[Step]) -> None:
    """Run the steps that are not done yet, in order.

    Raises:
        SetupError: the first failed step raises it. The steps before it stay done.
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
