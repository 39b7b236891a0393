const SECTIONS = ["status", "settings", "networks", "transactions", "log", "care"];
const $ = (id) => document.getElementById(id);
let language = 0;
let csrf = "";
let events = null;
let overview = null;

// ---- texts

function text(key) {
  return key in TEXTS ? TEXTS[key][language] : key;
}

function translate() {
  document.documentElement.lang = ["en", "de"][language];
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
  }
  $("nav").replaceChildren(
    make("ul", {}, ...SECTIONS.map((name) => make("li", {}, make("a", { href: "#" + name }, text(name))))),
  );
  mark();
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// ---- requests, one after the other: the device has room for four connections

let last = Promise.resolve();

function request(method, path, body) {
  const run = async () => {
    const headers = { "X-CSRF-Token": csrf };
    if (method === "POST") headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const type = answer.headers.get("Content-Type") || "";
    const content = type.startsWith("application/json") ? await answer.json() : await answer.text();
    if (answer.ok) return content;
    if (answer.status === 401 && path !== "/api/login") show_login();
    if (content.error === "password_must_change") show_change(true);
    throw content;
  };
  last = last.then(run, run);
  return last;
}

/// Returns the words for an error that the device has sent, or, without an error, that the device does not answer.
function words(problem) {
  if (!problem || !problem.error) return text("failed");
  const code = "error " + problem.error;
  return code in TEXTS ? text(code) : text(problem.message);
}

function show_error(id, message) {
  $(id + "-error").textContent = message;
  if (message) $(id).setAttribute("aria-invalid", "true");
  else $(id).removeAttribute("aria-invalid");
}

/// Sends a form; an error is shown beside the field that it names, or beside the first one.
function on_submit(form, fields, send) {
  $(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = $(form).querySelector("button");
    button.disabled = true;
    for (const field of fields) show_error(field, "");
    try {
      await send();
    } catch (problem) {
      const field = fields.includes(problem && problem.error) ? problem.error : fields[0];
      show_error(field, words(problem));
      $(field).focus();
    }
    button.disabled = false;
  });
}

// ---- sections

function show(section) {
  for (const element of document.querySelectorAll("main > section")) element.hidden = element.id !== section;
  const is_inside = SECTIONS.includes(section);
  $("nav").hidden = !is_inside;
  $("logout").hidden = !is_inside && section !== "change";
}

function mark() {
  for (const link of $("nav").querySelectorAll("a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function show_login() {
  stop_events();
  show("login");
  $("password").focus();
}

function show_change(is_first) {
  $("change-why").hidden = !is_first;
  show("change");
  $("old").focus();
}

const LOADERS = { settings: load_settings, networks: load_networks, transactions: load_transactions, log: load_log };

function go() {
  const name = location.hash.slice(1);
  if (!csrf) return;
  const section = SECTIONS.includes(name) ? name : "status";
  if (section !== name) history.replaceState(null, "", "#" + section);
  show(section);
  mark();
  start_events();
  if (section in LOADERS) LOADERS[section]().catch(() => {});
}

function enter(session) {
  csrf = session.csrf;
  if (session.must_change) show_change(true);
  else go();
}

// ---- status

function facts(list, rows) {
  list.replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, text(name)), make("dd", {}, shown(value))]));
}

function shown(value) {
  if (value === true) return text("yes");
  if (value === false) return text("no");
  return value === null || value === undefined || value === "" ? text("unset") : String(value);
}

function duration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const days = Math.floor(seconds / 86400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return days ? `${days} d ${clock}` : clock;
}

function draw_status() {
  if (!overview) return;
  const { status } = overview;
  const network = status.network || {};
  $("title").textContent = `${text("title")} ${overview.identity}`;
  facts($("facts"), [
    ["state", status.state],
    ["connected", status.connected],
    ["accepted", status.accepted],
    ["connection_problem", status.connection_problem],
    ["transaction", status.transaction],
    ["reporting", status.reporting],
    ["energy_wh", `${status.energy_wh} Wh`],
    ["queue", status.queue],
    ["contactor", status.contactor],
    ["network", network.ssid || network.state],
    ["rssi", network.rssi === undefined ? undefined : `${network.rssi} dBm`],
    ["ip", network.ip],
    ["security_profile", status.security_profile],
    ["time_quality", status.time_quality],
    ["uptime", duration(overview.uptime_ms)],
    ["heap_free", `${Math.floor(overview.heap_free / 1024)} KB`],
    ["version", overview.version],
    ["build", overview.build],
  ]);
}

