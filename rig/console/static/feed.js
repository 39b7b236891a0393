// The events of the bench: one WebSocket for the page, and the views that draw what it brings.

const RETRY_MS = 500;
const PAUSE_MS = 50;
const views = new Set();
const backlog = { hello: null, state: null };
let lastId = 0;
let status = { kind: "connecting", text: "connecting" };
let dirty = new Set();
let isConnecting = false;

/** Pass a message to every view that has a method for it. */
function publish(method, value) {
  for (const view of views) {
    if (view[method]) {
      view[method](value);
      redraw(view);
    }
  }
}

/** Draw a view soon, together with the other changed ones; 20 times a second at most. */
export function redraw(view) {
  if (!dirty.size) setTimeout(() => requestAnimationFrame(draw), PAUSE_MS);
  dirty.add(view);
}

function draw() {
  const changed = dirty;
  dirty = new Set();
  for (const view of changed) if (views.has(view)) view.draw?.();
}

/** Add a view. It may have `bench`, `state`, `event`, `lost`, `status` and `draw`. Returns a function that removes it. */
export function follow(view) {
  views.add(view);
  if (backlog.hello) view.bench?.(backlog.hello);
  if (backlog.state) view.state?.(backlog.state);
  view.status?.(status);
  redraw(view);
  // All views appear at once. An earlier connection could bring events that a view would miss.
  if (!isConnecting) setTimeout(connect);
  isConnecting = true;
  return () => views.delete(view);
}

function setStatus(kind, text) {
  status = { kind, text };
  publish("status", status);
}

function take(message) {
  if (message.event) {
    lastId = message.event.id;
    publish("event", message.event);
  } else if (message.hello) {
    backlog.hello = message.hello;
    if (!message.continues) {
      lastId = 0;
      publish("bench", message.hello);
    }
    setStatus("open", `${message.hello.program}, process ${message.hello.pid}`);
  } else if (message.result?.live) {
    backlog.state = message.result;
    publish("state", message.result);
  } else if (message.lost) {
    publish("lost", message.lost);
  } else if (message.waiting !== undefined) {
    setStatus("waiting", message.waiting);
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/feed${location.search}`);
  socket.onopen = () => {
    socket.send(JSON.stringify({ since: lastId + 1, pid: backlog.hello?.pid ?? 0 }));
  };
  socket.onmessage = (message) => {
    for (const line of message.data.split("\n")) if (line) take(JSON.parse(line));
  };
  socket.onclose = () => {
    setStatus("gone", "The server of this page does not answer. The page continues when `rig console` runs again.");
    setTimeout(connect, RETRY_MS);
  };
}
