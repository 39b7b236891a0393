"""The limits of the coverage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.coverage_gate import main

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {"src/core/a.cpp": "100% (2/2)", "src/runtime/a.cpp": "100% (2/2)", "src/features/x/a.cpp": "100% (2/2)"}


def rig_report(folder: Path, files: dict[str, tuple[int, int]]) -> str:
    """Write a report like coverage.py: for each file the covered lines and all lines."""
    summaries = {
        name: {"summary": {"covered_lines": covered, "num_statements": total}}
        for name, (covered, total) in files.items()
    }
    path = folder / "python.json"
    path.write_text(json.dumps({"files": summaries}))
    return str(path)


def firmware_report(folder: Path, files: dict[str, str]) -> str:
    """Write a report like gcovr: for each file its only line, with the share of its branches or without branches."""
    attributes = {
        name: f' branch="true" condition-coverage="{share}"' if share else "" for name, share in files.items()
    }
    lines = "".join(
        f'<class filename="{name}"><methods/><lines><line number="1" hits="1"{attribute}/></lines></class>'
        for name, attribute in attributes.items()
    )
    path = folder / "firmware.xml"
    path.write_text(f"<coverage><packages><package><classes>{lines}</classes></package></packages></coverage>")
    return str(path)


@pytest.mark.parametrize(
    ("covered", "share", "code", "line"),
    [
        (9, "90% (9/10)", 0, " 90.0% of 10 lines of the rig\n"),
        (9, "90% (9/10)", 0, " 90.0% of 10 branches of the firmware's core\n"),
        (9, "80% (8/10)", 1, " 80.0% of 10 branches of the firmware's core, less than 90%\n"),
        (8, "100% (10/10)", 1, " 80.0% of 10 lines of the rig, less than 90%\n"),
    ],
)
def test_a_share_below_its_limit_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], covered: int, share: str, code: int, line: str
) -> None:
    rig = rig_report(tmp_path, {"rig/a.py": (covered - 1, 9), "rig/csms/a.py": (1, 1), "tools/a.py": (0, 5)})
    firmware = firmware_report(tmp_path, WHOLE | {"src/core/a.cpp": share, "src/port/b.cpp": "0% (0/2)"})
    assert main([rig, firmware]) == code
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rig", "firmware", "message"),
    [
        ({"a.py": (1, 1), "tools/b.py": (1, 1)}, WHOLE, "python.json has no lines of files below rig/"),
        ({"rig/__init__.py": (0, 0)}, WHOLE, "python.json has no lines of files below rig/"),
        (
            {"rig/a.py": (1, 1)},
            WHOLE | {"src/runtime/a.cpp": ""},
            "firmware.xml has no branches of files below src/runtime/",
        ),
    ],
)
def test_a_report_with_nothing_of_a_folder_is_an_error(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rig: dict[str, tuple[int, int]],
    firmware: dict[str, str],
    message: str,
) -> None:
    assert main([rig_report(tmp_path, rig), firmware_report(tmp_path, firmware)]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert "make unit hil coverage COVERAGE=yes" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("text", [None, "<coverage>", "[]", '{"files": {"rig/a.py": {}}}'])
@pytest.mark.parametrize("which", ["rig", "firmware"])
def test_a_report_that_cannot_be_read_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], which: str, text: str | None
) -> None:
    files = {"rig": rig_report(tmp_path, {"rig/a.py": (1, 1)}), "firmware": firmware_report(tmp_path, WHOLE)}
    broken = Path(files[which])
    if text is None:
        broken.unlink()
    else:
        broken.write_text(text)
    assert main([files["rig"], files["firmware"]]) == 2
    printed = capsys.readouterr().err
    assert str(broken) in printed
    assert "make unit hil coverage COVERAGE=yes" in printed


def test_the_report_of_coverage_py_has_the_lines_of_the_rig(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The settings of pyproject.toml measure several folders, and the names in the report begin with the folder."""
    data, report = tmp_path / "data", tmp_path / "python.json"
    for arguments in (
        ("run", f"--data-file={data}", "-m", "rig.util.errors"),
        ("combine", f"--data-file={data}", "--quiet"),
        ("json", f"--data-file={data}", "--quiet", "-o", str(report)),
    ):
        subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT, check=True)
    assert main([str(report), firmware_report(tmp_path, WHOLE)]) == 1, "only a few lines ran"
    assert "lines of the rig, less than 90%" in capsys.readouterr().out
