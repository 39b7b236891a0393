"""The pages of a run: complete, safe, and without external resources."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html
from synthetic_run import Recorder, S

from rig.report import build, write_runs
from rig.report.page import FILES
from rig.runs.store import write_summary
from rig.timeline import events as ev

NOON = 1_795_000_000 * S
"""A moment of real time."""


@pytest.fixture(scope="module")
def out(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the report of the synthetic run."""
    folder = tmp_path_factory.mktemp("report")
    recorder.write(folder / "runs" / "one")
    assert build(folder / "runs" / "one", folder) == folder / "index.html"
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> html.HtmlElement:
    """Return the first page as a tree."""
    return html.fromstring((out / "index.html").read_bytes())


@pytest.fixture(scope="module")
def pages(out: Path) -> list[html.HtmlElement]:
    """Return the pages of the files of tests."""
    return file_pages(out)


def file_pages(out: Path) -> list[html.HtmlElement]:
    return [html.fromstring(path.read_bytes()) for path in sorted((out / FILES).glob("*.html"))]


def section(pages: list[html.HtmlElement], name: str) -> html.HtmlElement:
    """Return the section of a test, by a part of its name or by its verdict."""
    found = [
        s for page in pages for s in page.xpath(f"//section[contains(@class, '{name}') or contains(h2, '{name}')]")
    ]
    return found[0]


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_the_header_has_the_run_and_its_result(page: html.HtmlElement) -> None:
    header = words(page.find(".//header"))
    for part in (
        "2 failed",
        "1 error of the bench",
        "6 passed",
        "1 skipped",
        "virtual",
        "0.1.0 build 5ec0ffee",
        "2026-11-23",
    ):
        assert part in header


def test_each_file_of_tests_has_a_page_that_leads_to_each_test(page: html.HtmlElement, out: Path) -> None:
    files = page.xpath("//section[@aria-label='Tests by file']//a/@href")
    assert len(files) == len(set(files)) == 10
    tests = 0
    for file in files:
        tree = html.fromstring((out / file).read_bytes())
        for link in tree.xpath("//table[@class='tests']//a/@href"):
            assert tree.get_element_by_id(link.removeprefix("#")).tag == "section"
            tests += 1
    assert tests == 10


def test_tests_that_did_not_pass_are_on_the_first_page(page: html.HtmlElement, out: Path) -> None:
    assert len(page.xpath("//article")) == 3
    for link in page.xpath("//article//a/@href"):
        file, _, anchor = link.partition("#")
        assert html.fromstring((out / file).read_bytes()).get_element_by_id(anchor).tag == "section"


def test_a_row_has_the_key_figure(pages: list[html.HtmlElement]) -> None:
    (row,) = [r for p in pages for r in p.xpath("//table[@class='tests']//tr[.//a[contains(., 'emergency')]]")]
    row = words(row)
    assert "failed" in row
    assert "edge to contactor 380 ms at most 10 ms" in row


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> list[html.HtmlElement]:
    """Return the pages of a run of two workers in stepped time."""
    folder = tmp_path_factory.mktemp("stepped")
    for worker, wall in (("gw0", NOON + 7 * S), ("gw1", NOON)):
        r = Recorder(wall)
        r.put(ev.RunStarted(run="one", date="2026-11-23", bench="virtual", worker=worker, clock="stepped"))
        pressed = r.test(f"tests/hil/test_a.py::test_{worker}", "")
        r.quiet(3720)
        for name, value, unit, high in (
            ("edge to contactor", 0, "ms", 20),
            ("edge to banner", 40, "ms", 20),
            ("half-open link noticed", 3720, "s", 4000),
        ):
            latency = unit == "ms"
            r.put(
                ev.Measurement(
                    name=name, value=value, unit=unit, high=high, ok=value <= high,
                    start=pressed, end=r.now, no_latency=latency,
                )
            )  # fmt: skip
        r.put(ev.TestEnded(nodeid=f"tests/hil/test_a.py::test_{worker}", outcome="passed", seconds=3.7))
        r.put(ev.RunEnded())
        r.write(folder / worker)
    return [html.fromstring(build(folder, folder).read_bytes()), *file_pages(folder)]


