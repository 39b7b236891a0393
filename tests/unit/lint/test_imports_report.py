"""The printed report about folders and the imports between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import imports_report
from tools.lint import imports

Write = Callable[[str, str], Path]


def test_folders_arrows_and_circles_are_printed(
    repository: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("rig/bench/bench.py", "import rig.util.clock\nimport rig.util.loop\n")
    write("rig/util/clock.py", "")
    write("rig/util/loop.py", "from rig.bench.bench import Bench\n")
    write("firmware/src/app/app.h", '#include "core/text.h"\n')
    write("firmware/src/core/text.h", "")
    assert imports_report.main([str(repository)]) == 1
    bench, util = (imports.layout(repository).folders[name].rank for name in ("rig.bench", "rig.util"))
    python, firmware = capsys.readouterr().out.split("\n\nfirmware/src: ")
    assert python.splitlines() == [
        "rig and fixtures: 2 folders, 3 files, 3 lines",
        "",
        "  rank  folder     files   lines",
        f"  {bench:>4}  rig.bench      1       2",
        f"  {util:>4}  rig.util       2       1",
        "",
        "  arrows: 2",
        "    rig.bench → rig.util×2",
        "    rig.util → rig.bench×1",
        "",
        "  arrows that run back: 1",
        "    rig.util → rig.bench×1",
        "",
        "  circles of folders: 1",
        "    rig.bench → rig.util → rig.bench",
        "",
        "  circles of modules: 1",
        "    rig.bench.bench → rig.util.loop → rig.bench.bench",
    ]
    assert "  arrows: 1\n    app → core×1\n" in firmware
    assert "  arrows that run back: 0\n" in firmware


def test_a_repository_without_violations_passes(repository: Path, write: Write) -> None:
    write("rig/bench/bench.py", "import rig.util.clock\n")
    write("rig/util/clock.py", "")
    write("firmware/src/core/text.h", "")
    assert imports_report.main([str(repository)]) == 0


def test_a_folder_without_a_rank_fails(repository: Path, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("rig/fresh/fresh.py", "")
    assert imports_report.main([str(repository)]) == 1
    assert "  none  rig.fresh      1       0\n" in capsys.readouterr().out


def test_circles_with_a_folder_inside_another_are_printed_and_pass(
    repository: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("rig/csms/csms.py", "import rig.csms.instrument.calls\n")
    write("rig/csms/messages.py", "")
    write("rig/csms/instrument/calls.py", "import rig.csms.messages\n")
    assert imports_report.main([str(repository)]) == 0
    printed = capsys.readouterr().out
    assert (
        "  folders inside others, counted there: 1\n    rig.csms.instrument, inside rig.csms: 1 files, 1 lines: "
        in printed
    )
    assert (
        "  circles inside a folder, which are allowed: 1\n"
        "    inside rig.csms: rig.csms → rig.csms.instrument → rig.csms\n"
    ) in printed
