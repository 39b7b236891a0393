"""The limits of the coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.coverage_gate import main


def report(path: Path, files: dict[str, tuple[int, str]]) -> Path:
    """Write a report: for each file the hits of its only line, and the share of its branches."""
    lines = "".join(
        f'<class filename="{name}"><methods/><lines><line number="1" hits="{hits}" branch="true"'
        f' condition-coverage="{share}"/></lines></class>'
        for name, (hits, share) in files.items()
    )
    path.write_text(f"<coverage><packages><package><classes>{lines}</classes></package></packages></coverage>")
    return path


@pytest.mark.parametrize(
    ("hits", "share", "code", "line"),
    [
        (1, "90% (9/10)", 0, " 90.0% of 10 branches of the firmware's core\n"),
        (1, "80% (8/10)", 1, " 80.0% of 10 branches of the firmware's core, less than 90%\n"),
        (0, "100% (10/10)", 1, "  0.0% of 1 lines of the rig, less than 90%\n"),
    ],
)
def test_a_share_below_its_limit_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hits: int, share: str, code: int, line: str
) -> None:
    rig = report(tmp_path / "python.xml", {"rig/a.py": (hits, ""), "tools/b.py": (0, "")})
    others = {f"src/{folder}/a.cpp": (1, "100% (2/2)") for folder in ("runtime", "features/x")}
    firmware = report(tmp_path / "firmware.xml", {"src/core/a.cpp": (1, share), "src/port/b.cpp": (0, ""), **others})
    assert main([str(rig), str(firmware)]) == code
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("text", [None, "<coverage>"])
def test_a_report_that_cannot_be_read_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    file = tmp_path / "python.xml"
    if text is not None:
        file.write_text(text)
    assert main([str(file), str(file)]) == 2
    assert "make unit hil coverage COVERAGE=yes" in capsys.readouterr().err
