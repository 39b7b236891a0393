// The OCPP frames as a sequence chart: the charge point at the left, the CSMS at the right.

import { follow, redraw } from "./feed.js";
import { VirtualList, make } from "./virtual_list.js";

const ROW_PX = 30;
const MOST_FRAMES = 20_000;
const KINDS = { CALL: "call", CALLRESULT: "result", CALLERROR: "error", CALLRESULTERROR: "error", SEND: "call", INVALID: "invalid" };

class SequenceView extends HTMLElement {
  connectedCallback() {
    this.search = make("input", "pb-search");
    this.search.type = "search";
    this.search.placeholder = "action or text";
    this.search.setAttribute("aria-label", "search the OCPP frames");
    this.count = make("span", "pb-soft");
    const bar = make("div", "pb-bar");
    bar.append(this.search, this.count);
    const heads = make("div", "pb-heads");
    heads.append(make("span", "", "time (s)"), make("b", "", "charge point"), make("b", "", "CSMS"), make("span", "", ""));
    const box = make("div", "pb-scroll pb-sequence");
    box.setAttribute("aria-label", "OCPP frames");
    box.setAttribute("role", "group");
    box.tabIndex = 0;
    this.dialog = make("dialog", "pb-dialog");
    this.replaceChildren(bar, heads, box, this.dialog);
    this.calls = new Map();
    this.list = new VirtualList(box, ROW_PX, (row, frame) => this.#fill(row, frame), MOST_FRAMES);
    this.search.addEventListener("input", () => {
      const wanted = this.search.value.toLowerCase();
      this.list.filter((frame) => !wanted || `${frame.action} ${frame.raw} ${frame.error}`.toLowerCase().includes(wanted));
      redraw(this);
    });
    this.leave = follow(this);
  }

  disconnectedCallback() {
    this.leave();
  }

  bench() {
    this.calls.clear();
  }

  event(event) {
    if (event.type === "link_change") {
      const code = event.code === null ? "" : `, ${event.code} ${event.reason}`;
      this.list.push({ remark: `${event.charge_point} ${event.connected ? `connected ${event.protocol}` : "disconnected"}${code}`, t: event.t });
    }
    if (event.type !== "ocpp_frame") return;
    const key = `${event.charge_point} ${event.direction === "received" ? "device" : "csms"} ${event.unique_id}`;
    const asked = `${event.charge_point} ${event.direction === "received" ? "csms" : "device"} ${event.unique_id}`;
    if (event.message_type === "CALL") {
      this.calls.set(key, event.t);
      if (this.calls.size > MOST_FRAMES) this.calls.delete(this.calls.keys().next().value); // the oldest has no answer
    } else if (this.calls.has(asked)) {
      event.took = (event.t - this.calls.get(asked)) / 1e6;
      this.calls.delete(asked);
    }
    this.list.push(event);
  }

  draw() {
    this.list.draw();
    const { shown, dropped } = this.list;
    this.count.textContent = `${shown.length} frames${dropped ? `, ${dropped} older ones dropped` : ""}`;
  }

  #fill(row, frame) {
    const at = make("span", "pb-at", (frame.t / 1e9).toFixed(3));
    if (frame.remark) {
      row.className = "pb-row pb-remark";
      row.replaceChildren(at, make("span", "", frame.remark));
      return;
    }
    const isUp = frame.direction === "received";
    row.className = `pb-row pb-frame ${isUp ? "pb-up" : "pb-down"} pb-${KINDS[frame.message_type]}${frame.error ? " pb-bad" : ""}`;
    const button = make("button", "pb-arrow");
    const took = frame.took === undefined ? "" : ` · ${frame.took.toFixed(frame.took < 10 ? 1 : 0)} ms`;
    const what = KINDS[frame.message_type] === "call" ? frame.action : `${frame.action || frame.message_type} ${KINDS[frame.message_type]}`;
    button.append(make("span", "pb-label", what + brief(frame) + took));
    const verdict = frame.error ? "invalid" : "valid";
    button.setAttribute("aria-label", `${isUp ? "to the CSMS" : "to the charge point"}: ${what}${took}, ${verdict}`);
    button.addEventListener("click", () => this.#open(frame));
    row.replaceChildren(at, button, make("span", `pb-verdict ${frame.error ? "pb-wrong" : ""}`, frame.error ? "✗" : frame.deviation ? "!" : "✓"));
    row.title = frame.error || frame.deviation;
  }

  #open(frame) {
    const head = make("h3", "", `${frame.action || "frame"}: ${frame.message_type} ${frame.direction === "received" ? "from" : "to"} ${frame.charge_point}`);
    const verdict = make("p", frame.error ? "pb-wrong" : "pb-fine");
    const grade = frame.deviation ? ` (real CSMSs tolerate it: ${frame.deviation.split(":")[0]})` : "";
    const fine = frame.deviation ? `! tolerated: ${frame.deviation}` : "✓ valid: its form and its payload match its version of OCPP";
    verdict.textContent = frame.error ? `✗ ${frame.error}${grade}` : fine;
    const details = make("p", "pb-soft", `at ${(frame.t / 1e9).toFixed(6)} s, message id ${frame.unique_id}`);
    const payload = make("pre", "pb-payload", JSON.stringify(frame.payload, null, 2));
    payload.tabIndex = 0;
    const raw = make("details");
    raw.append(make("summary", "", "as sent"), make("pre", "pb-payload", frame.raw || "–"));
    const close = make("button", "pb-button", "close");
    close.addEventListener("click", () => this.dialog.close());
    this.dialog.replaceChildren(head, verdict, details, payload, raw, close);
    this.dialog.setAttribute("aria-label", head.textContent);
    this.dialog.showModal();
  }
}

/** Return the value that says most about a frame. */
function brief(frame) {
  const payload = frame.payload;
  if (payload === null || typeof payload !== "object") return "";
  const value = payload.status ?? payload.idTagInfo?.status ?? payload.idTag ?? payload.requestedMessage ?? payload.key;
  return typeof value === "string" ? `: ${value}` : "";
}

customElements.define("pb-sequence", SequenceView);
