// The troubles that a person must not miss: no server, no bench, a panic. `rig.console.page` shows an error of the bench.

import { follow } from "./feed.js";
import { make } from "./virtual_list.js";

class Banner extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "alert");
    this.troubles = new Map();
    this.leave = follow(this);
  }

  disconnectedCallback() {
    this.leave();
  }

  status({ kind, text }) {
    this.#set("link", kind === "open" || kind === "connecting" ? "" : text);
    document.body.classList.toggle("pb-no-bench", kind !== "open");
  }

  bench() {
    this.#set("panic", "");
  }

  event(event) {
    if (event.type === "panic") this.#set("panic", `The device panicked: ${event.cause}. The log has the backtrace.`);
    if (event.type === "boot" && event.reset !== "panic") this.#set("panic", "");
  }

  #set(key, text) {
    if (text) this.troubles.set(key, text);
    else this.troubles.delete(key);
  }

  draw() {
    const texts = [...this.troubles.values()];
    if (texts.join("\n") === this.shown) return;
    this.shown = texts.join("\n");
    this.replaceChildren(...texts.map((text) => make("p", "pb-trouble", text)));
  }
}

customElements.define("pb-banner", Banner);
