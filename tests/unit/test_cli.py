"""The command line: what it prints and how it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rig.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Runs a command in the project's folder; returns exit code and everything it printed."""
    monkeypatch.chdir(ROOT)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["rig", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), captured.out + captured.err

    return run


def test_help_names_every_command(rig) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("--help")
    assert code == 0
    for command in ("doctor", "bench", "fault", "csms", "device", "report"):
        assert command in output


def test_bench_check(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert rig("bench", "check", "benches/virtual.toml") == (
        0,
        "benches/virtual.toml: a virtual bench named virtual, 16 wires\n",
    )
    bad = tmp_path / "bad.toml"
    bad.write_text("name = 1")
    code, output = rig("bench", "check", str(bad))
    assert code == 2
    assert f"rig: {bad}: " in output


def test_fault_list_names_each_with_arguments_and_needs(rig) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("fault", "list")
    assert code == 0
    assert "power-cut" in output
    assert "[bytes_per_connection=64]" in output
    assert "(needs access_point)" in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["power-cot"], "Did you mean 'power-cut'?"),
        (["latency", "ms"], "'ms' is no argument of a fault. Write KEY=VALUE"),
        (["latency", "mss=1"], "Did you mean 'ms'?"),
        (["power-cut", "--bench", "none.toml"], "none.toml: no such file"),
    ],
)
def test_a_fault_that_cannot_be_injected(rig, arguments: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("fault", "inject", *arguments)
    assert code == 2
    assert says in output


def test_doctor_on_the_virtual_bench(rig) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("doctor")
    assert "extra-low voltage only" in output
    assert "ok   description" in output
    assert code == (1 if "BAD" in output else 0)


def test_doctor_finds_what_is_wrong(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "pi.toml"
    text = (ROOT / "benches/pi.toml").read_text()
    file.write_text(text.replace("/dev/ttyUSB0", "/dev/ttyNONE").replace("build/esp32", "build/none"))
    code, output = rig("doctor", "--bench", str(file))
    assert code == 1
    assert "BAD  serial port  console.port: /dev/ttyNONE is not there" in output
    assert "BAD  firmware     device.firmware: build/none is not there: build the firmware first" in output


@pytest.mark.parametrize(
    ("access_point", "says"),
    [
        (
            '{ kind = "nmcli", connection = "x" }',
            "ok   CSMS port    192.0.2.1 port 9000 (looked at when the access point",
        ),
        ('{ kind = "none" }', "BAD  CSMS port    {file}: csms.host: CSMS: cannot listen on 192.0.2.1 port 9000: "),
    ],
)
def test_doctor_knows_an_address_that_comes_with_the_access_point(  # type: ignore[no-untyped-def]
    rig, tmp_path: Path, access_point: str, says: str
) -> None:
    file = tmp_path / "pi.toml"
    text = (ROOT / "benches/pi.toml").read_text().replace("192.168.4.1", "192.0.2.1")
    file.write_text(re.sub("access_point = .*", f"access_point = {access_point}", text))
    assert says.replace("{file}", str(file)) in rig("doctor", "--bench", str(file))[1]


def test_doctor_stops_at_a_bad_description(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("doctor", "--bench", str(tmp_path / "none.toml"))
    assert code == 1
    assert output.splitlines()[-1].startswith("BAD  description")


def test_commands_load_only_what_they_need() -> None:
    script = (
        "import sys; sys.argv=['rig', 'bench', 'check', 'benches/virtual.toml']\n"
        "from rig.cli import main\n"
        "try: main()\n"
        "except SystemExit: print([name for name in ('websockets', 'esptool', 'gpiozero') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
