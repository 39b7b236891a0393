"""The device's serial console."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rig.adapters.log_format import LogFormat
from rig.config.signal import EN
from rig.firmware.backtrace import Backtraces
from rig.instruments.line_splitter import LineSplitter
from rig.instruments.serial_port import SerialPort
from rig.timeline import Mark, Timeline
from rig.timeline.events import BenchTrouble, Boot, Event, LogLine, Panic, PinEdge, PowerChange
from rig.timeline.log_tail import console_tail
from rig.util.checked import Seconds, Text, checked
from rig.util.errors import AuthorError, BenchError
from rig.util.loop import run_on
from rig.util.redaction import masked_text, remember_secrets

_SET = re.compile(r"set +(\S+) +(.+)", re.IGNORECASE)
"""The command that changes a setting (docs/console-protocol.md#commands)."""
_ALIKE = 5
"""A line is a near miss of a pattern if they share this many characters in a row."""
_MOST_COMPARED = 200
_MOST_QUOTED = 200
_COMPLETE_AFTER_S = 0.05
"""A panic is complete after this many bench seconds without a byte."""
_MOST_PENDING_S = 3.0
"""The time, in bench seconds, that a panic has to print its last line: registers and stack of a chip take 0.5 s."""
_PROMPT_AFTER_S = 0.05
"""An expected open line, such as a prompt, is complete after this many bench seconds without a byte."""
_QUIET_AFTER_S = 0.5
"""Any open line is complete after this time without a byte. A sector erase pauses a device for 0.4 s."""


class Console:
    """Reads and writes the console. Publishes each line, then the events that the log format finds in it.

    A line ends with its newline. A line without one, such as a prompt, ends when the device is quiet or restarts, when
    the answer to a command follows, or when the port is released.

    If the log format raises, the events of that line are lost, but all lines are published. Waiting calls raise the
    error.

    Args:
        timeline: the bench's timeline.
        loop: the bench's event loop.
        url: the port or URL that pyserial opens.
        baud: the baud rate.
        uncertainty: the largest error of a line's stamp, in ns.
        log_format: parses the lines.
        key: the key of the bench description to name if the port cannot be opened.
        backtraces: decodes the backtrace of a panic; None leaves it as printed.
    """

    def __init__(
        self,
        timeline: Timeline,
        loop: asyncio.AbstractEventLoop,
        url: str,
        baud: int,
        uncertainty: int,
        log_format: LogFormat,
        key: str = "console.port",
        backtraces: Backtraces | None = None,
    ) -> None:
        self._timeline = timeline
        self._loop = loop
        self._url = url
        self._baud = baud
        self._uncertainty = uncertainty
        self._format = log_format
        self._key = key
        self._backtraces = backtraces
        self._splitter = LineSplitter()
        self._port: SerialPort | None = None
        self._letting_go = False
        self._quiet: asyncio.TimerHandle | None = None
        self._pending_since = 0
        self._line_timer: asyncio.TimerHandle | None = None
        self._last_byte = 0
        self._restarted: int | None = None
        self._has_sent = False
        self._wanted: list[re.Pattern[str]] = []
        self._commands = threading.Lock()
        self._stop_listening: Callable[[], None] = lambda: None

    # -- the port -------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the port, on the bench's loop.

        Raises:
            BenchError: the port cannot be opened; the message names the existing ports.
        """
        self._letting_go = False
        self._splitter = LineSplitter()
        self._port = await SerialPort(self._received, self._lost).open(self._url, self._baud, self._key)
        self._stop_listening = self._timeline.listen(self._notice_restart, kinds=(PowerChange, PinEdge))

    async def close(self) -> None:
        """Close the port, on the bench's loop."""
        self._letting_go = True
        self._stop_listening()
        self._end_line()
        if self._quiet is not None:
            self._quiet.cancel()
            self._flush()
        if self._port is not None:
            port, self._port = self._port, None
            await port.close()

    def release(self) -> None:
        """Close the port, so that the flasher can open it. `take` opens it again."""
        run_on(self._loop, self.close(), "closing the serial port")

    def take(self) -> None:
        """Open the port again after `release`, or after it had vanished.

        Raises:
            BenchError: the port cannot be opened.
        """
        if self._port is None:
            run_on(self._loop, self.open(), "opening the serial port")

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    # -- receiving ------------------------------------------------------------------------------------------------

    def _notice_restart(self, event: Event) -> None:
        """Record a restart, in the thread that causes it: the device's next byte begins a new line."""
        match event:
            case PowerChange(on=True, rail=False):
                self._restarted = event.t
            case PinEdge(signal=signal, level=False, driven=True) if signal == str(EN):
                self._restarted = event.t

    def _received(self, data: bytes) -> None:
        restarted, self._restarted = self._restarted, None
        if restarted is not None and self._last_byte <= restarted:
            self._end_line()
        now = self._timeline.clock.now()
        if self._has_sent and self._is_after_a_prompt(data, now):
            self._end_line()
        self._has_sent = False
        self._last_byte = now
        self._take_lines(self._splitter.feed(data), self._last_byte)
        if self._line_timer is None and self._splitter.open_line:
            self._line_timer = self._loop.call_later(_PROMPT_AFTER_S, self._look_at_open_line)

    def _is_after_a_prompt(self, data: bytes, now: int) -> bool:
        """Return whether the first bytes after a command begin a line, because the open line was a prompt."""
        prefix = self._format.answer_prefix.encode()
        is_answer = data.startswith(prefix) or prefix.startswith(data)
        return is_answer or self._timeline.clock.between(self._last_byte, now) >= _PROMPT_AFTER_S

    def _look_at_open_line(self) -> None:
        self._line_timer = None
        text = self._splitter.open_line
        if not text:
            return
        clock = self._timeline.clock
        quiet_s = clock.between(self._last_byte, clock.now())
        is_wanted = any(regex.search(text) for regex in tuple(self._wanted))
        left_s = (_PROMPT_AFTER_S if is_wanted else _QUIET_AFTER_S) - quiet_s
        if left_s <= 0:
            self._end_line()
        else:
            self._line_timer = self._loop.call_later(min(left_s, _PROMPT_AFTER_S), self._look_at_open_line)

    def _end_line(self) -> None:
        if self._line_timer is not None:
            self._line_timer.cancel()
            self._line_timer = None
        self._take_lines(self._splitter.end(), self._timeline.clock.now())

    def _take_lines(self, lines: Sequence[str], now: int) -> None:
        came: list[Event] = []
        for text in lines:
            line: LogLine | None = None
            try:
                read = self._format.line(text)
                read.validate_recordable()
                line = read
                found = _recordable(self._format.events(line))
            except Exception as error:  # any bug in a log format
                self._publish([*came, line or LogLine(text=text)], now)
                came = []
                self._misread(error, f"the line {_start(masked_text(text))!r}")
                continue
            came.append(line)
            for event in found:
                if isinstance(event, Panic):
                    self._publish(came, now)  # earlier events do not wait for the decoding
                    came = []
                came.append(self._decoded(event))
        self._publish(came, now)
        if self._quiet is None and self._pending():
            self._pending_since = now
            self._quiet = self._loop.call_later(_COMPLETE_AFTER_S, self._look_at_pending)

    def _pending(self) -> bool:
        try:
            return self._format.pending
        except Exception as error:
            self._misread(error, "its `pending`")
            return False

    def _look_at_pending(self) -> None:
        clock = self._timeline.clock
        now = clock.now()
        left_s = _COMPLETE_AFTER_S - clock.between(self._last_byte, now)
        if left_s > 0 and clock.between(self._pending_since, now) < _MOST_PENDING_S:
            self._quiet = self._loop.call_later(left_s, self._look_at_pending)
        else:
            self._flush()

    def _flush(self) -> None:
        self._quiet = None
        try:
            found = _recordable(self._format.flush())
        except Exception as error:
            self._misread(error, "the pending lines")
            return
        self._publish([self._decoded(event) for event in found], self._timeline.clock.now())

    def _misread(self, error: Exception, what: str) -> None:
        """Report that the log format raised. The test cannot continue, because events may be missing."""
        if isinstance(self._timeline.trouble, BenchError):
            return  # a format may raise at every line
        trouble = BenchError(
            f"the log format {type(self._format).__module__}:{type(self._format).__qualname__} cannot read {what}: "
            f"{type(error).__name__}: {error}",
            "Correct the class: a device may print anything, and an unknown line has no events",
        )
        self._timeline.append(BenchTrouble(source="console", what=str(trouble)))
        self._timeline.interrupt(trouble)

    def _publish(self, came: Sequence[Event], now: int) -> None:
        """Append events of the same time to the timeline, as one batch."""
        self._timeline.extend(came, t=now, uncertainty=self._uncertainty, source="console")

    def _decoded(self, event: Event) -> Event:
        """Return the event. In a panic, the backtrace is decoded.

        The build for the decoding is the one that the panic names, or else the one that booted last.
        """
        if not isinstance(event, Panic) or self._backtraces is None:
            return event
        boot = self._timeline.last(Boot)
        build = event.elf_sha256 or (boot.build if boot else "")
        return replace(event, backtrace=self._backtraces.decode(event.backtrace, build, event.stack_dump))

    def _lost(self, exc: Exception | None) -> None:
        self._end_line()
        if self._letting_go:
            return
        self._port = None
        self._stop_listening()
        trouble = BenchError(
            f"the serial port {self._url} vanished ({exc or 'hung up'})", "Look at the board's USB cable and plug"
        )
        self._timeline.append(BenchTrouble(source="console", what=str(trouble)))
        self._timeline.interrupt(trouble)

    # -- for tests ------------------------------------------------------------------------------------------------

    @property
    def answer_prefix(self) -> str:
        """The text at the start of a line that answers a command."""
        return self._format.answer_prefix

    @checked
    def send(self, text: str) -> None:
        """Send a line.

        Args:
            text: the line, sent as UTF-8. It may contain other bytes, decoded with `errors="surrogateescape"`.

        Raises:
            BenchError: the port is not open.
        """
        port = self._port
        if port is None:
            raise BenchError("the serial console is not open", "Its adapter has vanished, or the flasher is using it")
        if (setting := _SET.fullmatch(text.strip())) is not None:
            remember_secrets({setting[1]: setting[2]})
        self._loop.call_soon_threadsafe(self._write, port, text.encode(errors="surrogateescape") + b"\n")
        self._timeline.clock.settle()

    def _write(self, port: SerialPort, data: bytes) -> None:
        self._has_sent = True
        port.write(data)

    @contextlib.contextmanager
    def _waiting_for(self, regex: re.Pattern[str]) -> Iterator[None]:
        """Let an expression also match the open line during a `with` block."""
        self._wanted.append(regex)
        if self._line_timer is not None:
            self._loop.call_soon_threadsafe(self._hurry)
        try:
            yield
        finally:
            self._wanted.remove(regex)

    def _hurry(self) -> None:
        if self._line_timer is not None:
            self._line_timer.cancel()
            self._look_at_open_line()

    @checked
    def expect(self, pattern: Text, *, since: Mark | None = None, timeout: Seconds = 5.0) -> LogLine:
        """Wait for a line that contains a match of a regular expression, and consume it.

        A line without a newline, such as a prompt, matches as soon as the device pauses after it.

        Args:
            pattern: the expression for `re.search` on the line.
            since: skip lines before this mark; None for the test's start.
            timeout: the timeout in bench seconds.

        Raises:
            ExpectationError: no line matched in time; the message shows the last lines.
            AuthorError: the pattern is not a regular expression.
        """
        regex = _compiled(pattern)
        with self._waiting_for(regex):
            return self._timeline.expect(
                LogLine,
                lambda line: regex.search(line.text) is not None,
                since=since,
                timeout=timeout,
                what=f"a line of the console that matches /{pattern}/",
                explain=lambda misses: self._explain(regex, misses, since),
            )

    @checked
    def expect_none(self, pattern: Text, *, since: Mark | None = None, within: Seconds) -> None:
        """Check that no line matches between the mark and `within` bench seconds from now.

        Raises:
            ExpectationError: a line matches.
            AuthorError: the pattern is not a regular expression.
        """
        regex = _compiled(pattern)
        with self._waiting_for(regex):
            self._timeline.expect_none(
                LogLine,
                lambda line: regex.search(line.text) is not None,
                since=since,
                within=within,
                what=f"a line of the console that matches /{pattern}/",
            )

    @checked
    def command(self, command: Text, *, timeout: Seconds = 5.0) -> str:
        """Send a command and return its answer, without the answer prefix.

        Args:
            command: a command of docs/console-protocol.md, such as `status`.
            timeout: the timeout in bench seconds.

        Raises:
            ExpectationError: no answer came in time.
            AuthorError: the command has several lines, which are several commands.
        """
        if len(command.splitlines()) > 1:
            raise AuthorError(f"a command is one line, not {command!r}. Send each line with its own call")
        prefix = self._format.answer_prefix
        with self._commands:
            since = self._timeline.mark()
            self.send(command)
            answer = self._timeline.expect(
                LogLine,
                lambda line: line.text.startswith(prefix),
                since=since,
                timeout=timeout,
                what=f"an answer ({prefix}…) to the console command {masked_text(command)!r}",
                explain=lambda _: f"no line that starts with {prefix!r} came\n{self.tail()}",
            )
        return answer.text[len(prefix) :]

    @checked
    def lines(self, since: Mark | None = None) -> list[str]:
        """Return all lines since a mark (None: since the test's start)."""
        return [line.text for line in self._timeline.events(LogLine, since or self._timeline.default_mark)]

    def tail(self) -> str:
        """Format the last lines for a message, with the path of the whole log."""
        return console_tail(self._timeline)

    def _explain(self, regex: re.Pattern[str], misses: Sequence[LogLine], since: Mark | None) -> str:
        start = since or self._timeline.default_mark
        taken = self._timeline.events(LogLine, start, lambda line: regex.search(line.text) is not None)
        earlier = self._timeline.last(LogLine, lambda line: line.id < start.after and bool(regex.search(line.text)))
        if taken:
            miss = f"such a line came, but an earlier expectation has consumed it: {taken[-1].shown}"
        elif nearest := _nearest(regex.pattern, misses):
            miss = f"nearest miss: {nearest}"
        elif earlier is not None:
            miss = f"such a line came before the searched time: {earlier.shown}"
        else:
            miss = f"none of the lines that came ({len(misses)}) is similar"
        return f"{miss}\n{self.tail()}"


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise AuthorError(
            f"{pattern!r} is not a regular expression: {error}. Use re.escape() to match a text literally"
        ) from None


def _recordable(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events of a log format. Raise ValueError if the record cannot hold one of them."""
    found = tuple(events)
    for event in found:
        event.validate_recordable()
    return found


def _start(text: str) -> str:
    """Truncate a line for a message."""
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…"


def _nearest(pattern: str, lines: Sequence[LogLine]) -> str:
    """Return the line that shares the longest substring with a pattern; empty if none is similar."""
    matcher = difflib.SequenceMatcher(autojunk=False, b=pattern)
    best, length = "", _ALIKE
    for line in lines[-_MOST_COMPARED:]:
        matcher.set_seq1(line.text)
        match = matcher.find_longest_match()
        if match.size >= length:
            best, length = line.shown, match.size
    return best
