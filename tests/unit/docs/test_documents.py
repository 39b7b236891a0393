"""The code in documents and the API reference match the sources."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.config.description import Description
from rig.csms import Csms
from rig.timeline import Timeline
from rig.util.errors import ExpectationError
from tests.document import ROOT, assert_shows, blocks, run_examples
from tools.docs import api
from tools.docs.api import PARTS, Part, reference
from tools.docs.bench_reference import bench_reference
from tools.docs.importable import IMPORTABLE, INTERNAL
from tools.lint import documents

BENCH = "rig/bench/bench.py"
BLINKER = ROOT / "examples" / "blinker"
OTHER_FIRMWARE = ROOT / "docs" / "bring-your-own-firmware.md"


def test_the_blinker_is_shown_as_it_is() -> None:
    shown = {kind: text for kind, text, _ in blocks(OTHER_FIRMWARE)}
    description = (BLINKER / "bench.toml").read_text()
    assert description.endswith(shown["toml"])
    adapter = (BLINKER / "adapter.py").read_text()
    classes = [text for kind, text, _ in blocks(OTHER_FIRMWARE) if kind == "python"]
    assert len(classes) == 2
    for text in classes:
        assert text in adapter


@pytest.mark.parametrize(
    "page", ["README.md", "docs/design.md", "docs/wiring.md", "docs/first-board.md", "benches/pi.toml"]
)
def test_pages_on_boards_say_that_nothing_has_run_on_hardware(page: str) -> None:
    text = " ".join((ROOT / page).read_text().replace("**", "").split())
    assert re.search(r"(not|nothing has|nothing on this page has) (run|been tried) on (real )?hardware", text, re.I)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_examples_become_tests_of_the_module_with_their_own_lines(tmp_path: Path) -> None:
    page = write(
        tmp_path / "page.md", "# A\n\n```python\nx = 1\n```\n\n```python\ndef test_it():\n    assert x == 1\n```\n"
    )
    module = {"__name__": "m"}
    run_examples(page, module)
    module["test_it"]()  # type: ignore[operator]
    assert module["test_it"].__code__.co_firstlineno == 8  # type: ignore[attr-defined]


def test_two_examples_of_one_name_are_rejected(tmp_path: Path) -> None:
    page = write(tmp_path / "page.md", "```python\ndef test_it(): pass\n```\n\n```python\ndef test_it(): pass\n```\n")
    with pytest.raises(ValueError, match=r"page\.md:6: there are two examples test_it"):
        run_examples(page, {})


FAILING = "```python fails\ndef test_it(fail):\n    fail()\n```\n\n"


def test_an_example_that_must_fail_is_held_to_its_message(tmp_path: Path) -> None:
    module: dict[str, object] = {"__name__": "m"}
    run_examples(write(tmp_path / "page.md", f"{FAILING}```text\nexpected within 1 s: tea\n```\n"), module)

    def fail(what: str) -> None:
        raise ExpectationError(f"expected within 2.5 s: {what}\nno cup came")

    test = module["test_it"]
    test(lambda: fail("tea"))  # type: ignore[operator]
    with pytest.raises(AssertionError, match=r"page\.md:7 shows a line that is not in the message"):
        test(lambda: fail("coffee"))  # type: ignore[operator]
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test(lambda: None)  # type: ignore[operator]


def test_an_example_that_must_fail_needs_a_message(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no text block shows how test_it fails"):
        run_examples(write(tmp_path / "page.md", FAILING), {})


def test_shown_lines_come_in_order() -> None:
    assert_shows("a 1\nb 2\nc 3", "a 9\nc 9", "here")
    with pytest.raises(AssertionError):
        assert_shows("a 1\nb 2", "b 2\na 1", "here")


def test_the_reference_has_every_public_method_once() -> None:
    text = reference(ROOT)
    for part in PARTS:
        assert f"\n## {part.title}\n" in text
    internal = {name.partition(".")[2] for name in INTERNAL["rig/timeline/timeline.py"]}
    methods = {name for name in vars(Timeline) if not name.startswith("_")}
    chapter = text.split("### `rig/timeline/timeline.py`")[1].split("\n### ")[0]
    for name in methods:
        listed = chapter.count(f"- `{name}(") + chapter.count(f"- `{name}:")
        assert listed == (name not in internal), name
    assert "def f" not in text
    assert "(self" not in text


def test_the_reference_has_the_attributes_of_a_docstring() -> None:
    text = reference(ROOT)
    assert "- `tags: MutableMapping[str, AuthorizationStatus]`<br>\n  the authorization status" in text
    assert text.count("- `settle_s: float = 3.0`<br>\n  the longest time") == 1


def test_the_reference_lists_a_replaced_method_at_its_base_class_only() -> None:
    text = reference(ROOT)
    assert text.count("- `apply(bench: Bench, restore: ExitStack)`") == 1
    chapter = text.split("#### class `Latency(Fault)`")[1].split("\n#### ")[0]
    assert chapter.count("\n- `") == 3


def test_the_reference_reduces_fields_to_type_and_default() -> None:
    text = reference(ROOT)
    assert "- `bytes_per_connection: int = 64`<br>\n  the leak in bytes" in text
    assert "- `operation: Count = 1`<br>\n  the number of the flash operation" in text
    assert "- `arguments: Mapping[str, Any] = {}`<br>\n  the fault's arguments by name." in text
    assert "- `key: str`<br>\n  PEM" in text
    for internal in ("NoSecret", "MayHoldSecret", "NOTHING", "default_factory", "=_"):
        assert internal not in text.replace("settings: Settings=_NO_SETTINGS", "").replace("=_ALIKE", "")


def test_the_reference_has_the_attributes_that_a_bench_has() -> None:
    bench = Bench(load(ROOT / "benches" / "virtual.toml"))
    names = {*vars(bench), *inspect.get_annotations(Bench)} - {name.partition(".")[2] for name in INTERNAL[BENCH]}
    chapter = reference(ROOT).split(f"### `{BENCH}`")[1].split("\n### ")[0]
    assert {"clock", "timeline", "wiring", "power"} < names
    for name in names:
        assert (f"\n- `{name}: " in chapter) == (not name.startswith("_")), name


@pytest.mark.parametrize("returned", ["Iterator[Files]", "Generator[Files, None, None]", "Files"])
@pytest.mark.parametrize("statement", ["yield files", "return files"])
def test_the_reference_has_the_type_that_a_test_receives_from_a_fixture(
    returned: str, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture = f'@pytest.fixture\ndef files() -> {returned}:\n    """Return a server."""\n    {statement}\n'
    write(tmp_path / "a.py", f'"""Fixtures."""\n\n{fixture}')
    monkeypatch.setattr(api, "PARTS", (Part("Fixtures", "A text.", ("a.py",)),))
    received = "Files" if statement.startswith("yield") else returned
    assert f"\n- `files: {received}`<br>\n  Return a server." in reference(tmp_path)


def test_the_reference_describes_every_stable_name() -> None:
    text = reference(ROOT)
    for module, names in IMPORTABLE.items():
        found = [getattr(import_module(module), name) for name in names]
        parts = [value for part in found if inspect.ismodule(part) for value in vars(part).values()]
        ours = [
            value for value in (*found, *parts) if getattr(value, "__module__", "").startswith(("rig.", "fixtures."))
        ]
        for value in ours:
            if inspect.isclass(value):
                assert f"\n#### class `{value.__name__}" in text, value
            elif inspect.isfunction(value):
                assert re.search(rf"\n- `(await )?{value.__name__}\(", text), value


def test_names_that_test_authors_may_import_exist() -> None:
    for module, names in IMPORTABLE.items():
        for name in names:
            assert hasattr(import_module(module), name), f"{module}.{name}"


def test_names_that_the_reference_leaves_out_exist() -> None:
    for path, names in INTERNAL.items():
        module = import_module(path.removesuffix(".py").replace("/", "."))
        for name in names:
            owner, _, member = name.rpartition(".")
            holder = getattr(module, owner) if owner else module
            is_of_class = hasattr(holder, member) or member in inspect.get_annotations(holder)
            assert is_of_class or f"self.{member}" in inspect.getsource(holder), f"{path}: {name}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_examples_import_only_names_that_stay(page: Path) -> None:
    for kind, text, line in blocks(page):
        if not kind.startswith("python"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("rig", "fixtures"):
                unknown = {name.name for name in node.names} - set(IMPORTABLE.get(node.module or "", ()))
                assert not unknown, f"{page.name}:{line}: {node.module}: {unknown}"


def test_the_reference_has_every_part_of_the_csms() -> None:
    chapter = reference(ROOT).split("\n## CSMS\n")[1].split("\n## ")[0]
    methods = {name for name in dir(Csms) if not name.startswith("_")} - {"timeline", "on_loop", "shut_down"}
    assert {"expect", "call", "hold", "silence", "transactions", "url"} < methods
    for name in methods:
        assert chapter.count(f"{name}(") + chapter.count(f"- `{name}:") >= 1, name


def test_an_old_page_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "GENERATED", {Path("page.md"): lambda _: "new\n"})
    problem = "page.md: does not match the sources; run `make docs` and commit it"
    assert documents.generated(tmp_path).findings == [problem]
    write(tmp_path / "page.md", "old\n")
    assert documents.generated(tmp_path).findings == [problem]
    write(tmp_path / "page.md", "new\n")
    assert documents.generated(tmp_path).findings == []


def test_dead_links_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = write(
        tmp_path / "page.md",
        "# A b, c\n[here](#a-b-c) [there](page.md#d) [a link of\ntwo lines](x.md) [web](https://example.org)\n"
        "![picture](no.png)\n",
    )
    monkeypatch.setattr(documents, "tracked_files", lambda *_: [page])
    assert documents.links(tmp_path).findings == [
        "page.md:2: a link to page.md#d: no such heading",
        "page.md:2: a link to x.md, which does not exist",
    ]


def test_the_bench_reference_has_every_key_with_its_meaning() -> None:
    text = bench_reference(ROOT)
    tables = {key: field.annotation for key, field in Description.model_fields.items()}
    assert '| `time` | `"stepped"`, `"real"` | see meaning |' in text
    assert "| `port` | an integer, 0 to 65,535 | `0` |" in text
    for table in ("power", "control", "console", "network", "csms", "device"):
        chapter = text.split(f"\n## `[{table}]`\n")[1].split("\n## ")[0]
        for key in tables[table].model_fields:
            assert f"\n| `{key}` | " in chapter, (table, key)
    assert "\n| `shunt_ohm` | a number, above 0, at most 10 | " in text.split("\n## `[power.current]`\n")[1]
    assert '| `access_point` | `{ kind = "none" }` | `{ kind = "none" }` |' in text
    assert '| `access_point` | `{ kind = "manual" }` | - |' in text
    assert "other keys apply.\n" in text.split("\n## `[csms]`\n")[1].split("\n| ")[0]
    for row in re.findall(r"^\| `.*$", text, re.MULTILINE):
        assert not row.endswith("|  |"), f"no meaning: {row}"


def test_a_source_that_names_a_page_or_heading_that_is_gone_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    write(tmp_path / "docs" / "design.md", "# Signals\n")
    source = write(tmp_path / "a.py", "# docs/design.md#signals\n# docs/design.md#console\n# docs/old.md, section 5\n")
    monkeypatch.setattr(documents, "tracked_files", lambda *_: [source])
    assert documents.mentions(tmp_path).findings == [
        "a.py:2: names docs/design.md#console, which does not exist",
        "a.py:3: names docs/old.md, which does not exist",
    ]
