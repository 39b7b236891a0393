"""The console on a board's port, in stepped and real time: lines, bursts, commands, a vanished port."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import select
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.adapters.log_format import PlainLogFormat
from rig.adapters.plugbench import PlugbenchLogFormat
from rig.firmware.backtrace import Backtraces
from rig.instruments.console import Console
from rig.instruments.line_splitter import LineSplitter
from rig.runs.recorder import Recorder
from rig.timeline import Timeline
from rig.timeline.codec import decode
from rig.timeline.events import BenchTrouble, Boot, Event, LogLine, Panic, PinEdge, PowerChange, TelemetrySample
from rig.util.clock import BenchClock
from rig.util.errors import BenchError, ExpectationError
from rig.wiring.virtual.serial_port import PtyPort
from rig.wiring.virtual.stepping.clock import SteppedClock
from rig.wiring.virtual.stream_port import StreamPort


@pytest.fixture(params=[SteppedClock, BenchClock], ids=["stepped", "real"])
def clock(request: pytest.FixtureRequest) -> BenchClock:
    """Return a clock of each kind; each has its own kind of port."""
    made: BenchClock = request.param()
    return made


class Port:
    """A serial port whose far end belongs to the test; its kind depends on the clock."""

    def __init__(self, clock: BenchClock) -> None:
        self._port = StreamPort() if clock.steps else PtyPort()
        self.path = self._port.url
        self.far = self._port.master

    def print(self, data: bytes) -> None:
        while data:
            select.select([], [self.far], [])
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self.far, data) :]

    def vanish(self) -> None:
        self._port.close()


@pytest.fixture
def port(clock: BenchClock) -> Iterator[Port]:
    made = Port(clock)
    yield made
    made.vanish()


OpenConsole = Callable[[str], Console]


@pytest.fixture
def open_console(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[OpenConsole]:
    consoles: list[Console] = []

    def make(url: str) -> Console:
        console = Console(timeline, loop, url, 115_200, 1000, PlugbenchLogFormat())
        console.take()
        consoles.append(console)
        return console

    yield make
    for console in consoles:
        console.release()


@pytest.fixture
def console(open_console: OpenConsole, port: Port) -> Console:
    return open_console(port.path)


def test_a_line_is_found_and_stamped(console: Console, port: Port, timeline: Timeline) -> None:
    before = timeline.clock.now()
    port.print(b"I (42) wifi: up\r\n")
    line = console.expect(r"wifi: \w+")
    assert (line.text, line.level, line.tag, line.uptime_ms) == ("I (42) wifi: up", "I", "wifi", 42)
    assert before <= line.t <= timeline.clock.now()
    assert line.uncertainty == 1000


def test_a_secret_is_visible_to_tests_and_masked_in_messages(console: Console, port: Port, timeline: Timeline) -> None:
    secret = "ws://user:hunter2@host/"
    port.print(f"I (42) ws: connecting to {secret}\n= {secret}\nend\n".encode())
    console.expect("end")
    assert secret in console.expect("connecting").text
    messages = [repr(timeline.tail(LogLine, 3)), console.tail()]
    for pattern in ("connecting to", "connectinG to", "= no"):
        with pytest.raises(ExpectationError) as missed:
            console.expect(pattern, timeout=0)
        messages.append(str(missed.value))
    with pytest.raises(ExpectationError, match="console command 'set csms_url ws") as missed:
        console.command(f"set csms_url {secret}", timeout=0)
    for message in (*messages, str(missed.value)):
        assert "hunter2" not in message
        assert "********" in message


def test_boot_and_telemetry_are_events(console: Console, port: Port, timeline: Timeline) -> None:
    port.print(b"I (0) boot: plugbench-cp 1.2.3 build=0badcafe reset=power_on\r\n")
    port.print(b'T (1000) monitor: {"uptime_ms":1000,"heap_free":123456}\r\n')
    boot = timeline.expect(Boot)
    assert (boot.version, boot.build, boot.reset) == ("1.2.3", "0badcafe", "power_on")
    assert timeline.expect(TelemetrySample).values == {"uptime_ms": 1000, "heap_free": 123456}
    assert console.lines()[0].startswith("I (0) boot")


def test_a_panic_comes_with_its_backtrace(port: Port, console: Console, timeline: Timeline) -> None:
    del console
    port.print(b"PANIC: assert failed: x > 0\r\nbacktrace: 0x1 0x2\r\n")
    panic = timeline.expect(Panic, timeout=10)
    assert (panic.cause, panic.backtrace) == ("assert failed: x > 0", ("0x1", "0x2"))


def test_events_of_a_line_come_between_it_and_the_next_line(console: Console, port: Port, timeline: Timeline) -> None:
    port.print(b"I (0) boot: cp 1 build=00000001 reset=panic\r\nI (1) app: ready\r\nI (2) app: end\r\n")
    console.expect("end")
    assert [type(event) for event in timeline] == [LogLine, Boot, LogLine, LogLine]
    assert {event.source for event in timeline} == {"console"}
    assert [event.id for event in timeline] == [1, 2, 3, 4]


def test_a_backtrace_is_decoded_for_the_build_that_booted_last_before_it(
    port: Port, timeline: Timeline, loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    there: list[bool] = []

    class Told(Backtraces):
        def decode(self, frames: Sequence[str], build: str, _dump: Sequence[str] = ()) -> tuple[str, ...]:
            there.append(f"backtrace: {frames[0]}" in [line.text for line in timeline.events(LogLine)])
            return tuple(f"{frame} of {build}" for frame in frames)

    console = Console(timeline, loop, port.path, 115_200, 0, PlugbenchLogFormat(), backtraces=Told(tmp_path))
    console.take()
    boot = "I (0) boot: cp 1 build={} reset=panic"
    lines = [boot.format("00000001"), "PANIC: x", "backtrace: 0x1", boot.format("00000002")]
    port.print("\r\n".join([*lines, "PANIC: y", "backtrace: 0x2", "end", ""]).encode())
    assert timeline.expect(Panic).backtrace == ("0x1 of 00000001",)
    assert timeline.expect(Panic).backtrace == ("0x2 of 00000002",)
    assert there == [True, True]
    console.release()


def test_a_panic_without_backtrace_is_not_waited_for(port: Port, console: Console, timeline: Timeline) -> None:
    del console
    port.print(b"PANIC: hard fault\r\n")
    assert timeline.expect(Panic, timeout=10).cause == "hard fault"


def test_a_command_gets_its_own_answer(console: Console, port: Port, loop: asyncio.AbstractEventLoop) -> None:
    received: list[bytes] = []

    def device() -> None:
        received.append(os.read(port.far, 100))
        port.print(b'I (5) app: noise\r\n= {"state":"Available"}\r\n')

    loop.call_soon_threadsafe(loop.add_reader, port.far, device)
    assert console.command("status") == '{"state":"Available"}'
    assert received == [b"status\n"]
    loop.call_soon_threadsafe(loop.remove_reader, port.far)


def test_the_message_of_a_missing_answer_has_the_last_lines(console: Console, port: Port) -> None:
    port.print(b"I (1) app: one\r\nI (2) app: two\r\n")
    console.expect("two")
    says = r"command 'help'\nno line .* came\nlast 2 lines[^|]*\| I \(1\) app: one\n.*two"
    with pytest.raises(ExpectationError, match=says):
        console.command("help", timeout=0.01)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"wifi: down", "nearest miss: I (1) wifi: up"),
        (r"charging", "none of the lines that came (1) is similar"),
        (r"ready$", "such a line came, but an earlier expectation has consumed it: I (2) app: ready"),
        (r"boot", "such a line came before the searched time: I (0) boot: x"),
    ],
)
def test_a_line_that_does_not_come_is_explained(
    console: Console, port: Port, timeline: Timeline, pattern: str, says: str
) -> None:
    port.print(b"I (0) boot: x\r\n")
    console.expect("boot")
    timeline.set_default_mark(timeline.mark())
    port.print(b"I (1) wifi: up\r\nI (2) app: ready\r\nI (3) rest\r\n")
    console.expect("ready")
    console.expect("rest", timeout=10)
    with pytest.raises(ExpectationError) as caught:
        console.expect(pattern, timeout=0)
    assert str(caught.value).splitlines()[1] == says


def test_a_message_shows_twenty_lines_repeats_once_and_names_the_log(
    console: Console, port: Port, timeline: Timeline
) -> None:
    timeline.logs = Path("/run/tests/one")
    port.print(b"".join(b"line %d\r\n" % n for n in range(30)) + b"again\r\n" * 7 + b"end\r\n")
    console.expect("end")
    lines = console.tail().splitlines()
    assert lines[0] == "last 20 lines of the console, by bench seconds before this failure:"
    assert [line.partition(" | ")[2] for line in lines[1:4]] == ["line 12", "line 13", "line 14"]
    assert [line.partition(" | ")[2] for line in lines[-3:-1]] == ["again  (7 times)", "end"]
    assert lines[-1] == "the whole log: /run/tests/one/console.log"


def test_a_message_shows_no_telemetry(console: Console, port: Port) -> None:
    port.print(b'I (1) app: ready\r\nT (1000) monitor: {"heap_free":9}\r\nT (x) monitor: {\r\nI (3) app: end\r\n')
    console.expect("end")
    said = [line.partition(" | ")[2] for line in console.tail().splitlines()[1:]]
    assert said == ["I (1) app: ready", "T (x) monitor: {", "I (3) app: end"]


def test_a_burst_loses_nothing(console: Console, port: Port, timeline: Timeline) -> None:
    """A burst of four seconds at 921,600 baud loses nothing while the test's thread does not read."""
    lines = [f"I ({n}) burst: {'x' * 60}" for n in range(5000)]
    port.print("\r\n".join([*lines, ""]).encode())
    console.expect(r"\(4999\) burst", timeout=10)
    assert [event.text for event in timeline.events(LogLine)] == lines


