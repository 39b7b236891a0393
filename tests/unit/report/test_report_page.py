"""index.html: complete, safe, and readable without anything from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html
from synthetic_run import Recorder, S

from rig.report import build
from rig.report.page import FILES
from rig.timeline import events as ev

NOON = 1_795_000_000 * S
"""A moment of real time."""


@pytest.fixture(scope="module")
def out(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report of the synthetic run."""
    folder = tmp_path_factory.mktemp("report")
    recorder.write(folder / "runs" / "one")
    assert build(folder / "runs" / "one", folder) == folder / "index.html"
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> html.HtmlElement:
    """Its page as a tree."""
    return html.fromstring((out / "index.html").read_bytes())


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_header_says_what_ran_and_how_it_ended(page: html.HtmlElement) -> None:
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


def test_table_leads_to_each_test(page: html.HtmlElement) -> None:
    links = page.xpath("//table[@class='tests']//a/@href")
    assert len(links) == 10
    for link in links:
        assert page.get_element_by_id(link.removeprefix("#")).tag == "section"
    row = words(page.xpath("//table[@class='tests']//tr[.//a[contains(., 'emergency')]]")[0])
    assert "failed" in row
    assert "edge to contactor 380 ms at most 10 ms" in row


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> html.HtmlElement:
    """The page of a run of two workers in stepped time."""
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
    return html.fromstring(build(folder, folder).read_bytes())


def test_a_run_in_stepped_time_shows_device_time_and_real_time(stepped: html.HtmlElement) -> None:
    assert [words(th) for th in stepped.xpath("//table[@class='tests']/thead//th")] == [
        *("outcome", "test", "device time", "real time", "measured", "worker"),
    ]
    row = stepped.xpath("//table[@class='tests']//tr[.//a[contains(., 'gw1')]]")[0]
    assert [words(td) for td in row.xpath("td")][2:4] == ["1 h 2 min", "3.7 s"]
    assert "took10.7 s, for 2 h 4 min of device time" in words(stepped.find(".//header"))
    first, second = (words(stepped.xpath(f"//section[contains(h2, '{name}')]")[0]) for name in ("gw1", "gw0"))
    assert "1 h 2 min of device time in 3.7 s of real time; began 1 ms into the run on worker gw1" in first
    assert "began 7.0 s into the run on worker gw0" in second


def test_a_run_in_real_time_has_one_time(page: html.HtmlElement) -> None:
    assert [words(th) for th in page.xpath("//table[@class='tests']/thead//th")] == [
        *("outcome", "test", "took", "measured"),
    ]
    assert "device time" not in words(page)


def test_stepped_time_has_no_latency_to_show(stepped: html.HtmlElement) -> None:
    rows = stepped.xpath("(//table[@class='figures'])[1]/tbody/tr")
    assert [[words(td) for td in row] for row in rows] == [
        ["edge to contactor", "no latency in stepped time", "at most 20 ms", "not judged"],
        ["edge to banner", "40 ms", "at most 20 ms", "out of limits"],
        ["half-open link noticed", "3720 s", "at most 4000 s", "within"],
    ]


@pytest.mark.parametrize("errors", ["rig.util.errors", "rig.errors"], ids=["now", "in an older record"])
def test_a_test_of_no_file_stands_apart_and_an_error_begins_with_its_words(tmp_path: Path, errors: str) -> None:
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
            f"{errors}.ExpectationError: expected within 3 s: tea" if outcome == "failed" else "",
        )
    r.write(tmp_path)
    page = html.fromstring(build(tmp_path, tmp_path).read_bytes())
    rows = [words(row) for row in page.xpath("//table[@class='tests']/tbody/tr")]
    assert rows[0] == "not passed 1 test"
    assert rows[1].startswith("failed three")
    assert errors not in words(page)
    assert rows[2] == "elsewhere 1 test"
    assert rows[4] == "tests/hil/test_a.py 1 test"
    assert words(page.xpath("//section[contains(@class, 'failed')]//pre")[0]) == "expected within 3 s: tea"


def test_everything_it_shows_is_there(page: html.HtmlElement, out: Path) -> None:
    wanted = page.xpath("//@href | //@src")
    assert wanted
    for link in wanted:
        assert link.startswith("#") or (out / link).is_file(), link


def test_nothing_that_a_strict_content_policy_blocks(page: html.HtmlElement) -> None:
    assert not page.xpath("//script | //style | //iframe | //object | //embed | //@style")
    assert not [name for name in page.xpath("//@*") if getattr(name, "attrname", "").startswith("on")]
    assert not [link for link in page.xpath("//@href | //@src") if "//" in link or link.startswith("data:")]


def test_the_two_reds_are_told_apart(page: html.HtmlElement) -> None:
    assert "Failure of the firmware" in words(page.xpath("//section[contains(@class, 'failed')]")[0])
    bench = words(page.xpath("//section[contains(@class, 'error')]")[0])
    assert "Error of the bench, not of the firmware" in bench
    assert bench.count("vanished") == 1


def test_a_skipped_test_says_why_and_shows_no_picture(page: html.HtmlElement) -> None:
    section = page.xpath("//section[contains(@class, 'skipped')]")[0]
    assert "lacks what the test needs: control_pilot" in words(section)
    assert not section.xpath(".//img")


def test_pictures_have_text_alternatives(page: html.HtmlElement) -> None:
    for picture in page.xpath("//img"):
        assert len(picture.get("alt")) > 30


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(page: html.HtmlElement) -> None:
    logs = page.xpath("//pre[@class='log']")
    assert logs
    for log in logs:
        assert (log.get("role"), log.get("tabindex")) == ("region", "0")
        assert log.get("aria-label").startswith("Console of ")
    assert all(picture.getparent().tag == "a" for picture in page.xpath("//img"))
    assert page.get("lang") == "en"
    assert [heading.tag for heading in page.iter("h1", "h2", "h3")] == ["h1", *["h2"] * 11]


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
    text = words(html.fromstring(build(tmp_path, tmp_path).read_bytes()))
    assert "last 30 of 50 lines" in text
    assert "line 20" in text
    assert "line 19" not in text


def test_full_log_has_every_event_and_no_secret(out: Path) -> None:
    log = next((out / FILES).glob("*slow-answer*.txt")).read_text()
    assert "CALLRESULT StartTransaction [held-1]" in log
    assert "AuthorizationKey" in log
    assert "top secret" not in "".join(path.read_text() for path in (out / FILES).iterdir())


def test_a_run_cut_off_in_the_middle_says_so(recorder: Recorder, tmp_path: Path) -> None:
    path = recorder.write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])
    page = html.fromstring(build(tmp_path, tmp_path).read_bytes())
    assert "This run was cut off" in words(page)
    assert page.xpath("//section[contains(@class, 'cut-off')]")


def test_a_run_without_tests_has_a_page(tmp_path: Path) -> None:
    r = Recorder()
    r.events = [ev.Note(text="alone", t=1, id=1)]
    r.write(tmp_path)
    assert "No test began in this run" in words(html.fromstring(build(tmp_path, tmp_path).read_bytes()))


def test_a_second_report_replaces_the_first_and_leaves_the_rest(recorder: Recorder, tmp_path: Path) -> None:
    recorder.write(tmp_path / "run")
    (tmp_path / FILES).mkdir()
    (tmp_path / FILES / "old.svg").write_text("old")
    (tmp_path / "pytest.html").write_text("not ours")
    build(tmp_path / "run", tmp_path)
    assert not (tmp_path / FILES / "old.svg").exists()
    assert (tmp_path / "pytest.html").read_text() == "not ours"
