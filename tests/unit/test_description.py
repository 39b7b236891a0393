"""Bench descriptions, and the messages that reject them."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from rig.adapters import registry
from rig.bench.bench_file import load
from rig.config.description import Description, ManualAccessPoint, NmcliAccessPoint
from rig.config.signal import EN, Signal
from rig.util.errors import DescriptionError
from rig.wiring.open import open_clock
from rig.wiring.virtual.stepping.clock import SteppedClock

ROOT = Path(__file__).parents[2]
BENCHES = sorted((ROOT / "benches").glob("*.toml"))
OF_THE_USUAL_BOARD = [path for path in BENCHES if 'board = "' not in path.read_text()]
PI = (ROOT / "benches" / "pi.toml").read_text()
EMULATOR = (ROOT / "benches" / "emulator.toml").read_text()


def change(old: str, new: str, text: str = PI) -> str:
    assert old in text
    return text.replace(old, new, 1)


def device(line: str) -> str:
    """Return the description with one more line about the device."""
    return change('firmware = "build/esp32"', f'firmware = "build/esp32"\n{line}')


def error_of(tmp_path: Path, text: str) -> str:
    """Return why the description is rejected, without the file's name, which must come first."""
    file = tmp_path / "bench.toml"
    file.write_text(text)
    with pytest.raises(DescriptionError) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    return message.removeprefix(f"{file}: ")


@pytest.mark.parametrize("path", BENCHES, ids=lambda path: path.name)
def test_the_bench_descriptions_of_the_project_are_valid(path: Path) -> None:
    assert load(path).path == path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (PI, (0.1, 1.0)),
        (change("rail_sense = { pin = 27 }", "rise_s = 0.5\nfall_s = 2.5"), (0.5, 2.5)),
        ((ROOT / "benches" / "virtual.toml").read_text(), (0.0, 0.0)),
    ],
    ids=["wired", "described", "virtual"],
)
def test_the_rise_and_fall_times_of_the_rail(tmp_path: Path, text: str, seconds: tuple[float, float]) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(text)
    assert (load(file).rise_s, load(file).fall_s) == seconds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (change("cable = { pin = 5,", "cable = { pin = 5, colour = 1,"), "inputs.cable.colour: unknown key"),
        (change("rail_sense =", "rail_sens ="), "power.rail_sens: unknown key; did you mean rail_sense?"),
        (change("[leds]", "[ledz]"), "ledz: unknown key; did you mean leds? Allowed here: console, control, csms"),
        (change("cable = { pin = 5,", "cable = {"), "inputs.cable.pin: missing; it takes: the BCM number, 0 to 27"),
        (change("en = { pin = 22, active_low = true }", ""), "control.en: missing"),
        (change("pin = 6,", "pin = 5,"), "inputs.vehicle_ready.pin: 5 is already the pin of inputs.cable"),
        (change("gpio = 33", "gpio = 32"), "inputs.vehicle_ready.gpio: 32 is already the GPIO of inputs.cable"),
        (change("pin = 6,", "pin = '6',"), "inputs.vehicle_ready.pin: '6' cannot be used: input should be a valid int"),
        (change("pin = 17", "pin = 77"), "power.switch.pin: 77 cannot be used: input should be less than or equal"),
        (change("port = 9000", "port = 90000"), "csms.port: 90000 cannot be used"),
        (change("rail_sense = { pin = 27 }", "fall_s = 61"), "power.fall_s: 61 cannot be used"),
        (change("rail_sense = { pin = 27 }", "rise_s = -1"), "power.rise_s: -1 cannot be used"),
        (change("cable =", "cabel ="), "inputs.cabel: unknown wire; did you mean inputs.cable? Known wires: auth_b"),
        (
            change('kind = "pi"', 'kind = "pie"'),
            "kind: 'pie' cannot be used: input should be 'virtual', 'pi' or 'emulator'",
        ),
        (change('kind = "pi"', 'kind = "virtual"'), "console.port: not allowed here"),
        (change('port = "/dev/ttyUSB0"', ""), 'console.port: missing; a bench of kind "pi" names it'),
        (change('kind = "nmcli"', 'kind = "magic"'), "network.access_point: cannot be used"),
        (change(', connection = "plugbench-ap"', ""), "network.access_point.connection: missing"),
        (change("[csms]", "[csms"), "not valid TOML: Expected ']'"),
        (change('name = "pi"', f"name = '{'x' * 65}'"), "name: 'xxx"),
        (
            device(f"board = '{'x' * 100_000}'"),
            f"device.board: '{'x' * 99}… cannot be used: string should have at most 64",
        ),
        (change("cable =", f"{'x' * 65} ="), f"inputs: '{'x' * 64}' is not a valid name for a wire"),
        (
            change("port = 9000", f"port = {'9' * 5000}"),
            "a number has thousands of digits. TOML has integers of 64 bits",
        ),
        (change("port = 9000", f"port = 0x{'f' * 5000}"), "csms.port: 0xffff"),
        (change("port = 9000", f"port = '{'9' * 5000}'"), f"csms.port: '{'9' * 99}… cannot be used"),
        (change('kind = "pi"', 'kind = "pi"\ntime = "stepped"'), 'time: "stepped" is not allowed here; a bench of'),
        (change('kind = "pi"', 'kind = "pi"\ntime = "fast"'), "time: 'fast' cannot be used: input should be 'stepped'"),
        (change("[csms]", "path = 1\n[csms]"), "network.path: unknown key"),
        (change("[csms]", '[emulator]\nqemu = "x"\n[csms]'), 'emulator.qemu: not allowed here; a bench of kind "pi"'),
        (
            change("[csms]", "[inputs]\ncable = { pin = 5 }\n[csms]", EMULATOR),
            'inputs.cable.gpio: missing; a bench of kind "emulator" drives the chip',
        ),
        (change("build/esp32c3-emulator", "host", EMULATOR), 'device.firmware: "host" is not allowed here; a bench of'),
        (
            change('kind = "emulator"', 'kind = "emulator"\ntime = "stepped"', EMULATOR),
            'time: "stepped" is not allowed here; a bench of kind "emulator" runs in real time',
        ),
        (change('ssid = "plugbench"', ""), 'network.ssid: missing; a device of profile "plugbench" needs it'),
        (change('identity = "CP-BENCH-1"', ""), 'device.identity: missing; a device of profile "plugbench" needs it'),
        (device('log_format = "esp"'), "device.log_format: 'esp' is not known; write plugbench, plain, or package.m"),
        (device('log_format = "no.such:X"'), "device.log_format: 'no.such:X' cannot be imported: ModuleNotFoundError"),
        (
            device('log_format = "rig.util.clock:X"'),
            "device.log_format: 'rig.util.clock:X' cannot be loaded: rig.util.clock has no class",
        ),
        (
            device('log_format = "rig.timeline:Mark"'),
            "device.log_format: 'rig.timeline:Mark' cannot be created: TypeError",
        ),
        (
            device('log_format = "rig.util.clock:BenchClock"'),
            "device.log_format: 'rig.util.clock:BenchClock' is not a log format: it lacks answer_prefix, line, events, "
            "pending",
        ),
        (
            device('profile = "rig.util.clock:BenchClock"'),
            "device.profile: 'rig.util.clock:BenchClock' is not a device profile; der",
        ),
    ],
)
def test_an_invalid_description_is_rejected_by_key(tmp_path: Path, text: str, says: str) -> None:
    assert error_of(tmp_path, text).startswith(says)


