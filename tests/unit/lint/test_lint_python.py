"""The checks of imports and of words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.lint import circles, imports, modules, wording

ROOT = Path(__file__).parents[3]

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("folder", "imported"),
    [
        ("rig.bench", "fixtures"),
        ("rig.bench", "tests.unit"),
        ("fixtures", "tests.hil"),
        ("rig.timeline", "rig.bench"),
        ("rig.instruments", "rig.bench"),
        ("rig.adapters", "rig.instruments"),
        ("rig.timeline", "rig.instruments"),
        ("rig.bench", "rig.cli"),
        ("rig.report", "rig.cli"),
        ("rig.report", "rig.bench"),
        ("rig.csms", "rig.instruments"),
        ("rig.firmware", "rig.wiring"),
        ("rig.util", "rig.timeline"),
        ("rig", "rig.util"),
        ("rig.cli", "tools"),
        ("fixtures", "tools"),
    ],
)
def test_imports_upwards_are_rejected(folder: str, imported: str) -> None:
    assert imports.broken_rule(folder, imported).startswith(f"{folder} is below {imported} ")


@pytest.mark.parametrize(
    ("folder", "imported"),
    [
        ("fixtures", "rig.cli"),
        ("rig.adapters", "rig.csms"),
        ("rig.csms", "rig.report"),
        ("rig.ocpp", "rig.runs"),
        ("tests.hil", "tests.interop"),
        ("tests.hil", "examples"),
    ],
)
def test_imports_inside_a_layer_are_rejected_both_ways(folder: str, imported: str) -> None:
    for one, other in ((folder, imported), (imported, folder)):
        assert imports.broken_rule(one, other).startswith(f"{one} and {other} are of one layer; ")


@pytest.mark.parametrize(
    ("folder", "imported"),
    [
        ("tests.hil", "fixtures"),
        ("tests.unit", "rig.wiring"),
        ("tests.unit", "tools"),
        ("fixtures", "rig.bench"),
        ("rig.cli", "rig.bench"),
        ("rig.cli", "rig.cli"),
        ("rig.bench", "rig.instruments"),
        ("rig.faults", "rig.instruments"),
        ("rig.instruments", "rig.csms"),
        ("rig.instruments", "rig.adapters"),
        ("rig.instruments", "rig.timeline"),
        ("rig.wiring", "rig.firmware"),
        ("rig.report", "rig.ocpp"),
        ("rig.timeline", "rig.util"),
    ],
)
def test_imports_downwards_pass(folder: str, imported: str) -> None:
    assert imports.broken_rule(folder, imported) == ""


@pytest.mark.parametrize(
    ("module", "passes"),
    [
        ("rig.wiring.open", True),
        ("rig.wiring.pins", True),
        ("rig.wiring.virtual.board", True),
        ("rig.cli.device_run", True),
        ("tests.unit.test_board", True),
        ("rig.wiring.access_points", False),
        ("rig.wiring.opener", False),
        ("rig.bench.bench", False),
        ("rig.instruments.power", False),
        ("fixtures.device", False),
        ("tests.hil.test_boot", False),
        ("perf.ours.console", False),
    ],
)
@pytest.mark.parametrize("imported", ["rig.wiring.virtual", "rig.wiring.virtual.board"])
def test_only_some_modules_may_import_the_virtual_board(module: str, imported: str, passes: bool) -> None:
    assert (imports.seam(module, imported) == "") is passes


def test_relative_and_hidden_imports_and_those_for_types_are_found() -> None:
    source = """
from typing import TYPE_CHECKING
from . import clock
from ..bench import Bench
if TYPE_CHECKING:
    from rig.cli import main
def f():
    import rig.wiring.virtual
    importlib.import_module("rig.faults")
    __import__("rig.csms", fromlist=["Csms"])
    import_module(name)
