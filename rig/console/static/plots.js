// Heap, CPU and network over the last minutes.

import { begin, colour } from "./canvas.js";
import { follow } from "./feed.js";
import { make } from "./virtual_list.js";

const SPAN_NS = 300e9;
const MOST_SAMPLES = 2000;
const SERIES = [
  { name: "heap free", unit: "bytes", colour: "--pb-blue", value: (values) => values.heap_free },
  { name: "longest round of the loop", unit: "µs", colour: "--pb-orange", value: (values) => values.loop_max_us },
  { name: "OCPP frames", unit: "per s", colour: "--pb-green", value: (_, rates) => rates.frames },
  { name: "log lines", unit: "per s", colour: "--pb-purple", value: (_, rates) => rates.lines },
];

class PlotsView extends HTMLElement {
  connectedCallback() {
    this.plots = SERIES.map((series) => {
      const figure = make("figure", "pb-plot");
      const caption = make("figcaption", "", series.name);
      const latest = make("b", "pb-latest", "–");
      caption.append(" ", latest);
      const canvas = make("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${series.name}: not known yet`);
      figure.append(caption, canvas);
      return { series, figure, latest, canvas, samples: [] };
    });
    this.replaceChildren(...this.plots.map((plot) => plot.figure));
    this.bench();
    this.leave = follow(this);
  }

  disconnectedCallback() {
    this.leave();
  }

  bench() {
    this.counts = { frames: 0, lines: 0, since: 0 };
    for (const plot of this.plots) plot.samples = [];
  }

  event(event) {
    this.counts.frames += event.type === "ocpp_frame";
    this.counts.lines += event.type === "log_line";
    if (event.type !== "telemetry_sample") return;
    const seconds = this.counts.since ? Math.max(0.1, (event.t - this.counts.since) / 1e9) : 1;
    const rates = { frames: this.counts.frames / seconds, lines: this.counts.lines / seconds };
    this.counts = { frames: 0, lines: 0, since: event.t };
    for (const plot of this.plots) {
      const value = plot.series.value(event.values, rates);
      if (typeof value !== "number") continue;
      plot.samples.push([event.t, value]);
      if (plot.samples.length > MOST_SAMPLES) plot.samples.splice(0, MOST_SAMPLES / 10);
    }
  }

  draw() {
    for (const plot of this.plots) drawPlot(plot);
  }
}

function drawPlot({ series, latest, canvas, samples }) {
  const { context, width, height } = begin(canvas);
  if (!samples.length) return;
  const [end, value] = samples.at(-1);
  const inSight = samples.filter(([t]) => t >= end - SPAN_NS);
  const values = inSight.map(([, one]) => one);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = most - least || Math.abs(most) || 1;
  const text = `${round(value)} ${series.unit}`;
  latest.textContent = text;
  canvas.setAttribute("aria-label", `${series.name}: ${text}, from ${round(least)} to ${round(most)} in 5 minutes`);
  const begun = Math.max(inSight[0][0], end - SPAN_NS);
  const x = (t) => 4 + ((t - begun) / Math.max(1e9, end - begun)) * (width - 8);
  const y = (one) => height - 14 - ((one - least) / room) * (height - 28);
  context.strokeStyle = colour("--pb-line");
  context.strokeRect(0.5, 0.5, width - 1, height - 1);
  context.strokeStyle = colour(series.colour);
  context.lineWidth = 1.5;
  context.beginPath();
  inSight.forEach(([t, one], at) => (at ? context.lineTo(x(t), y(one)) : context.moveTo(x(t), y(one))));
  context.stroke();
  context.fillStyle = colour("--pb-soft");
  context.fillText(round(most), 4, 8);
  if (least !== most) context.fillText(round(least), 4, height - 7);
}

function round(value) {
  return Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(1);
}

customElements.define("pb-plots", PlotsView);
