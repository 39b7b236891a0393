"""Steps around the file server, with a charge point that a test plays."""

from __future__ import annotations

import urllib.request
from textwrap import dedent

import pytest

from rig.csms import Csms
from rig.files import Files
from rig.scenarios import NotSupportedError, Stage, play
from rig.scenarios.source import ScenarioError
from rig.util.errors import ExpectationError
from tests.unit.csms.conftest import LIMIT_S
from tests.unit.scenarios.conftest import Load, Perform, Person


@pytest.fixture
def perform(read: Load, csms: Csms, person: Person, files: Files) -> Perform:
    """Return a function that plays steps; a note `GET URL` or `PUT URL` is a request of the charge point."""

    def send(note: str) -> None:
        method, url = note.split()
        request = urllib.request.Request(url, b"log" if method == "PUT" else None, method=method)
        urllib.request.urlopen(request, timeout=LIMIT_S).close()

    person.on_request = send

    def perform_steps(steps: str) -> None:
        scenario = read('scenario: a test\nparams: {location: "${files}/fw.bin"}\nsteps:\n' + dedent(steps))
        play(scenario, Stage(csms, csms.timeline, person=person, files=files))

    return perform_steps


def test_a_download_and_an_upload(perform: Perform, files: Files) -> None:
    perform("""
  - file: fw.bin
    size: 1000
    seed: 3
  - note: GET ${location}
  - downloaded: "*.bin"
  - note: PUT ${files}/logs/cp.log
  - uploaded: logs/*
    save: {bytes: size}
  - note: GET ${location}
""")
    assert files.uploads[0].data == b"log"


def test_a_refused_download_is_not_one(perform: Perform) -> None:
    with pytest.raises(ExpectationError, match=r"downloaded: expected within 0.1 s: a request GET 'fw.bin'"):
        perform("""
  - file: fw.bin
    text: an image
  - fault: file-cut
    with: {after: 2}
    during:
      - note: GET ${location}
  - downloaded: fw.bin
    timeout: 100 ms
""")


def test_a_file_has_one_content(read: Load) -> None:
    with pytest.raises(ScenarioError, match="either a `text`, or a `size`"):
        read("scenario: a test\nsteps:\n  - file: fw.bin\n")


def test_a_default_refers_to_nothing_but_what_every_scenario_has(read: Load) -> None:
    with pytest.raises(ScenarioError, match=r"s.yaml:2:\d+: .*a default refers to 'other'"):
        read('scenario: a test\nparams: {location: "${other}/fw.bin", other: x}\nsteps: [plug_in]\n')


def test_without_a_file_server_it_is_not_supported(read: Load, csms: Csms, person: Person) -> None:
    scenario = read("scenario: a test\nsteps:\n  - note: ${files}\n")
    with pytest.raises(NotSupportedError, match="a file server"):
        play(scenario, Stage(csms, csms.timeline, person=person))
