"""Writes the board's flash through the chip's ROM loader, with esptool as a library."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from rig.firmware.manifest import Manifest
from rig.timeline import Timeline
from rig.timeline.events import Flashed
from rig.util.checked import Limits, Text, checked
from rig.util.errors import BenchError
from rig.util.redaction import without_url_passwords

_ROM_BAUD = 115200
_CONNECT_ATTEMPTS = 3
_TAIL_LINES = 15

_output_lock = threading.Lock()
"""esptool has one logger per process, so only one flasher can use esptool at a time."""


def _ignore(_done: float) -> None:
    """Ignore the progress."""


class _Advance:
    """The progress of one file after another.

    Attributes:
        is_begun: whether the current file is being written. A file that is in the flash already is never written.
    """

    def __init__(self, progress: Callable[[dict[str, Any]], None]) -> None:
        self._progress = progress
        self._part: dict[str, Any] = {}
        self.is_begun = False

    def begin(self, part: dict[str, Any]) -> None:
        """Begin a file. It is first compared with the flash."""
        self._part, self.is_begun = part, False
        self._progress({**part, "done": 0.0})

    def to(self, done: float) -> None:
        """Report the written fraction of the current file."""
        self.is_begun = True
        self._progress({**self._part, "done": round(done, 3)})


class Flasher:
    """Flashes the board. After each call the board is out of reset and its console is open again.

    Each method blocks until esptool is done, and may be called from any thread but the bench's loop.

    Args:
        timeline: gets a `Flashed` event for each write.
        serial_url: the port or URL that pyserial opens, the same as the console's.
        hold_reset: called with True to hold the chip in reset (EN low), with False to release it.
        select_download: called with True to select download mode (BOOT low), with False to deselect it.
        release_port: closes the console's port.
        take_port: opens the console's port again.
        log: the file to which esptool's output is appended.
        baud: the baud rate of the transfer, after the stub has started.
    """

    def __init__(
        self,
        timeline: Timeline,
        serial_url: str,
        hold_reset: Callable[[bool], None],
        select_download: Callable[[bool], None],
        *,
        release_port: Callable[[], None],
        take_port: Callable[[], None],
        log: Path,
        baud: int = 460_800,
    ) -> None:
        self._timeline = timeline
        self._url = serial_url
        self._hold_reset = hold_reset
        self._select_download = select_download
        self._release_port = release_port
        self._take_port = take_port
        self._log = log
        self._baud = baud
        self._flashed = ""

    @checked
    def has(self, manifest: Manifest) -> bool:
        """Return whether this firmware was the last to be flashed, and no erase followed."""
        return self._flashed == manifest.sha256()

    @checked
    def flash(self, manifest: Manifest, *, filesystem: bytes | None = None, erase: bool = False) -> bool:
        """Write a firmware that is not on the board yet, and optionally a file system in the same session.

        Args:
            manifest: the firmware.
            filesystem: an image for its storage partition; always written, because the device changes it.
            erase: erase the whole flash first.

        Returns:
            Whether the firmware was written.

        Raises:
            BenchError: esptool failed; the message has the last lines of its output.
        """
        write_firmware = erase or not self.has(manifest)
        parts = manifest.contents() if write_firmware else []
        if filesystem is not None:
            parts = [*parts, (manifest.storage().offset, filesystem)]
        if not parts:
            return False
        what = " and ".join(["firmware"] * write_firmware + ["file system"] * (filesystem is not None))
        if write_firmware:
            self._flashed = ""
        with self._session(f"flashing the {what}", manifest.chip) as esp:
            started = time.monotonic_ns()
            if erase:
                _esptool().erase_flash(esp)
            _esptool().write_flash(esp, parts, no_progress=True, **manifest.flash_settings)
            self._report(_sha256(parts), started, what)
        if write_firmware:
            self._flashed = manifest.sha256()
        return write_firmware

    @checked
    def update(self, manifest: Manifest, progress: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
        """Compare each file of a firmware with the flash. Write and verify the files that differ.

        The digests (MD5) that the chip computes are compared before and after writing. Everything else in
        the flash, such as the file system, stays.

        Args:
            manifest: the firmware.
            progress: called with `file`, `offset` and `size` in bytes, and `done`, the fraction that is written.

        Returns:
            For each file `file`, `offset` and `size` in bytes, and whether it was `written`.

        Raises:
            BenchError: as `flash`.
        """
        parts = []
        self._flashed = ""
        advance = _Advance(progress)
        with self._session("flashing what changed", manifest.chip, advance.to) as esp:
            started = time.monotonic_ns()
            for offset, content in manifest.contents():
                part = {"file": manifest.files[offset].name, "offset": offset, "size": len(content)}
                advance.begin(part)
                _esptool().write_flash(esp, [(offset, content)], skip_flashed=True, **manifest.flash_settings)
                parts.append({**part, "written": advance.is_begun})
            if written := sum(bool(part["written"]) for part in parts):
                self._report(manifest.sha256(), started, f"{written} of {len(parts)} files of the firmware")
        self._flashed = manifest.sha256()
        return parts

    @checked
    def flash_filesystem(
        self, image: bytes, offset: Annotated[int, Limits(least=0, most=0xFFFFFFFF)], chip: Text = "esp32"
    ) -> None:
        """Write a file system image. It is always written, because the device changes the files on flash.

        Args:
            image: the image, as large as the partition.
            offset: the partition's offset, in bytes.
            chip: esptool's name of the chip.

        Raises:
            BenchError: as `flash`.
        """
        with self._session("flashing the file system", chip) as esp:
            started = time.monotonic_ns()
            _esptool().write_flash(esp, [(offset, image)], no_progress=True)
            self._report(_sha256([(offset, image)]), started, "file system")

    @checked
    def erase(self, chip: Text = "esp32") -> None:
        """Erase the whole flash, so that the board has nothing to boot.

        Raises:
            BenchError: as `flash`.
        """
        self._flashed = ""
        with self._session("erasing the flash", chip) as esp:
            started = time.monotonic_ns()
            _esptool().erase_flash(esp)
            self._report("", started, "erased")

    @checked
    @contextlib.contextmanager
    def reading(self, chip: Text = "esp32") -> Iterator[Callable[[int, int], bytes]]:
        """Let a `with` block read the flash; the board boots again afterwards.

        Args:
            chip: esptool's name of the chip.

        Yields:
            A function that returns `length` bytes from `offset`: `read(offset, length)`.

        Raises:
            BenchError: as `flash`.
        """
        with self._session("reading the flash", chip) as esp:
            yield lambda offset, length: _esptool().read_flash(esp, offset, length, no_progress=True)

    @contextlib.contextmanager
    def _session(self, doing: str, chip: str, advance: Callable[[float], None] = _ignore) -> Iterator[Any]:
        """Put the chip into download mode and run esptool's stub on it. Afterwards, let the chip boot again."""
        with _output_lock:
            # The port is closed and opened while the chip is in reset, so that no output is lost. This also makes the
            # pulse on EN as long as the capacitor on a real board's EN requires.
            self._hold_reset(True)
            self._select_download(True)
            self._release_port()
            try:
                self._hold_reset(False)
                with self._captured(doing, advance), self._connected(chip) as esp:
                    yield esp
            finally:
                self._hold_reset(True)
                self._select_download(False)
                try:
                    self._take_port()
                finally:
                    self._hold_reset(False)

    @contextlib.contextmanager
    def _connected(self, chip: str) -> Iterator[Any]:
        import esptool

        commands = _esptool()
        with esptool.CHIP_DEFS[chip](self._url, _ROM_BAUD) as rom:
            rom.connect("no-reset", _CONNECT_ATTEMPTS)
            esp = commands.run_stub(rom)
            if self._baud != _ROM_BAUD:
                esp.change_baud(self._baud)
            commands.attach_flash(esp)
            yield esp

    @contextlib.contextmanager
    def _captured(self, doing: str, advance: Callable[[float], None]) -> Iterator[None]:
        output = io.StringIO()
        try:
            with _logged_to(output, advance):
                yield
        except BenchError:
            raise
        except Exception as problem:  # esptool, pyserial and the operating system have no common base
            tail = "\n".join(output.getvalue().rstrip().splitlines()[-_TAIL_LINES:])
            raise BenchError(
                f"{doing} failed: {problem}\nlast lines of esptool:\n{tail}",
                "Look at the board's power and at the wires of EN, BOOT and the serial port",
            ) from problem
        finally:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a") as log:
                log.write(f"--- {doing}\n{without_url_passwords(output.getvalue())}\n")

    def _report(self, sha256: str, started: int, what: str) -> None:
        seconds = (time.monotonic_ns() - started) / 1e9
        self._timeline.append(Flashed(source="flasher", image=sha256, seconds=seconds, what=what))