@pytest.mark.parametrize(
    ("kind", "line", "is_stepped"),
    [
        ("virtual", "", True),
        ("virtual", 'time = "stepped"', True),
        ("virtual", 'time = "real"', False),
        ("pi", "", False),
        ("pi", 'time = "real"', False),
    ],
)
def test_the_time_of_a_bench(tmp_path: Path, kind: str, line: str, is_stepped: bool) -> None:
    text = PI if kind == "pi" else (ROOT / "benches" / "virtual.toml").read_text()
    file = tmp_path / "bench.toml"
    file.write_text(change(f'kind = "{kind}"', f'kind = "{kind}"\n{line}', text))
    description = load(file)
    assert description.is_stepped == is_stepped
    clock = open_clock(description)
    assert clock.steps == is_stepped
    assert isinstance(clock, SteppedClock) == is_stepped


@pytest.mark.parametrize(
    "host",
    ["a b", "u:pw@h", "ws://h", "h:9000", "[::1]", "10.0.0.256", "10.0.0", "a..b", "a/b", "x" * 64, "a." * 127, "ä.de"],
)
def test_a_host_that_is_no_address_or_name_is_rejected(tmp_path: Path, host: str) -> None:
    message = error_of(tmp_path, change('host = "192.168.4.1"', f'host = "{host}"'))
    assert message.startswith("csms.host: not an IP address or a host name. Write it without a scheme")
    assert "pw" not in message


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%eth0", "localhost", "bench-1.lan.", "csms_1", "3com.de"])
def test_the_host_of_the_csms(tmp_path: Path, host: str) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(change('host = "192.168.4.1"', f'host = "{host}"'))
    assert load(file).csms.host == host


