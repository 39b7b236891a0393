// The last minute of the timeline: a lane for each signal, and the acts and events in words.

import { begin, colour } from "./canvas.js";
import { follow } from "./feed.js";
import { VirtualList, make } from "./virtual_list.js";

const SPAN_NS = 60e9;
const LANE_PX = 18;
const LABEL_PX = 108;
const ROW_PX = 24;
const MOST_EDGES = 4000;
const MOST_ENTRIES = 5000;

class TimelineView extends HTMLElement {
  connectedCallback() {
    this.canvas = make("canvas", "pb-lanes");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "the last minute by signal; the list below has the events in words");
    const box = make("div", "pb-scroll pb-events");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "events of the timeline");
    this.replaceChildren(this.canvas, box);
    this.list = new VirtualList(box, ROW_PX, fill, MOST_ENTRIES);
    this.lanes = new Map();
    this.now = 0;
    this.asked = 0;
    this.leave = follow(this);
  }

  disconnectedCallback() {
    this.leave();
  }

  bench() {
    this.lanes.clear();
    this.now = 0;
  }

  state(state) {
    for (const [section, level] of [["inputs", (one) => one.on], ["outputs", Boolean], ["leds", (one) => one.lit]]) {
      for (const [name, one] of Object.entries(state[section] ?? {})) {
        const lane = this.#lane(`${section}.${name}`);
        lane.first ??= Boolean(level(one));
      }
    }
    this.asked = state.live.t;
    this.now = Math.max(this.now, state.live.t);
  }

  event(event) {
    this.now = Math.max(this.now, event.t);
    if (event.type === "pin_edge") {
      const lane = this.#lane(event.signal);
      if (!lane.edges.length && event.t < this.asked) lane.first = false; // the level before it is unknown
      lane.edges.push([event.t, event.level]);
      if (lane.edges.length > MOST_EDGES) lane.edges.splice(0, MOST_EDGES / 4);
    }
    if (event.type === "ocpp_frame") {
      const lane = this.#lane("OCPP");
      lane.marks.push([event.t, event.error ? "--pb-red" : "--pb-blue"]);
      if (lane.marks.length > MOST_EDGES) lane.marks.splice(0, MOST_EDGES / 4);
    }
    const words = inWords(event);
    if (words) this.list.push({ t: event.t, words, isBad: ["panic", "bench_trouble"].includes(event.type) });
  }

  draw() {
    this.list.draw();
    this.canvas.style.height = `${Math.max(1, this.lanes.size) * LANE_PX + 16}px`;
    const { context, width } = begin(this.canvas);
    const from = this.now - SPAN_NS;
    const x = (t) => LABEL_PX + (Math.max(0, t - from) / SPAN_NS) * (width - LABEL_PX - 4);
    [...this.lanes].forEach(([signal, lane], at) => {
      const y = at * LANE_PX + 4;
      context.fillStyle = colour("--pb-ink");
      context.fillText((signal.split(".")[1] ?? signal).replaceAll("_", " "), 0, y + LANE_PX / 2);
      context.fillStyle = colour("--pb-line");
      context.fillRect(LABEL_PX, y + LANE_PX - 4, width - LABEL_PX - 4, 1);
      drawLevels(context, lane, from, this.now, x, y, signal.startsWith("leds."));
      for (const [t, name] of lane.marks) {
        if (t < from) continue;
        context.fillStyle = colour(name);
        context.fillRect(x(t), y + 2, 2, LANE_PX - 6);
      }
    });
    const bottom = this.lanes.size * LANE_PX + 9;
    context.fillStyle = colour("--pb-soft");
    context.fillText("60 s ago", LABEL_PX, bottom);
    context.fillText("now", width - 26, bottom);
  }

  #lane(signal) {
    let lane = this.lanes.get(signal);
    if (!lane) {
      lane = { edges: [], marks: [], first: undefined };
      this.lanes.set(signal, lane);
    }
    return lane;
  }
}

/** Fill the times at which a signal was high. */
function drawLevels(context, lane, from, now, x, y, isLed) {
  context.fillStyle = colour(isLed ? "--pb-orange" : "--pb-green");
  let level = lane.first;
  let since = from;
  for (const [t, next] of [...lane.edges, [now, false]]) {
    if (level && t > from) context.fillRect(x(since), y + 3, Math.max(1, x(t) - x(since)), LANE_PX - 7);
    if (t > from || !level) since = Math.max(from, t);
    level = next;
  }
}

function pairs(values) {
  return Object.entries(values ?? {}).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`).join(" ");
}

/** Return an event in words; empty if the other views show it. */
function inWords(event) {
  switch (event.type) {
    case "hand_act": return `by hand: ${event.call} ${pairs(event.arguments)} – ${event.by}`;
    case "hand_act_failed": return `by hand: ${event.call} failed: ${event.why}`;
    case "fault_injected": return `fault ${event.fault} ${pairs(event.arguments)}`;
    case "fault_lifted": return `fault ${event.fault} lifted`;
    case "power_change": return `${event.rail ? "rail" : "supply"} ${event.on ? "on" : "off"}`;
    case "access_point_change": return `access point ${event.up ? "up" : "down"}`;
    case "link_change": return `${event.charge_point} ${event.connected ? "connected" : "disconnected"}`;
    case "boot": return `boot: ${event.version}, reset ${event.reset}`;
    case "panic": return `panic: ${event.cause}`;
    case "bench_trouble": return `bench: ${event.what}`;
    case "led_pattern": return `LED ${event.led}: ${event.pattern.replace("_", " ")}${event.rate_hz ? ` ${event.rate_hz.toFixed(1)} Hz` : ""}`;
    case "flashed": return `flashed ${event.what} in ${event.seconds.toFixed(1)} s`;
    case "client_refused": return `client ${event.address} refused: ${event.how} ${event.reason}`;
    case "file_transfer": return `file ${event.method} ${event.path}: ${event.status || "no answer"}, ${event.sent + event.received} bytes${event.complete ? "" : ", incomplete"}${event.error ? `: ${event.error}` : ""}`;
    case "test_started": return `test ${event.nodeid}`;
    case "test_ended": return `test ${event.outcome}: ${event.nodeid} ${event.message}`;
    case "note": return event.text;
    default: return "";
  }
}

function fill(row, entry) {
  row.className = `pb-row ${entry.isBad ? "pb-level-E" : ""}`;
  row.title = entry.words;
  row.replaceChildren(make("span", "pb-at", (entry.t / 1e9).toFixed(3)), make("span", "pb-text", entry.words));
}

customElements.define("pb-timeline", TimelineView);