class Stumbling(PlugbenchLogFormat):
    """A format that raises at one line in one of its methods, or returns no events."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def line(self, text: str) -> LogLine:
        if self._part == "line" and text.startswith("bad"):
            raise ValueError("what is that?")
        return super().line(text)

    def events(self, line: LogLine) -> Sequence[Event]:
        if self._part == "events" and line.text.startswith("bad"):
            raise ValueError("what is that?")
        return super().events(line) if self._part != "forgot" or not line.text.startswith("bad") else None  # type: ignore[return-value]

    @property
    def pending(self) -> bool:
        return super().pending and (self._part != "pending" or 1 / 0 > 0)

    def flush(self) -> Sequence[Event]:
        found = super().flush()
        if self._part == "flush" and found:
            raise ValueError("what is that?")
        return found


class Foreign(PlainLogFormat):
    """A format that makes an invalid event in one of its methods."""

    def __init__(self, part: str, event: Event) -> None:
        self._part = part
        self._event = event
        self._pending = False

    def line(self, text: str) -> LogLine:
        bad = text == "bad" and self._part == "line"
        return self._event if bad else super().line(text)  # type: ignore[return-value]

    def events(self, line: LogLine) -> Sequence[Event]:
        self._pending = line.text == "bad" and self._part == "flush"
        return [self._event] if line.text == "bad" and self._part == "events" else []

    @property
    def pending(self) -> bool:
        return self._pending

    def flush(self) -> Sequence[Event]:
        self._pending = False
        return [self._event]


@pytest.mark.parametrize(
    ("part", "event", "what"),
    [
        ("line", LogLine(text="bad", uptime_ms=1 << 64), "LogLine.uptime_ms: Integer exceeds 64-bit range"),
        ("line", LogLine(text="\udc80"), "LogLine.text: str is not valid UTF-8"),
        ("events", TelemetrySample(values={"n": -(1 << 63) - 1}), "TelemetrySample.values: Integer exceeds 64-bit"),
        ("events", TelemetrySample(values={1: 2}), "TelemetrySample.values: Dict key must be str"),  # type: ignore[dict-item]
        ("events", LogLine(text="x", t=10**30), "LogLine.t: Integer exceeds 64-bit range"),
        ("events", "no event", "'str' object has no attribute"),
        ("flush", Boot(version="1", build="2", reset=10**30), "Boot.reset: Integer exceeds"),  # type: ignore[arg-type]
    ],
)
def test_an_unrecordable_event_is_an_error_of_the_format_and_loses_no_line(
    port: Port,
    timeline: Timeline,
    loop: asyncio.AbstractEventLoop,
    tmp_path: Path,
    part: str,
    event: Event,
    what: str,
) -> None:
    recorder = Recorder(timeline, tmp_path)
    console = Console(timeline, loop, port.path, 115_200, 0, Foreign(part, event))
    console.take()
    port.print(b"one\nbad\n")
    with pytest.raises(BenchError, match=r"the log format tests\.unit\S*:Foreign cannot read ") as caught:
        timeline.expect(TelemetrySample, timeout=10)
    assert what in str(caught.value)
    timeline.clear_trouble()
    port.print(b"two\n")
    console.expect("two", timeout=10)
    console.release()
    recorder.close()
    written = [decode(line) for line in recorder.path.read_bytes().splitlines()]
    assert [each.text for each in written if isinstance(each, LogLine)] == ["one", "bad", "two"]
    assert written == list(timeline)


def test_integers_of_64_bits_can_be_recorded() -> None:
    TelemetrySample(values={"low": -(1 << 63), "high": (1 << 64) - 1}).validate_recordable()
    LogLine(text="é", t=(1 << 64) - 1, uptime_ms=-(1 << 63)).validate_recordable()


@pytest.mark.parametrize(
    ("part", "says", "what"),
    [
        ("line", f"the line 'bad {'x' * 196}…'", "ValueError: what is that"),
        ("events", "the line 'bad x", "ValueError: what is that"),
        ("forgot", "the line 'bad x", "TypeError: 'NoneType' object is not iterable"),
        ("flush", "the pending lines", "ValueError: what is that"),
        ("pending", "its `pending`", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_format_that_raises_is_reported_and_loses_no_line(
    port: Port, timeline: Timeline, loop: asyncio.AbstractEventLoop, part: str, says: str, what: str
) -> None:
    console = Console(timeline, loop, port.path, 115_200, 0, Stumbling(part))
    console.take()
    boot = "I (0) boot: cp 1 build=0badcafe reset=panic"
    lines = ["I (1) app: one", f"bad {'x' * 300}", f"bad {'y' * 300}", boot, "PANIC: y", "backtrace: 0x1"]
    whole = threading.Event()
    timeline.listen(lambda e: whole.set() if isinstance(e, LogLine) and e.text == lines[-1] else None)
    port.print("\r\n".join([*lines, ""]).encode())
    with pytest.raises(BenchError) as caught:
        timeline.expect(TelemetrySample, timeout=10)
    assert str(caught.value).startswith(
        f"the log format tests.unit.instruments.test_console:Stumbling cannot read {says}"
    )
    assert f": {what}" in str(caught.value)
    assert whole.wait(10)
    console.release()  # completes the pending events
    assert [line.text for line in timeline.events(LogLine)] == lines
    assert timeline.last(Boot) is not None
    assert len(timeline.events(BenchTrouble)) == 1, "reported once"
    if part in ("line", "events", "forgot"):
        assert [type(event) for event in timeline][:3] == [LogLine, LogLine, BenchTrouble]
        (panic,) = timeline.events(Panic)
        assert (panic.cause, panic.backtrace) == ("y", ("0x1",))


def test_a_read_with_many_lines_equals_reads_of_one_line(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    lines = [
        b"I (1) app: one\n",
        b"PANIC: assert failed: x > 0\n",
        b"backtrace: 0x1 0x2\n",
        b"Rebooting...\n",
        b"I (0) boot: cp 1 build=0badcafe reset=software\n",
        b"I (2) ws: password=hunter2\n",
    ]
    records, found = [], []
    for name, reads in (("single", lines), ("together", [b"".join(lines)])):
        timeline = Timeline(SteppedClock())
        recorder = Recorder(timeline, tmp_path / name)
        console = Console(timeline, loop, "", 115_200, 0, PlugbenchLogFormat())
        for read in reads:
            console._received(read)
        recorder.close()
        records.append([decode(line) for line in recorder.path.read_bytes().splitlines()])
        found.append(
            [console.expect(pattern, timeout=0).id for pattern in ("^backtrace", "^PANIC", "password=hunter2")]
        )
    assert records[0] == records[1]
    assert [type(event) for event in records[1]] == [*[LogLine] * 4, Panic, LogLine, Boot, LogLine]
    assert found == [[3, 2, 8]] * 2
    assert "hunter2" not in str(records)


def test_garbage_becomes_lines(console: Console, port: Port) -> None:
    port.print(b"\xff\xfe\x00ok\r\n")
    assert console.expect("ok").text == "ok"
    assert console.lines() == ["\\xff\\xfe\x00", "ok"]


def test_a_vanished_port_interrupts_at_once_and_can_be_opened_again(
    console: Console, port: Port, timeline: Timeline, loop: asyncio.AbstractEventLoop, open_console: OpenConsole
) -> None:
    began = timeline.clock.now()
    loop.call_soon_threadsafe(loop.call_later, 0.05, port.vanish)
    with pytest.raises(BenchError, match=rf"serial port {re.escape(port.path)} vanished .* USB cable"):
        console.expect("never", timeout=60)
    waited = timeline.clock.between(began, timeline.clock.now())
    assert waited == 0.05 if timeline.clock.steps else waited < 60
    assert timeline.last(BenchTrouble) is not None
    with pytest.raises(BenchError, match="not open"):
        console.send("help")

    timeline.clear_trouble()
    other = Port(timeline.clock)
    again = open_console(other.path)
    other.print(b"back\r\n")
    again.expect("back")
    again.release()
    other.vanish()


def test_releasing_the_port_is_not_an_error(console: Console, port: Port, timeline: Timeline) -> None:
    console.release()
    assert not console.is_open
    port.print(b"unheard\r\n")
    console.take()
    port.print(b"received\r\n")
    console.expect("received")
    assert timeline.trouble is None


def test_a_missing_port_is_an_error_with_key_and_ports(open_console: OpenConsole) -> None:
    with pytest.raises(BenchError, match=r"console\.port: the serial port /dev/ttyNONE cannot.*Serial ports here: "):
        open_console("/dev/ttyNONE")


@pytest.mark.parametrize("clock", [BenchClock], indirect=True)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}", "{}"),
        ("{}", "spy://{}?file=/dev/null"),
        ("{}", "alt://{}?class=VTIMESerial"),
        ("spy://{}?file=/dev/null", "{}"),
        ("alt://{}", "spy://{}?file=/dev/null"),
    ],
)
def test_a_device_has_one_reader_by_any_url(open_console: OpenConsole, port: Port, first: str, second: str) -> None:
    console = open_console(first.format(port.path))
    with pytest.raises(BenchError, match="cannot be opened"):
        open_console(second.format(port.path))
    port.print(b"I (1) app: still read\r\n")
    console.expect("still read")


@pytest.mark.parametrize("clock", [BenchClock], indirect=True)
def test_a_port_without_a_descriptor_works_too(open_console: OpenConsole) -> None:
    console = open_console("loop://")
    console.send("echoed")
    assert console.expect("echoed").text == "echoed"


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_lines_do_not_depend_on_the_boundaries_of_reads(data: bytes, cuts: list[int]) -> None:
    data += b"\n"
    whole = LineSplitter().feed(data)
    splitter = LineSplitter()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert [line for a, b in itertools.pairwise(edges) for line in splitter.feed(data[a:b])] == whole


@pytest.mark.parametrize(
    ("before", "texts"),
    [
        (b"\0", ["\0"]),  # a UART after a reset
        (b"\0\xff\x07", ["\0\\xff\x07"]),
        (b"\xe0", ["\\xe0"]),
        (b"\xef\xbb\xbf", ["\ufeff"]),
        (b"\r", []),
        (b"50%\r100%\r", ["50%", "100%"]),
        (b"\0\r\r\xff", ["\0", "\\xff"]),
        (b"\r\x1b[2K", []),
        (b"\x1b[0;32m", []),
        (b"\x1b]0;a title\x07", []),
        (b"\x1b]8;;http://a\x1b\\", []),
        (b"\x1bP1$r0m\x1b\\", []),
        (b"\x1b_a program's\x1b\\", []),
        (b"\x1b(B\x1b[m", []),
        (b"\x1b#8\x1b7\x1b=", []),
        (b"\x9b31m", []),
        (b"\xc2\x9b31m", []),
    ],
)
def test_noise_and_control_sequences_do_not_hide_a_line(before: bytes, texts: list[str]) -> None:
    """Text and bytes before a line are lines of their own; only control sequences are removed."""
    line = "I (1) app: ready"
    assert LineSplitter().feed(before + line.encode() + b"\r\n") == [*texts, line]


@pytest.mark.parametrize("text", ["\tindented", "a\tb", "Û[m ć é", "0;half a title", "\\x00", "x\0y"])
def test_other_text_is_one_line(text: str) -> None:
    assert LineSplitter().feed(text.encode() + b"\n") == [text]


@pytest.mark.parametrize("offset", range(12))
def test_a_long_line_is_not_split_within_a_colour_or_a_character(offset: int) -> None:
    """The pieces do not depend on the boundaries of reads."""
    data = b"x" * (16_384 - offset) + "\x1b[0;31mé€😀".encode() + b"y" * 20_000 + b"\n"
    pieces = LineSplitter().feed(data)
    assert "".join(pieces) == "x" * (16_384 - offset) + "é€😀" + "y" * 20_000
    assert len(pieces) == 3
    splitter = LineSplitter()
    assert [piece for byte in data for piece in splitter.feed(bytes([byte]))] == pieces


def test_a_line_of_a_megabyte_in_one_read_comes_in_pieces() -> None:
    assert {len(piece) for piece in LineSplitter().feed(b"x" * (1 << 20) + b"\n")} == {16_384}


def test_a_line_without_end_comes_in_pieces() -> None:
    splitter = LineSplitter()
    lines = splitter.feed(b"x" * 40_000) + splitter.feed(b"y\n")
    assert "".join(lines) == "x" * 40_000 + "y"
    assert len(lines) == 3


def test_a_prompt_without_newline_is_found(console: Console, port: Port, timeline: Timeline) -> None:
    port.print(b"I (1) app: ready\r\nesp32> ")
    assert console.expect(r"^esp32> $", timeout=10).text == "esp32> "
    port.print(b"I (2) app: more\r\n")
    assert console.expect("more", timeout=10).tag == "app"
    assert [line.text for line in timeline.events(LogLine)] == ["I (1) app: ready", "esp32> ", "I (2) app: more"]


def test_an_unexpected_prompt_fails_an_expectation_of_none(console: Console, port: Port) -> None:
    port.print(b"login: ")
    with pytest.raises(ExpectationError, match="login"):
        console.expect_none("login", within=10)


def test_an_answer_does_not_belong_to_the_prompt_before_it(
    console: Console, port: Port, loop: asyncio.AbstractEventLoop
) -> None:
    port.print(b"ready\r\nesp32> ")
    console.expect("ready", timeout=10)

    def device() -> None:
        os.read(port.far, 100)
        port.print(b"= done\r\nesp32> ")

    loop.call_soon_threadsafe(loop.add_reader, port.far, device)
    assert console.command("status", timeout=10) == "done"
    loop.call_soon_threadsafe(loop.remove_reader, port.far)


@pytest.mark.parametrize("clock", [SteppedClock], ids=["stepped"], indirect=True)  # the pause is in bench time
def test_a_command_in_the_middle_of_a_line_does_not_cut_it(
    console: Console, port: Port, timeline: Timeline, loop: asyncio.AbstractEventLoop
) -> None:
    def device() -> None:
        os.read(port.far, 100)
        port.print(b" and half\r\n= done\r\n")

    loop.call_soon_threadsafe(loop.add_reader, port.far, device)
    port.print(b"I (0) app: first\r\nI (1) app: half")
    console.expect("first", timeout=10)
    assert console.command("status", timeout=10) == "done"
    loop.call_soon_threadsafe(loop.remove_reader, port.far)
    assert [line.text for line in timeline.events(LogLine)][1:] == ["I (1) app: half and half", "= done"]


@pytest.mark.parametrize("pause", ["quiet", "power", "reset", "release"])
def test_half_a_line_does_not_swallow_the_next_banner(
    console: Console, port: Port, timeline: Timeline, pause: str
) -> None:
    port.print(b"I (0) app: first\r\nI (9) app: half a li")
    console.expect("first", timeout=10)
    match pause:
        case "quiet":
            timeline.clock.deadline(1.0).wait_out()
        case "power":
            timeline.append(PowerChange(on=False))
            timeline.append(PowerChange(on=True))
        case "reset":
            timeline.append(PinEdge(signal="control.en", level=True, driven=True))
            timeline.append(PinEdge(signal="control.en", level=False, driven=True))
        case "release":
            console.release()
            console.take()
    port.print(b"I (0) app: ready\r\n")
    assert console.expect(r"^I \(0\) app: ready$", timeout=10).uptime_ms == 0
    assert console.lines() == ["I (0) app: first", "I (9) app: half a li", "I (0) app: ready"]


@pytest.mark.parametrize(
    ("printed", "tag"),
    [
        (b"\x1b[0;32mI (42) wifi: up\x1b[0m\r\n", "wifi"),
        (b"\x1b[2K\x1b[1;31mE (42) flash: full\x1b[m\r\n", "flash"),
        (b"\x1b7\x1b[38;5;208mW (42) app: warm\x1b[0m\x1b8\r\n", "app"),
    ],
)
def test_colours_hide_no_level_and_tag(console: Console, port: Port, printed: bytes, tag: str) -> None:
    port.print(printed)
    line = console.expect(tag, timeout=10)
    assert (line.tag, line.uptime_ms) == (tag, 42)
    assert "\x1b" not in line.text


def test_coloured_telemetry_is_read(console: Console, port: Port, timeline: Timeline) -> None:
    del console
    port.print(b'\x1b[0;36mT (7) monitor: {"heap_free":5}\x1b[0m\r\n')
    assert timeline.expect(TelemetrySample, timeout=10).values == {"heap_free": 5}


@pytest.mark.parametrize("clock", [BenchClock], indirect=True)
def test_a_port_has_one_reader(console: Console, port: Port, open_console: OpenConsole) -> None:
    del console
    with pytest.raises(BenchError, match=r"cannot be opened.*end the program that has the port open"):
        open_console(port.path)
