// The device's log, with filters by level, feature and text.

import { follow, redraw } from "./feed.js";
import { VirtualList, make } from "./virtual_list.js";

const ROW_PX = 20;
const MOST_LINES = 100_000;
const MOST_FEATURES = 200; // noise on the console may look like any number of them
const LEVELS = { D: 0, I: 1, "": 0, W: 2, E: 3 };
const WORDS = { D: "every line", I: "info and up", W: "warnings and errors", E: "errors" };

class LogView extends HTMLElement {
  connectedCallback() {
    this.level = make("select", "pb-select");
    this.level.setAttribute("aria-label", "lowest level");
    for (const [level, words] of Object.entries(WORDS)) this.level.append(new Option(words, level));
    this.feature = make("select", "pb-select");
    this.feature.setAttribute("aria-label", "feature");
    this.feature.append(new Option("every feature", ""));
    this.search = make("input", "pb-search");
    this.search.type = "search";
    this.search.id = "log-search";
    this.search.placeholder = "search ( / )";
    this.search.setAttribute("aria-label", "search the log");
    this.count = make("span", "pb-soft");
    this.count.setAttribute("role", "status");
    this.end = make("button", "pb-button", "to the end");
    const bar = make("div", "pb-bar");
    bar.append(this.level, this.feature, this.search, this.end, this.count);
    const box = make("div", "pb-scroll pb-log");
    box.tabIndex = 0;
    box.setAttribute("role", "log");
    box.setAttribute("aria-live", "off");
    box.setAttribute("aria-label", "log of the device");
    this.replaceChildren(bar, box);
    this.list = new VirtualList(box, ROW_PX, fill, MOST_LINES);
    box.addEventListener("scroll", () => redraw(this)); // the button appears away from the end
    this.features = new Set();
    for (const control of [this.level, this.feature, this.search]) {
      control.addEventListener("input", () => this.#filter());
    }
    this.end.addEventListener("click", () => {
      this.list.following = true;
      redraw(this);
    });
    this.leave = follow(this);
  }

  disconnectedCallback() {
    this.leave();
  }

  bench(hello) {
    this.#remark(`${hello.bench}, opened by ${hello.program}, process ${hello.pid}`);
  }

  event(event) {
    if (event.type === "log_line") {
      if (event.tag && !this.features.has(event.tag) && this.features.size < MOST_FEATURES) this.#add(event.tag);
      this.list.push(event);
    } else if (event.type === "boot") {
      this.#remark(`boot: ${event.version}, reset ${event.reset}`);
    } else if (event.type === "panic") {
      this.#remark(`panic: ${event.cause} ${event.backtrace.join(" < ")}`);
    }
  }

  lost(number) {
    this.#remark(`${number} events were not sent to this page, which was too slow`);
  }

  draw() {
    this.list.draw();
    const { shown, items, dropped } = this.list;
    const older = dropped ? `, ${dropped} older ones dropped` : "";
    const lines = shown.length === items.length ? `${items.length} lines` : `${shown.length} of ${items.length} lines`;
    this.count.textContent = lines + older;
    this.end.hidden = this.list.following;
  }

  #remark(text) {
    this.list.push({ remark: text });
  }

  #add(feature) {
    this.features.add(feature);
    const later = [...this.feature.options].find((option) => option.value && option.value > feature);
    this.feature.add(new Option(feature, feature), later ?? null);
  }

  #filter() {
    const least = LEVELS[this.level.value];
    const feature = this.feature.value;
    const wanted = this.search.value.toLowerCase();
    this.list.filter((line) => {
      if (line.remark) return !wanted || line.remark.toLowerCase().includes(wanted);
      if (LEVELS[line.level] < least || (feature && line.tag !== feature)) return false;
      return !wanted || `${line.tag}: ${line.text}`.toLowerCase().includes(wanted);
    });
    redraw(this);
  }
}

function fill(row, line) {
  row.className = `pb-row ${line.remark ? "pb-remark" : `pb-level-${line.level || "I"}`}`;
  if (line.remark) {
    row.replaceChildren(line.remark);
    return;
  }
  const at = make("span", "pb-at", (line.t / 1e9).toFixed(3));
  row.replaceChildren(at, make("span", "pb-text", line.text));
}

customElements.define("pb-log", LogView);
