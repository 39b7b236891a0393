"""The device's page in a browser: what its owner does with it, and axe-core's rules for people with disabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.instruments.console import Console
from rig.instruments.power import Power
from rig.timeline.events import LogLine
from tests.axe import DESKTOP, PHONE, violations
from tests.chromium import SLOW_MS, chromium
from tests.hil.real_time.page_client import PASSWORD, PageClient, new_password, printed_password

pytestmark = [pytest.mark.needs("page", "commands"), pytest.mark.slow]

SECTIONS = ("status", "settings", "networks", "transactions", "log", "care")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def tab(browser: Any, device: Device, bench: Bench) -> Iterator[Any]:
    """The page in a tab of its own, before the login."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.goto(bench.page_url)
    page.get_by_label("Password", exact=True).wait_for()
    yield page
    context.close()


@pytest.fixture
def inside(tab: Any, bench: Bench, console: Console) -> Any:
    """The page after the login."""
    new_password(PageClient(bench.page_url), bench, console)
    log_in(tab, PASSWORD)
    tab.get_by_role("heading", name="Status").wait_for()
    return tab


def log_in(tab: Any, password: str) -> None:
    """Fill in the form of the login."""
    tab.get_by_label("Password", exact=True).fill(password)
    tab.get_by_role("button", name="Log in", exact=True).click()


def open_section(tab: Any, name: str) -> None:
    """Follow the link of a section."""
    tab.locator(f"nav a[href='#{name}']").click()
    tab.locator(f"#{name}").wait_for()


def save(tab: Any, key: str, value: str) -> str:
    """Save a setting, and return the text beside its field."""
    tab.locator(f"#set-{key}").fill(value)
    tab.get_by_role("button", name=f"Save: {key}", exact=True).click()
    beside = tab.locator(f"#set-{key}-error:not(:empty)")
    beside.wait_for()
    return str(beside.inner_text())


