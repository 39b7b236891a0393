"""The command line: its output and exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rig.adapters.stored_file import read_stored_file, with_header
from rig.cli.start import main
from rig.firmware.build import build
from rig.firmware.filesystem import make_filesystem, read_filesystem

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "tests" / "stored_images"


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Return a function that runs a command and returns its exit code and output."""

    def run(*arguments: str, cwd: Path = ROOT) -> tuple[int, str]:
        monkeypatch.chdir(cwd)
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
    for command in ("doctor", "fleet", "new", "bench", "fault", "csms", "device", "log", "report", "storage"):
        assert command in output


def test_version(rig) -> None:  # type: ignore[no-untyped-def]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert rig("--version") == (0, f"rig {project['version']}\n")


@pytest.mark.parametrize(
    "options", ["--seconds 3", "--csms ws://127.0.0.1:1/ --json", "--csms ws://127.0.0.1:1/ --outage 0"]
)
def test_an_option_of_the_fleet_without_an_effect_is_rejected(rig, options: str) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("fleet", "--points", "1", *options.split())
    assert code == 2
    assert "has no effect with" in output


def test_the_stored_log_is_printed(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    image = tmp_path / "storage.bin"
    contents = {
        "log-0000000001": b"I (1) a: one [b]\nI (2) a: two\n",
        "log-0000000003": b"",
        "crash": b"E (0) crash: x\n",
    }
    files = {name: with_header(content) for name, content in contents.items()}
    image.write_bytes(make_filesystem(files, 64 * 4096))
    code, output = rig("log", "fetch", str(image))
    assert code == 0
    assert output.splitlines()[:2] == ["I (1) a: one [b]", "I (2) a: two"]
    assert "given up for space: 2" in output
    assert rig("log", "fetch", str(image), "--crash") == (0, "E (0) crash: x\n")
    image.write_bytes(make_filesystem(files | {"crash": files["crash"][:-1]}, 64 * 4096))
    assert rig("log", "fetch", str(image), "--crash") == (0, "rig: files that are damaged: crash\n")


def test_an_image_without_a_log_is_rejected(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    image = tmp_path / "storage.bin"
    code, output = rig("log", "fetch", str(image))
    assert code == 2
    assert "storage.bin cannot be read: No such file or directory" in output
    image.write_bytes(b"\xff" * 64 * 4096)
    code, output = rig("log", "fetch", str(image))
    assert code == 2
    assert "no valid LittleFS file system" in output


def test_a_new_project_passes_without_changes(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The descriptions and the scenario are valid, and pytest passes on the virtual bench without any change."""
    build(ROOT)
    folder = tmp_path / "my tests"
    code, output = rig("new", str(folder))
    assert code == 0
    assert f"Run the tests: cd '{folder}' && " in output
    for name in ("bench.toml", "board.toml"):
        assert rig("bench", "check", name, cwd=folder)[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed, 1 skipped" in done.stdout
    named = re.search(r"\$schema=(\S+)", (folder / "scenarios" / "first.yaml").read_text())
    assert named is not None
    schema = folder / "scenarios" / named[1]
    assert schema.read_text() == (ROOT / "scenarios" / "scenario.schema.json").read_text()
    assert (folder / "reports" / "index.html").exists()


def test_a_new_project_replaces_no_file(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "adapter.py").write_text("mine")
    code, output = rig("new", str(tmp_path))
    assert (code, f"rig: {tmp_path} is not empty" in output) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["adapter.py"]
    code, output = rig("new", str(tmp_path / "adapter.py"))
    assert (code, "adapter.py is not a folder" in output) == (2, True)


def test_bench_check(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert rig("bench", "check", "benches/virtual.toml") == (
        0,
        "benches/virtual.toml: bench virtual of kind virtual, 16 wires\n",
    )
    bad = tmp_path / "bad.toml"
    bad.write_text("name = 1")
    code, output = rig("bench", "check", str(bad))
    assert code == 2
    assert f"rig: {bad}: " in output


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"#!/bin/sh\nexit 0\n", b"\x7fELF", b"\x7fELF\x01\x01\x01" + bytes(11) + b"\x5e\x00"]
)
def test_a_firmware_for_another_machine_is_rejected(rig, tmp_path: Path, content: bytes) -> None:  # type: ignore[no-untyped-def]
    """Empty, text, a script, a cut header, a program for an Xtensa chip."""
    program = tmp_path / "program"
    program.write_bytes(content)
    program.chmod(0o755)
    bench = tmp_path / "bench.toml"
    text = Path("examples/blinker/bench.toml").read_text()
    bench.write_text(text.replace("build/examples/blinker", str(program)))
    code, output = rig("bench", "check", str(bench))
    assert code == 2
    assert f"rig: device.firmware: {program} is no program for this machine" in output


@pytest.mark.parametrize(
    "arguments",
    [
        ("device", "run", "--id", "CP-1", "--csms", "ws://user:hunter2@host/"),
        ("device", "run", "--id", "CP-1", "--csms", "ws://user:hunter2/@host/"),
        ("device", "run", "--id", "CP-1", "--csms", "ws://host/", "ws://user:hunter2@host/"),
        ("ws://user:hunter2@host/",),
        ("csms", "serve", "--record", "none/ws://user:hunter2@host/"),
        ("fault", "inject", "ws://user:hunter2@host/"),
        ("fault", "inject", "latency", "ws://user:hunter2@host/"),
        ("fault", "inject", "latency", "ms=ws://user:hunter2@host/"),
        ("bench", "check", "ws://user:hunter2@host/"),
        ("doctor", "--bench", "wss://user:hunter2@host/"),
        ("report", "build", "ws://user:hunter2@host/"),
    ],
    ids=" ".join,
)
def test_a_password_of_the_command_line_is_in_no_message(rig, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    code, output = rig(*arguments)
    assert code in (1, 2)
    assert "user" in output
    assert "hunter2" not in output


def test_an_invalid_pre_shared_key_is_not_shown(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    bench = tmp_path / "bench.toml"
    bench.write_text((ROOT / "benches" / "virtual.toml").read_text().replace("[network]", '[network]\npsk = "hunter2"'))
    code, output = rig("bench", "check", str(bench))
    assert (code, "network.psk: cannot be used: " in output, "hunter2" in output) == (2, True, False)


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
        (["latency", "ms=1", "ms=2"], "the argument 'ms' is given twice"),
        (["latency", "ms"], "'ms' is not an argument of a fault. Write KEY=VALUE"),
        (["latency", "mss=1"], "Did you mean 'ms'?"),
        (["latency", "ms=nan"], "The fault latency: ms is a number, not 'nan'. Give a number"),
        (["latency", "ms=1e400"], "The fault latency: ms is a number, not '1e400'"),
        (["power-cut", "--for", "inf"], "inf is not in the range from 0 to 86400"),
        (["power-cut", "--for", "nan"], "nan is not in the range from 0 to 86400"),
        (["power-cut", "--for", "-1"], "-1 is not in the range from 0 to 86400"),
        (["power-cut", "--bench", "none.toml"], "none.toml: no such file"),
    ],
)
def test_a_fault_that_cannot_be_injected(rig, arguments: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("fault", "inject", *arguments)
    assert code == 2
    assert says in output


def test_a_removed_folder_is_one_message(tmp_path: Path) -> None:
    code = (
        f"import os, sys; os.rmdir({str(tmp_path)!r}); sys.argv = ['rig', 'status']; from rig.cli.app import run; run()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rig: the working directory cannot be used")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["test_a.py", "none/b.yaml"], "the recording none/b.yaml cannot be written: No such file or directory"),
        (["test_a.py", "kept.yaml"], "kept.yaml exists already"),
        (["test_a.txt"], "test_a.txt is neither a test nor a scenario"),
        ([f"{'a' * 300}.py"], "cannot be written: File name too long"),
    ],
)
def test_a_recording_that_could_not_be_written_does_not_begin(  # type: ignore[no-untyped-def]
    rig, tmp_path: Path, files: list[str], says: str
) -> None:
    (tmp_path / "kept.yaml").write_text("mine")
    code, output = rig("record", *files, cwd=tmp_path)
    assert (code, says in output) == (2, True), output
    assert [path.name for path in tmp_path.iterdir()] == ["kept.yaml"]


def test_an_answer_is_replaced_once_or_always(rig) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("csms", "answer", "Authorize", "{}", "--times", "2", "--always")
    assert (code, "--times, --always and --normal exclude each other" in output) == (2, True), output


def test_doctor_on_the_virtual_bench(rig) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("doctor")
    assert "extra-low voltage only" in output
    assert "ok   description" in output
    assert code == (1 if "BAD" in output else 0)


def test_doctor_has_the_warnings_of_the_wiring_page(rig) -> None:  # type: ignore[no-untyped-def]
    _, output = rig("doctor")
    page = " ".join((ROOT / "docs" / "wiring.md").read_text().split())
    for words in ("extra-low voltage only", "from 5 V or 3.3 V", "contactor that switches mains"):
        assert words in output.splitlines()[0]
        assert words in page.replace("Extra-low", "extra-low")


def test_doctor_checks_the_folders_that_are_written_to(rig, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "build").mkdir()
    (tmp_path / "reports").touch()
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "partitions.csv").touch()
    bench = str(ROOT / "benches" / "virtual.toml")
    code, output = rig("doctor", "--bench", bench, cwd=tmp_path)
    assert code == 1
    assert "ok   .plugbench   is created when it is needed\n" in output
    assert f"ok   build        {tmp_path}/build can be written to\n" in output
    assert (
        f"BAD  reports      {tmp_path}/reports cannot be written to: File exists. Make it a folder of your own, "
        in output
    )
    assert f"BAD  firmware     {tmp_path} has no folder firmware/host to build the device from. Run in " in output


def test_a_wrong_folder_is_named_and_left_as_it_is(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("device", "run", "--csms", "ws://127.0.0.1:9/", "--id", "CP-1", cwd=tmp_path)
    assert code == 2
    assert f"rig: {tmp_path} has no folder firmware/host to build the device from. Run in the project's fo" in output
    assert list(tmp_path.iterdir()) == []


def test_doctor_finds_each_problem(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "pi.toml"
    text = (ROOT / "benches/pi.toml").read_text()
    file.write_text(text.replace("/dev/ttyUSB0", "/dev/ttyNONE").replace("build/esp32", "build/none"))
    code, output = rig("doctor", "--bench", str(file))
    assert code == 1
    assert "BAD  serial port  console.port: /dev/ttyNONE does not exist" in output
    assert re.search(
        r"BAD  firmware     device\.firmware: \S+/build/none does not exist\. "
        r"Build it \(ours: make firmware TARGET=\.\.\.\), or name another one: ",
        output,
    )


@pytest.mark.parametrize(
    ("access_point", "says"),
    [
        (
            '{ kind = "nmcli", connection = "x" }',
            "ok   csms.port    192.0.2.1 port 9000 (checked when the access point",
        ),
        (
            '{ kind = "none" }',
            "BAD  csms.port    {file}: csms.host: the bench's proxy: cannot listen on 192.0.2.1 port 9000: ",
        ),
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


@pytest.mark.parametrize(
    ("url", "identity", "says"),
    [
        ("ws://127.0.0.1:99999/", "CP-1", "must have a port from 1 to 65535, or none"),
        ("ws://127.0.0.1:abc/", "CP-1", "must have a port from 1 to 65535, or none"),
        ("ws://[::1]:0/", "CP-1", "must have a port from 1 to 65535, or none"),
        ("ws://127.0.0.1:9000/" + "x" * 300, "CP-1", "must have at most 255 bytes. Write ws://HOST:PORT/PATH"),
        ("ws://127.0.0.1:9000/a?b#c", "CP-1", "must have no fragment, the part from '#' on. Write ws://HOST:PORT/PATH"),
        ("ws://me@127.0.0.1:9000/", "CP-1", "must have no user and password"),
        ("ws://[127.0.0.1/", "CP-1", "must have a ']' after"),
        ("http://127.0.0.1:9000/", "CP-1", "must begin with ws:// or wss://"),
        ("ws://127.0.0.1/a b", "CP-1", "without blanks"),
        (
            "ws://127.0.0.1:9000/",
            "a\tb/c",
            "--id 'a\\tb/c' must have no control characters. Give a name ",
        ),
        ("ws://127.0.0.1:9000/", "x" * 49, "must have 1 to 48 characters"),
        ("ws://127.0.0.1:9000/", "", "--id '' must have 1 to 48 characters"),
    ],
)
def test_arguments_that_the_device_would_reject_are_rejected(rig, url: str, identity: str, says: str) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("device", "run", "--csms", url, "--id", identity)
    assert code == 2
    assert says in output


def test_a_single_record_has_its_pages_beside_it(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "traffic.jsonl").write_text('{"type": "note", "id": 1, "t": 1, "text": "tea"}\n')
    code, output = rig("report", "build", str(tmp_path / "traffic.jsonl"))
    page = tmp_path / "traffic-report" / "index.html"
    assert (code, output.strip().replace("\n", "")) == (0, str(page))
    assert page.is_file()


def test_a_run_has_its_pages_in_its_folder_and_is_listed(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "reports" / "runs" / "20260101-120000"
    folder.mkdir(parents=True)
    (folder / "run.jsonl").write_text('{"type": "run_ended", "id": 1, "t": 1}\n')
    assert rig("report", "build", str(folder))[0] == 0
    assert (folder / "index.html").is_file()
    code, output = rig("report", "list", str(tmp_path / "reports"))
    assert code == 0, output
    assert "20260101-120000" in (tmp_path / "reports" / "index.html").read_text()


@pytest.mark.parametrize(
    ("run", "out", "says"),
    [
        ("README.md", "out", "README.md is not a record of a run: none of its lines can be read (not JSON)"),
        ("docs/images/report.png", "out", "report.png is not a record of a run"),
        ("{tmp}/sound", "README.md", "README.md cannot be written to: "),
        ("{tmp}/sound", "/proc/xx", "/proc/xx cannot be written to: "),
    ],
)
def test_a_report_that_cannot_be_made(rig, tmp_path: Path, run: str, out: str, says: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "run.jsonl").write_text('{"type": "run_ended", "id": 1, "t": 1}\n')
    page = tmp_path / "out" / "index.html"
    page.parent.mkdir()
    page.write_text("an earlier report")
    before = (ROOT / "README.md").read_bytes()
    target = str(page.parent) if out == "out" else out
    code, output = rig("report", "build", run.format(tmp=tmp_path), "--out", target)
    assert code == 2
    assert f"rig: {says}" in output or f"/{says}" in output
    assert page.read_text() == "an earlier report"
    assert (ROOT / "README.md").read_bytes() == before


def test_commands_load_only_what_they_need() -> None:
    script = (
        "import sys; sys.argv=['rig', 'bench', 'check', 'benches/virtual.toml']\n"
        "from rig.cli.start import main\n"
        "try: main()\n"
        "except SystemExit: print([name for name in ('websockets', 'esptool', 'gpiozero') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_stored_files_are_shown_without_secrets(rig, options: list[str]) -> None:  # type: ignore[no-untyped-def]
    code, output = rig("storage", "show", str(IMAGES / "1-header" / "settings.bin.gz"), *options)
    assert code == 0
    assert "wifi_psk" in output
    assert "plugbench-psk" not in output


def test_a_stored_file_that_cannot_be_read_is_shown_as_such(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    newer = bytearray(with_header(b"content"))
    newer[4] = 9
    files = {"ledger": with_header(b"{}"), "config.json": with_header(b"{}")[:-1], "last_time": bytes(newer)}
    image = tmp_path / "image.bin"
    image.write_bytes(make_filesystem(files, 64 * 4096))
    _, output = rig("storage", "show", str(image), "--json")
    assert {name: each["state"] for name, each in json.loads(output).items()} == {
        "ledger": "unreadable: its seal does not match",
        "config.json": "damaged",
        "last_time": "newer",
    }


def test_stored_files_are_converted_into_a_new_image(rig, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source, out = IMAGES / "0.1.0-headerless" / "settings.bin.gz", tmp_path / "out.bin"
    assert rig("storage", "convert", str(source), str(out), "--to", "1") == (0, f"{out}: 5 files\n")
    written = out.read_bytes()
    assert read_stored_file(read_filesystem(written)["ledger"]).version == 1
    code, output = rig("storage", "convert", str(source), str(out), "--to", "1")
    assert code != 0
    assert "cannot be written" in output
    assert out.read_bytes() == written
