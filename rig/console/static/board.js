// The board: its supply, inputs, outputs and LEDs, drawn with their levels as they change.

import { follow } from "./feed.js";

const SVG = "http://www.w3.org/2000/svg";
const ROW_PX = 26;
const TOP_PX = 76;
const COLOURS = { fault: "#e5412a", network: "#3f9be8", status: "#35b46e" };
const words = (name) => name.replaceAll("_", " ");

class BoardView extends HTMLElement {
  connectedCallback() {
    this.names = "";
    this.pins = new Map();
    this.lit = new Map();
    this.power = { on: false, reset: false };
    this.leave = follow(this);
  }

  disconnectedCallback() {
    this.leave();
  }

  bench() {
    this.names = "";
  }

  state(state) {
    for (const [name, input] of Object.entries(state.inputs ?? {})) this.pins.set(`inputs.${name}`, input.on);
    for (const [name, level] of Object.entries(state.outputs ?? {})) this.pins.set(`outputs.${name}`, Boolean(level));
    for (const [name, led] of Object.entries(state.leds ?? {})) this.lit.set(`leds.${name}`, Boolean(led.lit));
    if (state.power) this.power = { on: state.power.is_on, reset: state.power.in_reset };
    this.#build(Object.keys(state.inputs ?? {}), Object.keys(state.outputs ?? {}), Object.keys(state.leds ?? {}));
  }

  event(event) {
    if (event.type === "pin_edge") {
      if (event.signal === "control.en") this.power.reset = event.level;
      (this.lit.has(event.signal) ? this.lit : this.pins).set(event.signal, event.level);
    } else if (event.type === "power_change" && !event.rail) {
      this.power.on = event.on;
    }
  }

  draw() {
    for (const mark of this.querySelectorAll("[data-signal]")) {
      const { signal } = mark.dataset;
      mark.classList.toggle("pb-lit", Boolean(this.lit.get(signal) ?? this.pins.get(signal)));
    }
    this.querySelector(".pb-board")?.classList.toggle("pb-off", !this.power.on);
    const supply = this.querySelector(".pb-supply");
    if (supply) supply.textContent = this.power.on ? (this.power.reset ? "held in reset" : "powered") : "no power";
    this.#describe();
  }

  #describe() {
    const on = [...this.lit, ...this.pins].filter(([, level]) => level).map(([signal]) => words(signal.split(".")[1]));
    const supply = this.power.on ? "powered" : "without power";
    this.firstElementChild?.setAttribute("aria-label", `the board, ${supply}. On: ${on.join(", ") || "nothing"}`);
  }

  #build(inputs, outputs, leds) {
    const names = [inputs, outputs, leds].join("|");
    if (names === this.names) return;
    this.names = names;
    const rows = Math.max(inputs.length, outputs.length + 2);
    const height = TOP_PX + rows * ROW_PX + 18;
    const svg = part("svg", { viewBox: `-16 0 452 ${height}`, role: "img", class: "pb-board" });
    svg.append(part("rect", { x: 90, y: 8, width: 240, height: height - 16, rx: 10, class: "pb-pcb" }));
    svg.append(part("rect", { x: 162, y: TOP_PX + 4, width: 96, height: 96, rx: 4, class: "pb-chip" }));
    svg.append(part("text", { x: 210, y: TOP_PX + 48, class: "pb-chip-text" }, "ESP32"));
    svg.append(part("text", { x: 210, y: TOP_PX + 66, class: "pb-chip-text pb-supply" }));
    leds.forEach((name, at) => {
      const x = 210 + (at - (leds.length - 1) / 2) * 72;
      const led = part("circle", { cx: x, cy: 34, r: 10, class: "pb-led", "data-signal": `leds.${name}` });
      led.style.setProperty("--glow", COLOURS[name] ?? "#e69f00");
      svg.append(led, part("text", { x, y: 62, class: "pb-led-text" }, words(name)));
    });
    inputs.forEach((name, at) => this.#pin(svg, `inputs.${name}`, at, true));
    outputs.forEach((name, at) => this.#pin(svg, `outputs.${name}`, at, false));
    this.replaceChildren(svg);
  }

  #pin(svg, signal, at, isLeft) {
    const y = TOP_PX + 14 + at * ROW_PX;
    const [x, edge, text] = isLeft ? [90, 78, 70] : [330, 342, 350];
    svg.append(part("line", { x1: x, y1: y, x2: edge, y2: y, class: "pb-wire", "data-signal": signal }));
    svg.append(part("rect", { x: isLeft ? 94 : 314, y: y - 6, width: 12, height: 12, class: "pb-pad", "data-signal": signal }));
    const [first, ...rest] = words(signal.split(".")[1]).split(" ");
    const label = part("text", { x: text, y: y + 4, class: `pb-pin-text ${isLeft ? "pb-end" : ""}` }, [first, ...rest].join(" "));
    svg.append(label);
  }
}

function part(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

customElements.define("pb-board", BoardView);
