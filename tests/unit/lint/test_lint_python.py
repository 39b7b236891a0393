"""The checks of imports, of sleeping and of words."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.lint import circles, imports, sleeps, wording

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("rig.bench", "fixtures.bench"),
        ("rig.bench", "tests.unit.helpers"),
        ("fixtures.bench", "tests.hil"),
        ("rig.timeline", "rig.bench.Bench"),
        ("rig.instruments.leds", "rig.bench"),
        ("rig.timeline.events", "rig.instruments.console"),
        ("rig.bench", "rig.cli"),
        ("rig.report.page", "rig.cli"),
        ("rig.bench", "rig.wiring.virtual.board"),
        ("rig.instruments.power", "rig.wiring.virtual"),
        ("fixtures.bench", "rig.wiring.virtual.board"),
        ("tests.hil.test_boot", "rig.wiring.virtual.board"),
        ("rig.cli", "tools.setup"),
    ],
)
def test_imports_upwards_and_past_the_seams_are_refused(module: str, imported: str) -> None:
    assert imports.refusal(module, imported) != ""


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("tests.hil.test_boot", "fixtures.device"),
        ("tests.unit.test_board", "rig.wiring.virtual.board"),
        ("tests.unit.lint.test_lint_python", "tools.lint"),
        ("fixtures.bench", "rig.bench.Bench"),
        ("rig.cli", "rig.bench"),
        ("rig.cli", "rig.cli.run_device"),
        ("rig.bench", "rig.instruments.leds"),
        ("rig.instruments.leds", "rig.timeline"),
        ("rig.wiring.open", "rig.wiring.virtual"),
        ("rig.wiring.virtual.board", "rig.wiring.virtual.flash"),
        ("rig.bench", "gpiozero"),
    ],
)
def test_imports_downwards_pass(module: str, imported: str) -> None:
    assert imports.refusal(module, imported) == ""


def test_relative_and_hidden_imports_are_seen_and_those_for_types_are_not() -> None:
    source = """
from typing import TYPE_CHECKING
from . import clock
from ..bench import Bench
if TYPE_CHECKING:
    from rig.cli import main
def f():
    import rig.wiring.virtual
"""
    found = {name for _line, name in imports.imports(ast.parse(source), "rig.instruments.leds")}
    assert found == {"typing.TYPE_CHECKING", "rig.instruments.clock", "rig.bench.Bench", "rig.wiring.virtual"}


def test_refused_import_is_told_with_its_line(repository: Path, write: Write) -> None:
    write("rig/timeline/timeline.py", "import os\nimport rig.bench\n")
    (finding,) = imports.run(repository).findings
    assert finding.startswith("rig/timeline/timeline.py:2: imports rig.bench: rig.timeline is below rig.bench")


BELOW = "; move what they share to a file below"


@pytest.mark.parametrize(
    "line",
    [
        "from rig.b import x",
        "from rig import b",
        "from . import b",
        "def f():\n    import rig.b",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rig.b import x",
    ],
)
def test_a_circle_is_found_however_it_is_hidden(repository: Path, write: Write, line: str) -> None:
    write("rig/__init__.py", "")
    write("rig/a.py", f"import os\n{line}\n")
    write("rig/b.py", "from rig.c import y\n")
    write("rig/c.py", "def f():\n    from rig.a import z\n")
    number = 2 + line.count("\n")
    assert circles.run(repository).findings == [
        f"rig/a.py:{number}: imports go in a circle: rig.a → rig.b → rig.c → rig.a{BELOW}"
    ]


def test_a_circle_through_a_package_that_is_loaded_on_the_way_is_found(repository: Path, write: Write) -> None:
    write("rig/csms/__init__.py", "from rig.csms.server import Server\n")
    write("rig/ocpp/messages.py", "")
    write("rig/csms/server.py", "from rig.network import Proxy\n")
    write("rig/network.py", "from rig.ocpp.messages import Call\n")
    assert circles.run(repository).findings == [
        f"rig/csms/__init__.py:1: imports go in a circle: rig.csms → rig.csms.server → rig.network → rig.csms{BELOW}"
    ]


def test_each_of_two_circles_is_told(repository: Path, write: Write) -> None:
    for one, other in ("ab", "ba", "cd", "dc"):
        write(f"rig/{one}.py", f"import rig.{other}\n")
    assert [finding.split(":")[0] for finding in circles.run(repository).findings] == ["rig/a.py", "rig/c.py"]


def test_a_package_and_its_own_modules_are_no_circle(repository: Path, write: Write) -> None:
    write("rig/csms/__init__.py", "from rig.csms.server import Server\n")
    write("rig/csms/server.py", "from rig.csms import messages\nfrom rig.ocpp.messages import Call\n")
    write("rig/ocpp/messages.py", "import rig\nimport os\n")
    assert circles.run(repository).findings == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "import time as t\nt.sleep(1)",
        "from time import sleep as wait\nwait(1)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "import time\nnap = time.sleep",
    ],
)
def test_sleeping_is_found_under_any_name(source: str) -> None:
    assert list(sleeps.sleeps(ast.parse(source)))


def test_sleep_of_something_else_passes() -> None:
    assert list(sleeps.sleeps(ast.parse("device.sleep()\nimport time\ntime.monotonic()"))) == []


def test_only_tests_of_the_device_and_fixtures_must_not_sleep(repository: Path, write: Write) -> None:
    for name in ("tests/hil/test_a.py", "fixtures/b.py", "tests/unit/test_c.py"):
        write(name, "import time\ntime.sleep(1)\n")
    assert [text.split(":")[0] for text in sleeps.run(repository).findings] == ["fixtures/b.py", "tests/hil/test_a.py"]


@pytest.mark.parametrize(
    "text",
    ["# TO" + "DO later", "FIX" + "ME", "not implemented" + " yet", "see /ro" + "ot/x", "https://py" + "pi.org/simple"],
)
def test_unfinished_and_local_words_are_found(repository: Path, write: Write, text: str) -> None:
    write("docs/x.md", f"fine\n{text}\n")
    (finding,) = wording.run(repository).findings
    assert finding.startswith("docs/x.md:2: ")


def test_innocent_words_and_ignored_files_pass(repository: Path, write: Write) -> None:
    write(".gitignore", "build/\n")
    write("build/x.txt", "TO" + "DO\n")
    write("docs/x.md", "mktemp XXXXXX, ~/root/x, the root/ of the tree, a todo list\n")
    (repository / "x.bin").write_bytes(b"\0TO" + b"DO")
    assert wording.run(repository).findings == []