def test_a_syntax_error_names_the_line(tmp_path: Path) -> None:
    assert re.search(r"at line \d+", error_of(tmp_path, "name = 'x'\nkind = \npower = 1"))


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000 + "]" * 5000,
        "x = " + "{a=" * 5000 + "1" + "}" * 5000,
        "x = " + "[{a=" * 3000 + "1" + "}]" * 3000,
    ],
)
def test_a_file_nested_too_deep_is_rejected(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.toml"
    file.write_text(text)
    with pytest.raises(DescriptionError, match=r"deep\.toml: nested too deep"):
        load(file)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    for path in (Path("/dev/zero"), pipe, tmp_path):
        with pytest.raises(DescriptionError, match=f"^{re.escape(str(path))}: cannot be read: not a file"):
            load(path)


def test_a_file_that_is_too_long_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    file.write_text("# " + "x" * 1_000_000)
    with pytest.raises(DescriptionError, match="cannot be read: it has more than 1,000,000 bytes"):
        load(file)


def test_a_message_names_all_mistakes(tmp_path: Path) -> None:
    message = error_of(tmp_path, change("pin = 17", "pin = 77", change("port = 9000", "port = -1")))
    assert "power.switch.pin" in message
    assert "csms.port" in message


def test_a_message_about_a_missing_file_lists_existing_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(DescriptionError, match=r"no such file\. Bench descriptions here: .*benches/pi\.toml"):
        load(tmp_path / "none.toml")


def test_a_wire_of_another_firmware_may_have_a_new_name(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(change("cable =", "tamper_switch = { pin = 4 }\ncable ="))
    assert load(file).inputs["tamper_switch"].pin == 4


@pytest.mark.parametrize(
    ("given", "kind"),
    [('{ kind = "manual" }', ManualAccessPoint), ('{ kind = "nmcli", connection = "x" }', NmcliAccessPoint)],
)
def test_the_ways_to_switch_an_access_point(tmp_path: Path, given: str, kind: type) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(change('{ kind = "nmcli", connection = "plugbench-ap" }', given))
    assert isinstance(load(file).network.access_point, kind)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("inputs.cable", Signal("inputs", "cable")),
        ("control.en", EN),
        ("outputs.relay.second", Signal("outputs", "relay.second")),
        ("beacon", Signal("", "beacon")),
        ("", Signal("", "")),
    ],
)
def test_a_signal_is_parsed_from_its_text(text: str, signal: Signal) -> None:
    assert Signal.parse(text) == signal
    assert str(signal) == text


def documented_wires() -> dict[str, tuple[int | None, int]]:
    """Read the table of docs/design.md#signals: signal to (GPIO, Pi BCM)."""
    rows = re.findall(r"^\| `([\w.]+)` \| (EN|–|(?:GPIO)?\d+) \| (\d+) \|", (ROOT / "docs/design.md").read_text(), re.M)
    gpios = {"EN": None, "–": None}
    return {name: (gpios.get(gpio, int(re.sub(r"\D", "", gpio) or 0)), int(pin)) for name, gpio, pin in rows}


@pytest.mark.parametrize("path", OF_THE_USUAL_BOARD, ids=lambda path: path.name)
def test_pins_are_those_of_the_design(path: Path) -> None:
    described = {str(signal): (wire.gpio, wire.pin) for signal, wire in load(path).wires() if signal.section != "loop"}
    assert described == documented_wires()


def test_pins_are_those_of_the_firmware() -> None:
    header = ROOT / "firmware/src/features/board/boards/esp32-devkitc.h"
    if not header.exists():
        pytest.skip("firmware/src/features/board/boards/esp32-devkitc.h does not exist")
    pattern = r"\bk(\w+)\s*(?:=|\{)\s*(?:Pin\{|GpioNumber\{)?(\d+)"
    numbers = {re.sub(r"(?<!^)(?=[A-Z])", "_", n).lower(): int(v) for n, v in re.findall(pattern, header.read_text())}
    bench = tomllib.loads((ROOT / "benches/virtual.toml").read_text())
    described = {name: wire["gpio"] for section in ("inputs", "outputs") for name, wire in bench[section].items()}
    described |= {f"led_{name}": wire["gpio"] for name, wire in bench["leds"].items()}
    assert {name: numbers.get(name.removesuffix("_pin")) for name in described} == described


def with_psk(tmp_path: Path, content: bytes | None, line: str = 'psk_file = "bench.psk"') -> Description:
    if content is not None:
        (tmp_path / "bench.psk").write_bytes(content)
    file = tmp_path / "bench.toml"
    file.write_text(re.sub("psk_file = .*", line, PI))
    return load(file)