function set_live(is_live) {
  $("live").textContent = text(is_live ? "live" : "lost");
  $("live").classList.toggle("lost", !is_live);
}

function start_events() {
  if (events) return;
  events = new EventSource("/api/events");
  events.onmessage = (event) => {
    overview = JSON.parse(event.data);
    if ($("live").textContent !== text("live")) set_live(true);
    draw_status();
  };
  events.onerror = () => {
    set_live(false);
    // An error status ends the stream: the session may be over, or two other clients receive events.
    if (events.readyState === EventSource.CLOSED) {
      stop_events();
      setTimeout(() => csrf && request("GET", "/api/session").then(start_events, () => {}), 5000);
    }
  };
}

function stop_events() {
  if (events) events.close();
  events = null;
}

// ---- settings

function control_of(setting, id) {
  const described = `${id}-hint ${id}-error`;
  const choices = setting.type === "boolean" ? ["true", "false"] : setting.type === "choice" ? setting.choices : null;
  if (choices) {
    const options = choices.map((choice) => make("option", { selected: choice === setting.value }, choice));
    return make("select", { id, class: "control", "aria-describedby": described }, ...options);
  }
  return make("input", {
    id,
    class: "control",
    type: setting.secret ? "password" : "text",
    inputmode: setting.type === "number" ? "numeric" : undefined,
    autocomplete: "off",
    value: setting.secret ? "" : setting.value,
    "aria-describedby": described,
  });
}

function hint_of(setting) {
  const parts = [setting.help];
  if (setting.type === "number") parts.push(`${setting.least} – ${setting.most} ${setting.unit || ""}`.trim() + ".");
  if (setting.type === "list") parts.push(setting.choices.join(", ") + ".");
  if (setting.secret) parts.push(text("secret_hint"));
  if (setting.reboot) parts.push(text("next_boot"));
  return parts.filter(Boolean).join(" ");
}

function row_of(setting) {
  const id = "set-" + setting.key;
  const control = control_of(setting, id);
  const result = make("p", { id: id + "-error", role: "alert", class: "error" });
  const button = make("button", { type: "button", "aria-label": `${text("save")}: ${setting.key}` }, text("save"));
  const save = async () => {
    button.disabled = true;
    result.textContent = "";
    control.removeAttribute("aria-invalid");
    try {
      await request("POST", "/api/config", { key: setting.key, value: control.value });
      result.className = "done";
      result.textContent = text("saved");
    } catch (problem) {
      result.className = "error";
      result.textContent = words(problem);
      control.setAttribute("aria-invalid", "true");
    }
    button.disabled = false;
  };
  button.addEventListener("click", save);
  control.addEventListener("keydown", (event) => event.key === "Enter" && save());
  return make(
    "div",
    { class: "setting" },
    make("label", { for: id }, setting.key),
    control,
    button,
    make("p", { id: id + "-hint", class: "hint" }, hint_of(setting)),
    result,
  );
}

async function load_settings() {
  const settings = await request("GET", "/api/config");
  const groups = new Map();
  for (const { value, setting } of settings) {
    setting.value = value;
    const name = setting.group;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row_of(setting));
  }
  $("groups").replaceChildren(
    ...[...groups].map(([name, rows]) => make("fieldset", {}, make("legend", {}, text("group " + name)), ...rows)),
  );
}

// ---- networks

async function load_networks() {
  const networks = await request("GET", "/api/networks");
  const rows = networks.map(({ priority, ssid, open }) => {
    const button = make("button", { type: "button", "aria-label": `${text("remove")}: ${ssid}` }, text("remove"));
    button.addEventListener("click", async () => {
      await request("POST", "/api/networks/remove", { ssid }).catch((problem) => show_error("ssid", words(problem)));
      load_networks().catch(() => {});
    });
    const label = `${priority} · ${ssid}${open ? ` (${text("open_network")})` : ""}`;
    return make("li", {}, make("span", {}, label), button);
  });
  $("stored").replaceChildren(...(rows.length ? rows : [make("li", {}, text("no_networks"))]));
}

