// A list of any length: only the rows in sight are in the document.

const MARGIN_ROWS = 8;

export class VirtualList {
  /**
   * @param box the element that scrolls.
   * @param height the height of a row in CSS pixels.
   * @param fill fills the element of a row with an item.
   * @param most the number of items to keep; the oldest are dropped, a tenth at a time.
   */
  constructor(box, height, fill, most) {
    this.box = box;
    this.height = height;
    this.fill = fill;
    this.most = most;
    this.items = []; // all items, and those that the filter accepts
    this.shown = [];
    this.accepts = () => true;
    this.dropped = 0;
    this.following = true;
    this.space = document.createElement("div");
    this.space.className = "pb-space";
    box.replaceChildren(this.space);
    box.addEventListener("scroll", () => {
      this.following = box.scrollTop + box.clientHeight >= box.scrollHeight - height * 2;
      this.draw();
    });
    new ResizeObserver(() => this.draw()).observe(box);
  }

  /** Append an item. It is drawn by the next `draw`. */
  push(item) {
    this.items.push(item);
    if (this.accepts(item)) this.shown.push(item);
    if (this.items.length > this.most) this.#drop(Math.ceil(this.most / 10));
  }

  /** Show the items that a function accepts. */
  filter(accepts) {
    this.accepts = accepts;
    this.shown = this.items.filter(accepts);
    this.following = true;
    this.draw();
  }

  #drop(count) {
    const gone = new Set(this.items.splice(0, count));
    let hidden = 0;
    while (hidden < this.shown.length && gone.has(this.shown[hidden])) hidden += 1;
    this.shown.splice(0, hidden);
    this.dropped += count;
    if (!this.following) this.box.scrollTop -= hidden * this.height;
  }

  /** Put the rows in sight into the document. */
  draw() {
    const { box, space, height, shown } = this;
    space.style.height = `${shown.length * height}px`;
    if (this.following) box.scrollTop = shown.length * height;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - MARGIN_ROWS);
    const last = Math.min(shown.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + MARGIN_ROWS);
    while (space.childElementCount > last - first) space.lastElementChild.remove();
    while (space.childElementCount < last - first) {
      const row = document.createElement("div");
      row.className = "pb-row";
      space.append(row);
    }
    for (let at = first; at < last; at += 1) {
      const row = space.children[at - first];
      row.style.top = `${at * height}px`;
      if (row.item !== shown[at]) {
        row.item = shown[at];
        this.fill(row, shown[at]);
      }
    }
  }
}

/** Return an element with a class and a text. */
export function make(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}