@pytest.mark.parametrize("content", [b"correct horse", b"correct horse\n", b"correct horse\r\n"])
def test_the_passphrase_of_a_wired_bench_is_in_a_file_of_its_own(tmp_path: Path, content: bytes) -> None:
    assert with_psk(tmp_path, content).psk() == "correct horse"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file. Write the passphrase of the network 'plugbench' into it, 8 to 63 characters on one line"),
        (b"hunter2", "holds no passphrase of 8 to 63 printable characters"),
        (b"hunter2hunter2\nhunter2", "holds no passphrase of 8 to 63 printable characters"),
        (b"h\xc3\xbcnter2hunter2", "holds a character that is not ASCII"),
    ],
)
def test_a_message_about_an_invalid_passphrase_names_the_file_only(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    with pytest.raises(DescriptionError) as caught:
        with_psk(tmp_path, content).psk()
    assert f"bench.toml: network.psk_file: {tmp_path / 'bench.psk'}: {says}" in str(caught.value)
    assert "nter2" not in str(caught.value)


def test_a_wired_bench_without_a_passphrase_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"network\.psk_file: missing"):
        with_psk(tmp_path, None, "")
    with pytest.raises(DescriptionError, match=r"network\.psk_file: not allowed beside network\.psk"):
        with_psk(tmp_path, None, 'psk = "12345678"\npsk_file = "x"')


def test_a_virtual_bench_generates_a_passphrase_for_its_session() -> None:
    first, second = (load(ROOT / "benches" / "virtual.toml") for _ in range(2))
    assert first.psk() == first.psk() != second.psk()
    assert 8 <= len(first.psk()) <= 63


def test_no_bench_description_of_the_project_has_a_passphrase() -> None:
    assert [path.name for path in BENCHES if "psk" in tomllib.loads(path.read_text()).get("network", {})] == []


def test_another_firmware_needs_neither_network_nor_csms(tmp_path: Path) -> None:
    text = re.sub(r"\[(network|csms)\][^\[]*", "", (ROOT / "benches" / "virtual.toml").read_text())
    file = tmp_path / "bench.toml"
    file.write_text(text.replace('identity = "CP-BENCH-1"', 'profile = "plain"\nlog_format = "plain"'))
    description = load(file)
    assert (description.network.ssid, description.csms.host, description.device.identity) == ("", "127.0.0.1", "")


def test_an_adapter_of_the_project_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`rig` is an installed script: unlike `python -m` it must add the project's folder to the path."""
    (tmp_path / "my_adapter.py").write_text(
        "from rig.adapters.log_format import PlainLogFormat\nclass Mine(PlainLogFormat):\n    answer_prefix = '# '\n"
    )
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    file = tmp_path / "bench.toml"
    file.write_text(device('log_format = "my_adapter:Mine"'))
    assert registry.log_format(load(file)).answer_prefix == "# "
    assert sys.path == path


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("device.identity", "CP\\u001b[2J"),
        ("device.identity", "\\ufeffCP"),
        ("device.firmware", "a\\u0000b"),
        ("device.local_id_tag", "T\\nT"),
        ("network.ssid", "net\\u0085"),
        ("network.psk_file", "a\\u0000b"),
        ("csms.host", "host\\u0007"),
    ],
)
def test_a_message_about_a_control_character_names_its_position(tmp_path: Path, key: str, text: str) -> None:
    section, name = key.split(".")
    described = re.sub(rf"(?m)^{name} = .*\n", "", (ROOT / "benches" / "virtual.toml").read_text())
    if f"[{section}]" not in described:
        described += f"\n[{section}]\n"
    (tmp_path / "bench.toml").write_text(described.replace(f"[{section}]", f'[{section}]\n{name} = "{text}"'))
    with pytest.raises(DescriptionError, match=rf"{key}: has a .*U\+.* as character [0-9]+; remove it"):
        load(tmp_path / "bench.toml")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xef\xbb\xbfname = 'x'", "begins with a byte order mark. Save it as UTF-8 without one"),
        ("name = 'x'".encode("utf-16"), "not UTF-8: byte 1 is 0xff. Save it as UTF-8"),
    ],
)
def test_a_message_names_the_wrong_encoding(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "bench.toml").write_bytes(content)
    with pytest.raises(DescriptionError, match=says):
        load(tmp_path / "bench.toml")


def test_a_name_with_a_nul_is_rejected() -> None:
    with pytest.raises(DescriptionError, match="cannot be read"):
        load("benches/\0.toml")


def test_a_passphrase_is_not_read_from_a_device(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="/dev/zero: cannot be read: not a file"):
        with_psk(tmp_path, None, 'psk_file = "/dev/zero"').psk()