"""
    found = {name for _line, name in modules.imported_names(ast.parse(source), "rig.instruments.leds")}
    assert found == {
        "typing.TYPE_CHECKING",
        "rig.instruments.clock",
        "rig.bench.Bench",
        "rig.cli.main",
        "rig.wiring.virtual",
        "rig.faults",
        "rig.csms",
    }


@pytest.mark.parametrize(
    "line",
    [
        "import rig.bench",
        "from rig import bench",
        "from rig.bench.bench import Bench",
        "from ..bench import bench",
        "def f():\n    from rig.bench import bench",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rig.bench.bench import Bench",
        "import importlib\nimportlib.import_module(name='rig.bench')",
        "import importlib as loader\nloader.import_module('rig.bench')",
        "from importlib import import_module as im\nim('rig.bench')",
        "from importlib import import_module as im\nim(package=__package__, name='..bench')",
        "from importlib import import_module\nimport_module('..bench', __package__)",
        "from importlib import import_module\nimport_module('.bench', 'rig')",
        "from importlib import import_module\nimport_module('.bench', package='rig')",
        "from builtins import __import__ as load\nload('rig.bench')",
    ],
)
def test_a_backward_import_is_found_in_every_form(repository: Path, write: Write, line: str) -> None:
    for folder in ("rig", "rig/bench", "rig/timeline"):
        write(f"{folder}/__init__.py", "")
    write("rig/bench/bench.py", "from rig.timeline.timeline import Timeline\n")
    write("rig/timeline/timeline.py", f"import os\n{line}\n")
    (finding,) = imports.run(repository).findings
    assert finding.startswith(f"rig/timeline/timeline.py:{2 + line.count(chr(10))}: imports rig.bench")
    assert ": rig.timeline is below rig.bench (" in finding


def test_an_import_of_a_restricted_module_is_reported_with_its_line(repository: Path, write: Write) -> None:
    write("rig/wiring/virtual/__init__.py", "")
    write("rig/bench/bench.py", "import os\nfrom rig.wiring import virtual\n")
    (finding,) = imports.run(repository).findings
    assert finding.startswith("rig/bench/bench.py:2: imports rig.wiring.virtual: only rig.wiring.open, ")


def test_a_folder_without_a_rank_is_rejected(repository: Path, write: Write) -> None:
    write("rig/fresh/__init__.py", "")
    write("rig/csms/fresh/__init__.py", "from rig.csms import part\n")
    write("rig/csms/instrument/__init__.py", "from rig.csms import part\n")  # listed as a part of rig/csms
    write("rig/csms/part.py", "import rig.csms.instrument\n")
    write("fixtures/fresh/plugin.py", "")
    write("fixtures/session/deep/plugin.py", "")
    write("fixtures/session/run.py", "")
    write("tests/fresh/test_it.py", "")
    write("tests/unit/fresh/test_it.py", "")  # part of tests/unit, which has one rank
    write("fresh/deep/tool.py", "")
    write("script.py", "")
    write("firmware/test/runner.py", "")
    missing = "the folder has no rank; give it one in tools/lint/imports.py"
    listed = f"{missing}, or list it in INSIDE there, as belonging to "
    assert imports.run(repository).findings == [
        f"fixtures/fresh: {listed}fixtures",
        f"fixtures/session/deep: {listed}fixtures/session",
        f"fresh: {missing}",
        f"rig/csms/fresh: {listed}rig/csms",
        f"rig/fresh: {missing}",
        f"script: {missing}",
        f"tests/fresh: {missing}",
    ]


@pytest.mark.parametrize("line", ["import pytest_plugbench", "from pytest_plugbench import pytest_addoption"])
def test_modules_beside_the_folders_have_a_rank(repository: Path, write: Write, line: str) -> None:
    write("pytest_plugbench.py", "import importlib\nfound = importlib.import_module('fixtures')\n")
    write("fixtures/__init__.py", "")
    write("rig/bench/bench.py", f"{line}\n")
    (finding,) = imports.run(repository).findings
    assert finding.startswith("rig/bench/bench.py:1: imports pytest_plugbench: rig.bench is below pytest_plugbench")


def test_the_pytest_plugin_may_import_only_the_fixtures(repository: Path, write: Write) -> None:
    write("pytest_plugbench.py", "import fixtures.device\nimport rig.cli\n")
    write("fixtures/device.py", "")
    write("rig/cli/__init__.py", "")
    (finding,) = imports.run(repository).findings
    assert finding.startswith("pytest_plugbench.py:2: imports rig.cli: pytest_plugbench may import only fixtures; ")


def test_a_circle_with_a_module_beside_the_folders_is_found(repository: Path, write: Write) -> None:
    write("plugin.py", "import fixtures.device\n")
    write("fixtures/device.py", "import plugin\n")
    (finding,) = circles.run(repository).findings
    assert "fixtures.device → plugin → fixtures.device" in finding


def test_each_listed_folder_exists_inside_a_ranked_one() -> None:
    for folder in imports.INSIDE:
        path = ROOT.joinpath(*folder.split("."), "__init__.py")
        assert path.is_file()
        owner = imports.folder_of(ROOT, path)
        assert folder.startswith(f"{owner}.")
        assert any(owner in layer for layer in imports.LAYERS)


def test_a_file_directly_in_rig_is_rejected(repository: Path, write: Write) -> None:
    write("rig/__init__.py", "")
    write("rig/bench.py", "")
    assert imports.run(repository).findings == [
        "rig/bench.py: no file but __init__.py is directly in rig; move it to a folder of its layer"
    ]


def test_no_folder_has_two_ranks() -> None:
    folders = [folder for layer in imports.LAYERS for folder in layer]
    assert len(folders) == len(set(folders))


def test_the_design_page_has_the_layers() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| [^|]+ \|$", (ROOT / "docs" / "design.md").read_text(), re.MULTILINE)
    layers = [tuple(re.findall(r"`([^`]+)`", row.replace("/", "."))) for row in rows]
    assert "\n".join(map(str, imports.LAYERS)) in "\n".join(map(str, layers))


def test_layout_has_folders_from_the_top_and_arrows(repository: Path, write: Write) -> None:
    write("fixtures/device.py", "from rig.bench import bench\nfrom rig.bench.bench import Bench\n")
    write("rig/bench/bench.py", "import rig.util.clock\nimport rig.util.loop\nimport rig.bench.locks\n")
    write("rig/bench/locks.py", "import rig.util.clock\n")
    write("rig/bench/parts/part.py", "")
    write("rig/csms/csms.py", "import rig.csms.instrument.calls\n")
    write("rig/csms/instrument/calls.py", "import rig.csms.csms\nimport rig.util.clock\n")
    write("rig/util/clock.py", "def f():\n    from rig.bench.bench import Bench\n")
    write("rig/util/loop.py", "")
    write("rig/fresh/fresh.py", "")
    layout = imports.layout(repository)
    assert [(name, folder.files, folder.lines) for name, folder in layout.folders.items()] == [
        ("fixtures", 1, 2),
        ("rig.bench", 2, 4),
        ("rig.csms", 2, 3),
        ("rig.util", 2, 2),
        ("rig.bench.parts", 1, 0),
        ("rig.fresh", 1, 0),
    ]
    ranks = [folder.rank or 0 for folder in layout.folders.values()]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[-1] == 0
    assert layout.arrows == {
        ("fixtures", "rig.bench"): 1,
        ("rig.bench", "rig.util"): 3,
        ("rig.csms", "rig.util"): 1,
        ("rig.util", "rig.bench"): 1,
    }
    assert layout.backward == [("rig.util", "rig.bench")]
    (inside,) = layout.inside.items()
    assert inside[0] == "rig.csms.instrument"
    assert (inside[1].owner, inside[1].files, inside[1].lines) == ("rig.csms", 1, 2)
    assert layout.arrows_inside == {
        ("rig.csms", "rig.csms.instrument"): 1,
        ("rig.csms.instrument", "rig.csms"): 1,
    }


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
def test_a_circle_is_found_in_every_form(repository: Path, write: Write, line: str) -> None:
    write("rig/__init__.py", "")
    write("rig/a.py", f"import os\n{line}\n")
    write("rig/b.py", "from rig.c import y\n")
    write("rig/c.py", "def f():\n    from rig.a import z\n")
    number = 2 + line.count("\n")
    assert circles.run(repository).findings == [
        f"rig/a.py:{number}: imports go in a circle: rig.a → rig.b → rig.c → rig.a{BELOW}"
    ]


def test_a_circle_through_an_implicitly_loaded_package_is_found(repository: Path, write: Write) -> None:
    write("rig/csms/__init__.py", "from rig.csms.server import Server\n")
    write("rig/csms/messages.py", "")
    write("rig/csms/server.py", "from rig.network import Proxy\n")
    write("rig/network.py", "from rig.csms.messages import Call\n")
    assert circles.run(repository).findings == [
        f"rig/csms/__init__.py:1: imports go in a circle: rig.csms → rig.csms.server → rig.network → rig.csms{BELOW}"
    ]


def test_each_of_two_circles_is_reported(repository: Path, write: Write) -> None:
    for one, other in ("ab", "ba", "cd", "dc"):
        write(f"rig/{one}.py", f"import rig.{other}\n")
    assert [finding.split(":")[0] for finding in circles.run(repository).findings] == ["rig/a.py", "rig/c.py"]


def test_a_circle_of_other_folders_is_found(repository: Path, write: Write) -> None:
    for one, other in ("ab", "ba"):
        write(f"fixtures/{one}.py", f"def f():\n    import fixtures.{other}\n")
    (finding,) = circles.run(repository).findings
    assert finding.startswith("fixtures/a.py:2: imports go in a circle: fixtures.a → fixtures.b → fixtures.a; ")


def test_a_package_and_its_own_modules_are_no_circle(repository: Path, write: Write) -> None:
    write("rig/csms/__init__.py", "from rig.csms.server import Server\n")
    write("rig/csms/server.py", "from rig.csms import messages\nfrom rig.csms.messages import Call\n")
    write("rig/csms/messages.py", "import rig\nimport os\n")
    assert circles.run(repository).findings == []


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