@contextlib.contextmanager
def _logged_to(output: io.StringIO, advance: Callable[[float], None]) -> Iterator[None]:
    """Redirect the output of esptool, but not of other threads, to `output`, and its progress to `advance`."""
    from esptool import loader
    from esptool.logger import EspLog, TemplateLogger, log

    class Log(TemplateLogger):  # type: ignore[misc]
        def print(self, *args: Any, **kwargs: Any) -> None:
            print(*args, file=output, end=kwargs.get("end", "\n"))

        def note(self, message: str) -> None:
            self.print("Note:", message)

        def warning(self, message: str) -> None:
            self.print("Warning:", message)

        def error(self, message: str) -> None:
            self.print(message)

        def stage(self, finish: bool = False) -> None:
            """Do not collapse stages."""

        def progress_bar(self, cur_iter: int, total_iters: int, *_args: Any, **_kwargs: Any) -> None:
            advance(cur_iter / max(1, total_iters))

        def set_verbosity(self, verbosity: str) -> None:
            """Ignore it: log everything."""

    before = EspLog.instance, loader.HexFormatter
    log.set_logger(Log())
    loader.HexFormatter = _Untraced
    try:
        yield
    finally:
        EspLog.instance, loader.HexFormatter = before


class _Untraced:
    """Replaces esptool's HexFormatter. Version 5.6.0 formats each frame in hex even if its trace is off.

    This format takes most of the processor time of flashing.
    """

    def __init__(self, frame: bytes, auto_split: bool = True) -> None:
        del frame, auto_split

    def __str__(self) -> str:
        return ""


def _esptool() -> Any:
    # Imported on first use: esptool takes a third of a second to load.
    from esptool import cmds

    return cmds


def _sha256(parts: list[tuple[int, bytes]]) -> str:
    digest = hashlib.sha256()
    for _, content in parts:
        digest.update(content)
    return digest.hexdigest()