def test_a_run_in_stepped_time_shows_device_time_and_real_time(stepped: list[html.HtmlElement]) -> None:
    index, page = stepped
    assert [words(th) for th in page.xpath("//table[@class='tests']/thead//th")] == [
        *("outcome", "test", "device time", "real time", "measured", "worker"),
    ]
    row = page.xpath("//table[@class='tests']//tr[.//a[contains(., 'gw1')]]")[0]
    assert [words(td) for td in row.xpath("td")][2:4] == ["1 h 2 min", "3.7 s"]
    assert "took10.7 s 2 h 4 min of device time, 2 workers" in words(index.find(".//header"))
    first, second = (words(section([page], name)) for name in ("gw1", "gw0"))
    assert "1 h 2 min of device time in 3.7 s of real time; began 1 ms into the run on worker gw1" in first
    assert "began 7.0 s into the run on worker gw0" in second


def test_a_run_in_real_time_has_one_time(page: html.HtmlElement, pages: list[html.HtmlElement]) -> None:
    for file in pages:
        assert [words(th) for th in file.xpath("//table[@class='tests']/thead//th")] == [
            *("outcome", "test", "took", "measured"),
        ]
        assert "device time" not in words(file)
    assert "device time" not in words(page)


def test_stepped_time_has_no_latency_to_show(stepped: list[html.HtmlElement]) -> None:
    rows = stepped[1].xpath("(//table[@class='figures'])[1]/tbody/tr")
    assert [[words(td) for td in row] for row in rows] == [
        ["edge to contactor", "no latency in stepped time", "at most 20 ms", "only waits checked"],
        ["edge to banner", "40 ms", "at most 20 ms", "out of limits"],
        ["half-open link noticed", "3720 s", "at most 4000 s", "within"],
    ]


def test_a_test_without_a_file_is_separate_and_an_error_has_no_class_name(tmp_path: Path) -> None:
    r = Recorder()
    for nodeid, outcome in (
        ("tests/hil/test_a.py::test_one", "passed"),
        ("::test_two", "passed"),
        ("::three", "failed"),
    ):
        began = r.test(nodeid, "")
        r.end(
            nodeid,
            began,
            outcome,
            "rig.util.errors.ExpectationError: expected within 3 s: tea" if outcome == "failed" else "",
        )
    r.write(tmp_path)
    page = html.fromstring(build(tmp_path, tmp_path).read_bytes())
    assert [words(a) for a in page.xpath("//section[@aria-label='Tests by file']//a")] == [
        "elsewhere",
        "tests/hil/test_a.py",
    ]
    (article,) = page.xpath("//article")
    assert words(article) == "failed three Failure of the firmware expected within 3 s: tea"
    everything = [page, *file_pages(tmp_path)]
    assert not [page for page in everything if "rig.util.errors" in words(page)]
    assert words(section(everything, "three").find(".//pre")) == "expected within 3 s: tea"


def test_all_linked_files_exist(out: Path) -> None:
    for path in (out / "index.html", *(out / FILES).glob("*.html")):
        wanted = html.fromstring(path.read_bytes()).xpath("//@href | //@src")
        assert wanted
        for link in wanted:
            assert link.startswith("#") or (path.parent / link.partition("#")[0]).is_file(), link


def test_the_pages_follow_a_strict_content_policy(page: html.HtmlElement, pages: list[html.HtmlElement]) -> None:
    for each in (page, *pages):
        validate_content_policy(each)


def validate_content_policy(page: html.HtmlElement) -> None:
    assert not page.xpath("//script | //style | //iframe | //object | //embed | //@style")
    assert not [name for name in page.xpath("//@*") if getattr(name, "attrname", "").startswith("on")]
    assert not [link for link in page.xpath("//@href | //@src") if "//" in link or link.startswith("data:")]


def test_failures_and_bench_errors_are_distinguished(pages: list[html.HtmlElement]) -> None:
    assert "Failure of the firmware" in words(section(pages, "failed"))
    bench = words(section(pages, "error"))
    assert "Error of the bench, not of the firmware" in bench
    assert bench.count("vanished") == 1


def test_a_skipped_test_has_a_reason_and_no_picture(pages: list[html.HtmlElement]) -> None:
    skipped = section(pages, "skipped")
    assert "lacks what the test needs: control_pilot" in words(skipped)
    assert not skipped.xpath(".//img")


def test_pictures_have_text_alternatives(pages: list[html.HtmlElement]) -> None:
    pictures = [picture for page in pages for picture in page.xpath("//img")]
    assert pictures
    for picture in pictures:
        assert len(picture.get("alt")) > 30