async function scan() {
  $("scan").disabled = true;
  $("scan-state").textContent = text("scan_running");
  try {
    await request("POST", "/api/scan", {});
    let found;
    do {
      await new Promise((resolve) => setTimeout(resolve, 500));
      found = await request("GET", "/api/scan");
    } while (found.state === "running");
    const is_empty = found.networks.length === 0;
    $("scan-state").textContent = found.state === "failed" ? text("scan_failed") : is_empty ? text("scan_empty") : "";
    const names = [...new Set(found.networks.map((network) => network.ssid).filter(Boolean))];
    $("found").replaceChildren(...names.map((name) => make("option", { value: name })));
    $("scan-found").replaceChildren(
      ...found.networks.map(({ ssid, rssi, channel, open }) =>
        make("li", {}, `${ssid || "…"} · ${rssi} dBm · ${channel}${open ? ` · ${text("open_network")}` : ""}`),
      ),
    );
  } catch (problem) {
    $("scan-state").textContent = words(problem);
  }
  $("scan").disabled = false;
}

// ---- transactions, log, maintenance

async function load_transactions() {
  const found = await request("GET", "/api/transactions");
  const wh = (value) => (value === undefined ? undefined : `${value} Wh`);
  const rows = [["open", found.open]];
  if (found.open) rows.push(["id", found.id], ["id_tag", found.id_tag], ["meter_start_wh", wh(found.meter_start_wh)]);
  rows.push(
    ["energy_wh", wh(found.energy_wh)],
    ["queue", found.queue],
    ["all_saved", found.all_saved],
    ["dropped", found.dropped],
    ["calls_dropped", found.calls_dropped],
    ["reporting", found.reporting],
  );
  facts($("transaction-facts"), rows);
}

async function load_log() {
  $("lines").textContent = await request("GET", "/api/log");
  $("lines").scrollTop = $("lines").scrollHeight;
}

/// Sends the image. fetch() shows no progress of a body that it sends.
function send_image(file, on_progress) {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    sender.open("POST", "/api/firmware");
    sender.setRequestHeader("X-CSRF-Token", csrf);
    sender.setRequestHeader("Content-Type", "application/octet-stream");
    sender.responseType = "json";
    sender.upload.onprogress = (event) => on_progress(event.loaded / event.total);
    sender.onload = () => {
      if (sender.status === 401) show_login();
      (sender.status === 202 ? resolve : reject)(sender.response);
    };
    sender.onerror = () => reject(null);
    sender.send(file);
  });
}

async function upload() {
  const progress = $("image-progress");
  const report = (key) => ($("image-state").textContent = key && text(key));
  progress.hidden = false;
  report("uploading");
  try {
    const answer = await send_image($("image").files[0], (part) => {
      progress.value = part;
      if (part === 1) report("checking");
    });
    report("restart " + answer.restart);
    $("image").value = "";
  } catch (problem) {
    report("");
    throw problem;
  } finally {
    progress.hidden = true;
  }
}

async function restart() {
  if (!confirm(text("restart_ask"))) return;
  try {
    await request("POST", "/api/restart", {});
    $("restart-state").textContent = text("restarting");
  } catch (problem) {
    $("restart-state").textContent = words(problem);
  }
}

// ---- start

on_submit("login-form", ["password"], async () => {
  const session = await request("POST", "/api/login", { password: $("password").value });
  $("password").value = "";
  enter(session);
});
on_submit("change-form", ["old", "new"], async () => {
  const session = await request("POST", "/api/password", { old: $("old").value, new: $("new").value });
  $("old").value = $("new").value = "";
  enter(session);
});
on_submit("network-form", ["ssid", "psk", "priority"], async () => {
  await request("POST", "/api/networks", {
    ssid: $("ssid").value,
    psk: $("psk").value,
    priority: $("priority").value,
  });
  $("ssid").value = $("psk").value = "";
  await load_networks();
});
on_submit("firmware-form", ["image"], upload);
$("scan").addEventListener("click", scan);
$("log-again").addEventListener("click", () => load_log().catch(() => {}));
$("restart").addEventListener("click", restart);
$("change-open").addEventListener("click", () => show_change(false));
$("logout").addEventListener("click", async () => {
  await request("POST", "/api/logout", {}).catch(() => {});
  csrf = "";
  show_login();
});
$("language").addEventListener("change", () => {
  language = Number($("language").value);
  translate();
  draw_status();
  if (csrf && !$("nav").hidden) go();
});
window.addEventListener("hashchange", go);

language = navigator.language.startsWith("de") ? 1 : 0;
$("language").value = String(language);
translate();
request("GET", "/api/session").then(enter, () => {});
