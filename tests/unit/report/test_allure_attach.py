"""Attachments of a running test: made of events from the bench, which are not masked."""

from __future__ import annotations

import allure
import pytest
from synthetic_run import Recorder

from rig.report.allure_attach import attach
from rig.runs import load
from rig.timeline import events as ev


def test_no_attachment_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    attached: list[str] = []
    monkeypatch.setattr(allure, "attach", lambda content, **_: attached.append(content))
    url = "ws://user:hunter2@host/CP-1"
    r = Recorder()
    started = r.test("t::a", "")
    r.put(ev.LogLine(text=f"E (1) ws: {url}", level="E", tag="ws"))
    r.put(ev.Panic(cause=url, backtrace=(url,)))
    r.put(ev.FaultInjected(fault="x", arguments={"url": url}))
    r.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": "hunter2"}, by_csms=True)
    r.end("t::a", started, "failed", f"no link to {url}")
    attach(load.from_events(r.events).tests[0])
    assert len(attached) == 3
    assert all("hunter2" not in content for content in attached)
    assert any("ws://user:********@host/CP-1" in content for content in attached)