def test_scrolling_areas_are_reachable_by_keyboard_and_have_a_name(pages: list[html.HtmlElement]) -> None:
    scrolls = "//pre[@class='log' or @class='excerpt' or @class='aligned']"
    logs = [log for page in pages for log in page.xpath(scrolls)]
    assert logs
    for log in logs:
        assert (log.get("role"), log.get("tabindex")) == ("region", "0")
        assert log.get("aria-label").startswith(("Console of ", "The failing line of ", "Lines of the message of "))
    for page in pages:
        assert all(picture.getparent().tag == "a" for picture in page.xpath("//img"))
        assert page.get("lang") == "en"
        sections = len(page.xpath("//section[contains(@class, 'test ')]"))
        assert [heading.tag for heading in page.iter("h1", "h2", "h3")] == ["h1", *["h2"] * (sections + 1)]


def test_hostile_text_is_shown_not_run(out: Path, page: html.HtmlElement) -> None:
    assert b"<script" not in (out / "index.html").read_bytes()
    assert "<script>alert(1)</script>" in words(page)


def test_console_tail_has_thirty_lines_at_most(tmp_path: Path) -> None:
    r = Recorder()
    started = r.test("t::chatty", "")
    for n in range(50):
        r.log(f"line {n}")
    r.end("t::chatty", started)
    r.write(tmp_path)
    build(tmp_path, tmp_path)
    text = words(file_pages(tmp_path)[0])
    assert "last 30 of 50 lines" in text
    assert "line 20" in text
    assert "line 19" not in text


def test_full_log_has_every_event_and_no_secret(out: Path) -> None:
    log = next((out / FILES).glob("*slow-answer*.txt")).read_text()
    assert "CALLRESULT StartTransaction [held-1]" in log
    assert "AuthorizationKey" in log
    assert "top secret" not in "".join(path.read_text() for path in (out / FILES).iterdir())


def test_a_cut_off_run_is_marked(recorder: Recorder, tmp_path: Path) -> None:
    path = recorder.write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])
    page = html.fromstring(build(tmp_path, tmp_path).read_bytes())
    assert "This run was cut off" in words(page)
    assert page.xpath("//article[@class='cut-off']")


def test_an_empty_run_has_a_page(tmp_path: Path) -> None:
    r = Recorder()
    r.put(ev.RunStarted(run="one", date="", bench="virtual"))
    r.put(ev.RunEnded())
    r.write(tmp_path)
    assert "No test began in this run" in words(html.fromstring(build(tmp_path, tmp_path).read_bytes()))


@pytest.mark.parametrize("name", ["run.jsonl", "traffic.jsonl", "cp 1.log"])
def test_a_record_without_tests_has_one_picture(tmp_path: Path, name: str) -> None:
    """Such a record comes from `rig csms serve --record`."""
    r = Recorder()
    r.put(ev.LinkChange(charge_point="CP-9", connected=True))
    r.call("Heartbeat", {}, {"currentTime": "2026-11-23T12:00:00Z"})
    r.write(tmp_path)
    record = (tmp_path / "run.jsonl").rename(tmp_path / name)
    build(record, tmp_path / "out")
    (page,) = file_pages(tmp_path / "out")
    (picture,) = page.xpath("//section//a[@class='picture']/img[contains(@alt, 'Timeline')]/@src")
    assert "Heartbeat" in (tmp_path / "out" / FILES / picture).read_text()
    assert "recorded" in words(page)


def test_a_failure_shows_its_line_with_values_on_both_pages(tmp_path: Path) -> None:
    r = Recorder()
    r.test("tests/hil/test_a.py::test_one", "")
    excerpt = "tests/hil/test_a.py:7\n>    7      assert took < 3\n        took = 5"
    r.put(
        ev.TestEnded(nodeid="tests/hil/test_a.py::test_one", outcome="failed", seconds=1, message="no", excerpt=excerpt)
    )
    r.write(tmp_path)
    pages = [html.fromstring(build(tmp_path, tmp_path).read_bytes()), *file_pages(tmp_path)]
    for page in pages:
        assert [pre.text_content().strip() for pre in page.xpath("//pre[@class='excerpt']")] == [excerpt]


