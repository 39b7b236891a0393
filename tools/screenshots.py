"""Draw the pictures of the README from a real run of its test: `python -m tools.screenshots`, or `make screenshots`.

The test of README.md fails on purpose. It runs in a separate project below build/, after the tutorial's tests, so that
the list of runs has a green and a red one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rig.report import timeline_svg
from rig.runs.load import read_run
from tests.document import blocks

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "build" / "screenshots"
IMAGES = ROOT / "docs" / "images"
INDEX_SIZE = (1000, 760)
"""Width and height of the page with all runs, in CSS pixels."""


def main() -> int:
    """Run the tests and draw both pictures.

    Returns:
        0, or 1 if the browser is missing or the runs did not end as expected.
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("screenshots: chromium is missing: run make install-extras as root", file=sys.stderr)
        return 1
    _write_project()
    codes = [_pytest("test_tutorial.py"), _pytest("test_tutorial.py", "test_boot.py", "test_readme.py")]
    if codes != [0, 1]:
        print(f"screenshots: the runs ended with {codes}, not with [0, 1]; see {PROJECT}/reports", file=sys.stderr)
        return 1
    runs = sorted((PROJECT / "reports" / "runs").iterdir(), key=lambda folder: folder.stat().st_mtime)
    (failed,) = (test for test in read_run(runs[-1]).tests if test.outcome == "failed")
    picture = PROJECT / "picture.svg"
    picture.write_text(timeline_svg.render(failed), encoding="utf-8")
    size = re.search(r'width="(\d+)" height="(\d+)"', picture.read_text(encoding="utf-8"))
    assert size is not None
    _draw(browser, picture, (int(size[1]), int(size[2])), IMAGES / "report.png")
    _draw(browser, PROJECT / "reports" / "index.html", INDEX_SIZE, IMAGES / "runs.png")
    return 0


def _write_project() -> None:
    """Write the examples of README.md and of the tutorial as test files, with a pytest.ini."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)
    settings = ["[pytest]", f"plugbench_bench = {ROOT}/benches/virtual.toml", "asyncio_mode = auto"]
    settings += ["asyncio_default_fixture_loop_scope = function", "markers ="]
    (PROJECT / "pytest.ini").write_text("\n".join([*settings, ""]), encoding="utf-8")
    for name, page, wanted in (
        ("test_readme.py", "README.md", "python fails"),
        ("test_tutorial.py", "docs/writing-tests.md", "python"),
    ):
        texts = [text for kind, text, _ in blocks(ROOT / page) if kind == wanted]
        (PROJECT / name).write_text("\n\n".join(texts), encoding="utf-8")
    # Leaves an idle device, so that the picture does not start with the cleanup of another test.
    (PROJECT / "test_boot.py").write_text("def test_boots(device):\n    device.boot()\n", encoding="utf-8")


def _pytest(*files: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:random_order", "-p", "no:hypothesispytest", *files]
    return subprocess.run(command, cwd=PROJECT).returncode


def _draw(browser: str, page: Path, size: tuple[int, int], image: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(browser, "--headless", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", f"--user-data-dir={profile}", "--hide-scrollbars", "--force-device-scale-factor=1.5"),
            *(f"--window-size={size[0]},{size[1]}", f"--screenshot={image}"),
        ]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # chromium refuses to start as root with it
        subprocess.run([*command, page.as_uri()], check=True, capture_output=True, timeout=120)
    print(image.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