def test_the_first_login_leads_to_a_password_of_ones_own(tab: Any, bench: Bench, console: Console) -> None:
    """A wrong password is rejected beside its field; the printed one must be changed; then the status is live."""
    first = printed_password(bench, console)
    log_in(tab, "wrong")
    tab.get_by_text("The password is wrong.").wait_for()
    log_in(tab, first)
    tab.get_by_label("Present password", exact=True).fill(first)
    tab.get_by_label("New password", exact=True).fill("short")
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.locator("#new-error", has_text="must have 10 to 64 characters").wait_for()
    tab.get_by_label("New password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.get_by_role("heading", name="Status").wait_for()
    tab.locator("#live", has_text="live").wait_for()
    assert "Available" in tab.locator("#facts").inner_text()


def test_a_setting_is_kept_over_a_power_cycle_and_a_wrong_one_rejected(
    inside: Any, device: Device, power: Power, bench: Bench
) -> None:
    """The reason of a rejection is beside the field; a saved value is there after a power cut."""
    open_section(inside, "settings")
    assert save(inside, "nominal_voltage_v", "5000") == "is too large"
    assert inside.locator("#set-nominal_voltage_v").get_attribute("aria-invalid") == "true"
    assert save(inside, "nominal_voltage_v", "241") == "Saved."
    with device.expecting_reboot():
        power.off()
        mark = bench.mark()
        power.on()
        device.wait_ready(since=mark)
    inside.reload()
    log_in(inside, PASSWORD)
    inside.locator("#set-nominal_voltage_v").wait_for()
    assert inside.locator("#set-nominal_voltage_v").input_value() == "241"
    assert save(inside, "nominal_voltage_v", "230") == "Saved."


def test_networks_are_added_and_removed(inside: Any) -> None:
    """A key that is too short is rejected beside its field."""
    open_section(inside, "networks")
    inside.get_by_label("Name of the network (SSID)", exact=True).fill("home")
    inside.get_by_label("Key", exact=True).fill("short")
    inside.get_by_role("button", name="Add", exact=True).click()
    inside.locator("#psk-error", has_text="8 to 63").wait_for()
    inside.get_by_label("Key", exact=True).fill("long enough")
    inside.get_by_role("button", name="Add", exact=True).click()
    inside.get_by_text("1 · home").wait_for()
    inside.get_by_role("button", name="Remove: home").click()
    inside.get_by_text("No network is stored.").wait_for()


def test_a_scan_ends_with_its_result(inside: Any) -> None:
    """The simulated radio has no access point with a name of its own unless a test puts one on the air."""
    open_section(inside, "networks")
    inside.get_by_role("button", name="Scan", exact=True).click()
    inside.locator("#scan-state", has_text="No network is in range.").wait_for()


def test_an_image_is_rejected_beside_its_field(inside: Any) -> None:
    """The reason is beside the field, and in the other language as well."""
    open_section(inside, "care")
    inside.locator("#image").set_input_files({"name": "bad.bin", "mimeType": "", "buffer": b"no image" * 10_000})
    inside.get_by_role("button", name="Upload", exact=True).click()
    inside.locator("#image-error", has_text="The file is no application image").wait_for()
    assert inside.locator("#image").get_attribute("aria-invalid") == "true"
    inside.locator("#language").select_option("1")
    inside.get_by_role("button", name="Hochladen", exact=True).click()
    inside.locator("#image-error", has_text="Die Datei ist kein Programm").wait_for()


def test_an_image_is_taken_and_booted(inside: Any, device: Device, bench: Bench) -> None:
    """The page shows that the image is stored; the device restarts with it and is live again."""
    manifest = device.firmware.manifest
    image = dict(manifest.contents())[manifest.partition_table()["ota_0"].offset]
    open_section(inside, "care")
    inside.locator("#image").set_input_files({"name": "firmware.bin", "mimeType": "", "buffer": image})
    mark = bench.mark()
    with device.expecting_reboot():
        inside.get_by_role("button", name="Upload", exact=True).click()
        inside.locator("#image-state", has_text="The device restarts with it.").wait_for()
    bench.timeline.expect(LogLine, lambda line: "the update is confirmed" in line.text, since=mark, timeout=20)
    device.renew()


def test_the_page_speaks_german(inside: Any) -> None:
    """Every text follows the language, and nothing of the table is missing."""
    inside.locator("#language").select_option("1")
    inside.get_by_role("heading", name="Zustand").wait_for()
    inside.get_by_text("Schütz geschlossen").wait_for()
    for name in SECTIONS:
        open_section(inside, name)
    assert inside.locator("html").get_attribute("lang") == "de"
    used = inside.evaluate(
        "[...document.querySelectorAll('[data-text]')].map((e) => e.dataset.text).filter((key) => !(key in TEXTS))"
    )
    assert used == []
    assert inside.evaluate("Object.values(TEXTS).every((pair) => pair.length === 2 && pair.every(Boolean))")


def test_the_page_works_by_keyboard(inside: Any) -> None:
    """The first key reaches the link to the content, and Enter on a link of a section opens it."""
    inside.locator("nav a[href='#log']").focus()
    inside.keyboard.press("Enter")
    inside.locator("#lines", has_text="boot: ").wait_for()
    inside.reload()
    inside.locator("#log").wait_for()
    inside.keyboard.press("Tab")
    assert inside.evaluate("document.activeElement.className") == "skip"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(inside: Any, scheme: str, size: dict[str, int]) -> None:
    """No section breaks a rule of axe-core, or is wider than the window."""
    inside.set_viewport_size(size)
    inside.emulate_media(color_scheme=scheme)
    for name in SECTIONS:
        open_section(inside, name)
        if name == "settings":
            inside.locator("#set-identity").wait_for()
        assert violations(inside) == [], name
        assert inside.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def test_axe_finds_nothing_before_the_login(tab: Any) -> None:
    """The form of the login breaks no rule of axe-core."""
    assert violations(tab) == []