def test_a_line_that_points_into_the_line_above_does_not_wrap(tmp_path: Path) -> None:
    frames = [
        f'  >    0.004 s  → [m3] StatusNotification {{"status":"{"x" * 200}"}}',
        " " * 53 + "^ expected 'Charging'",
    ]
    message = "\n".join(["nearest miss: status", "the exchange (last 20 of 30):", *frames, "the whole log: a.log"])
    r = Recorder()
    r.end("tests/test_a.py::test_one", r.test("tests/test_a.py::test_one", ""), "failed", message)
    run = tmp_path / "runs" / "one"
    r.write(run)
    write_summary(run)
    run_page = html.fromstring(build(run, run).read_bytes())
    runs_page = html.fromstring(write_runs(tmp_path, run.parent).read_bytes())
    for page in (run_page, runs_page, *file_pages(run)):
        above, aligned, below = page.xpath("//div[@class='message']/pre[not(@class='excerpt')]")
        assert aligned.get("class") == "aligned"
        assert aligned.text_content().splitlines() == frames
        assert above.text_content().endswith("the exchange (last 20 of 30):")
        assert below.text_content() == "the whole log: a.log"


def test_the_console_is_shown_once_and_telemetry_is_not(tmp_path: Path) -> None:
    r = Recorder()
    began = r.test("t::one", "")
    r.log("ready")
    r.put(ev.LogLine(text="T (9) monitor: {}"))
    r.put(ev.TelemetrySample(values={"heap_free": 1}))
    message = "no tea\nlast 1 lines of the console, by:\n  -1 s | ready\nthe whole log: console.log"
    r.end("t::one", began, "failed", message)
    r.write(tmp_path)
    build(tmp_path, tmp_path)
    text = words(file_pages(tmp_path)[0])
    assert "no tea the whole log: console.log" in text
    assert "Console, last 1 of 1 lines, by seconds since the test began" in text
    assert "monitor" not in text


def test_the_head_has_commit_and_seed_and_links(tmp_path: Path) -> None:
    r = Recorder()
    r.put(
        ev.RunStarted(
            run="one", date="2026", bench="virtual", commit="abc-dirty", seed="42", links={"pytest": "pytest.html"}
        )
    )
    r.put(ev.RunEnded())
    r.write(tmp_path / "run")
    page = html.fromstring(build(tmp_path / "run", tmp_path / "out", runs_page=tmp_path / "index.html").read_bytes())
    header = words(page.find(".//header"))
    assert "commitabc-dirty" in header
    assert "seed42" in header
    assert page.xpath("//a[.='pytest']/@href") == ["../run/pytest.html"]
    assert page.xpath("//a[.='all runs']/@href") == ["../index.html"]


@pytest.mark.parametrize(
    ("error", "shown", "head"),
    [
        (
            0.0874,
            "4 ms ± 0.087 ms",
            "measured times have an error of ± 0.087 ms in 95 % of cases (measured 2026-11-01)",
        ),
        (None, "4 ms", "the error of measured times was not measured"),
    ],
)
def test_a_measured_time_has_the_error_of_its_bench(tmp_path: Path, error: float | None, shown: str, head: str) -> None:
    """A figure that is not a time between two stamps has none."""
    r = Recorder()
    r.put(ev.RunStarted(run="one", date="2026", bench="pi", stamp_error=error, stamp_error_date="2026-11-01"))
    began = r.test("t::one", "")
    r.put(ev.Measurement(name="to contactor", value=4, unit="ms", start=r.now - 4_000_000, end=r.now))
    r.put(ev.Measurement(name="length", value=4, unit="ms"))
    r.end("t::one", began)
    r.put(ev.RunEnded())
    r.write(tmp_path)
    assert f"pi: {head}" in words(html.fromstring(build(tmp_path, tmp_path).read_bytes()))
    rows = file_pages(tmp_path)[0].xpath("//table[@class='figures']/tbody/tr/td[2]")
    assert [row.text_content() for row in rows] == [shown, "4 ms"]


def test_a_second_report_replaces_only_the_first(recorder: Recorder, tmp_path: Path) -> None:
    recorder.write(tmp_path / "run")
    (tmp_path / FILES).mkdir()
    (tmp_path / FILES / "old.svg").write_text("old")
    (tmp_path / "pytest.html").write_text("not ours")
    build(tmp_path / "run", tmp_path)
    assert not (tmp_path / FILES / "old.svg").exists()
    assert (tmp_path / "pytest.html").read_text() == "not ours"
