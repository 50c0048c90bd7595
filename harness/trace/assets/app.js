// Puts the views together: tabs, the panel at the side, the keyboard, and a place in the address for each thing.

const VIEWS = { overview: "Overview", timeline: "Timeline", entities: "Entities" };
const state = { run: 0, view: "overview", row: null };
const built = new Map();
let choice = null;
let back = null;

function search(label, onsearch) {
  let timer;
  const input = h("input", { type: "search", placeholder: `${label}…`, "aria-label": label, autocomplete: "off", spellcheck: "false", on: {
    input: () => { clearTimeout(timer); timer = setTimeout(() => onsearch(input.value.trim().toLowerCase()), 80); },
    keydown: (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") {
        event.preventDefault();
        clearTimeout(timer);
        onsearch(input.value.trim().toLowerCase());
        const list = input.closest(".view").querySelector(".walked");
        list.focus();
        list.dispatchEvent(new KeyboardEvent("keydown", { key: "Home" }));
      }
    },
  } });
  return h("label", { class: "search" }, input, h("kbd", { "aria-hidden": "true" }, "/"));
}

/** Go somewhere; what is not said stays. */
function go(target, { replace = false } = {}) {
  const { run = state.run, view = state.view, row = null, filter = null } = target;
  const hash = `#/${run}/${view}${row ? `/${row}` : ""}`;
  if (replace) history.replaceState(null, "", hash);
  else if (location.hash !== hash) history.pushState(null, "", hash);
  return show(filter);
}

function read() {
  const [, run, view, row] = location.hash.split("/");
  // Where nobody says which of several, the first of which something is wrong.
  const first = Math.max(HEAD.runs.findIndex((each) => wrongOf(each).length), 0);
  state.run = run === undefined ? first : Math.min(Math.max(Number(run) || 0, 0), Math.max(HEAD.runs.length - 1, 0));
  state.view = view in VIEWS && HEAD.runs.length ? view : "overview";
  state.row = /^[cle]\d+$/.test(row ?? "") ? row : null;
}

/** A row was chosen in a list: with the arrow keys the panel follows if it is open; otherwise it opens. */
function opened(row, how) {
  const name = `${row.type[0]}${row.number}`;
  if (how === "walk") {
    if (state.row) go({ row: name }, { replace: true });
    return;
  }
  back = document.activeElement;
  go({ row: name }, { replace: Boolean(state.row) });
  if (how === "enter") panel.dataset.focus = "yes";
}

const panel = h("aside", { class: "panel", "aria-label": "Details", hidden: true, tabindex: "-1" });
const main = h("main", { id: "main" });
const tabs = Object.entries(VIEWS).map(([view, label]) => h("button", {
  type: "button", role: "tab", id: `tab-${view}`, "aria-controls": "main",
  on: { click: () => go({ view }), keydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = Object.keys(VIEWS);
    go({ view: names[(names.indexOf(view) + step + names.length) % names.length] });
    byId(`tab-${state.view}`).focus();
  } },
}, label, h("span", { class: "count" })));

function close() {
  if (!state.row) return false;
  go({ row: null });
  const list = main.querySelector(".walked");
  (back?.isConnected ? back : list)?.focus();
  return true;
}

async function show(filter = null) {
  read();
  const run = HEAD.runs[state.run];
  const counts = run ? { timeline: run.counts.calls + run.counts.port + run.counts.logs, entities: run.counts.entities + run.counts.refused + run.counts.deleted + run.counts.lost } : {};
  for (const tab of tabs) {
    const amount = counts[tab.id.slice(4)];
    tab.querySelector(".count").textContent = amount === undefined ? "" : count(amount);
    tab.hidden = !run && tab.id !== "tab-overview";
    const chosen = tab.id === `tab-${state.view}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  if (choice) choice.value = state.run;
  main.setAttribute("aria-labelledby", `tab-${state.view}`);
  document.body.dataset.view = state.view;
  const view = await viewOf(state.run, state.view, run);
  if (main.firstChild !== view.element) main.replaceChildren(view.element);
  if (filter === "wrong") view.onlyWhatIsWrong();
  if (filter === "refused") view.only("refused");
  await showPanel(view);
}

async function showPanel(view) {
  const wanted = state.row;
  if (!wanted) {
    panel.hidden = true;
    document.body.classList.remove("has-panel");
    return;
  }
  const rows = await rowsOf(state.run);
  const row = { c: rows.calls, l: rows.logs, e: rows.entities }[wanted[0]][Number(wanted.slice(1))];
  if (!row) { close(); return; }
  view.unfilter?.(row);
  const content = await details(row, state.run);
  if (state.row !== wanted) return; // somebody has gone on meanwhile
  panel.replaceChildren(h("div", { class: "panel-tools" }, button("Close", close, { class: "close", "aria-label": "Close details (Escape)" })),
    ...content.filter(Boolean));
  panel.hidden = false;
  panel.scrollTop = 0;
  document.body.classList.add("has-panel");
  view.list?.selectRow(row);
  if (panel.dataset.focus || !document.activeElement || document.activeElement === document.body || !document.activeElement.isConnected) {
    panel.querySelector("h2").focus({ preventScroll: true });
  }
  delete panel.dataset.focus;
}

async function viewOf(number, name, run) {
  const key = `${number}/${name}`;
  if (!built.has(key)) {
    if (name === "overview") built.set(key, { element: overview(run, number) });
    else built.set(key, new (name === "timeline" ? Timeline : Entities)(await rowsOf(number)));
  }
  return built.get(key);
}

function theme() {
  const stored = () => { try { return localStorage.getItem("ocean-sandbox-theme"); } catch { return null; } };
  const apply = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    for (const view of built.values()) view.paint?.();
  };
  apply(stored());
  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(null));
  return button("", () => {
    const name = dark() ? "light" : "dark";
    try { localStorage.setItem("ocean-sandbox-theme", name); } catch { /* a browser may keep nothing for files */ }
    apply(name);
  }, { class: "theme", "aria-label": "Dark or light", title: "Dark or light" });
}

function runs() {
  if (HEAD.runs.length < 2) return null;
  choice = h("select", { "aria-label": "Which resync or event", on: { change: () => go({ run: Number(choice.value) }) } },
    HEAD.runs.map((run, number) => h("option", { value: number }, `${number + 1}. ${run.name}${wrongOf(run).length ? ` (${plural(wrongOf(run).length, "problem")})` : ""}`)));
  return choice;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !typing) {
    event.preventDefault();
    const focus = () => main.querySelector("input[type=search]")?.focus();
    if (state.view === "overview" && HEAD.runs.length) { go({ view: "entities" }); setTimeout(focus, 60); } else focus();
  } else if (event.key === "Escape") {
    if (typing && event.target.value) {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else if (!close() && typing) main.querySelector(".walked")?.focus();
  } else if (!typing && ["1", "2", "3"].includes(event.key) && HEAD.runs.length) {
    // So that the arrows move in what was chosen.
    go({ view: Object.keys(VIEWS)[Number(event.key) - 1] }).then(() => main.querySelector(".walked")?.focus());
  }
});
window.addEventListener("unhandledrejection", (event) => {
  byId("app").prepend(h("p", { class: "broken", role: "alert" }, `This trace cannot be shown. Is the file complete? ${event.reason}`));
});
window.addEventListener("popstate", () => show());
window.addEventListener("hashchange", () => show());

function start() {
  read();
  const [, name] = titleParts();
  byId("app").replaceChildren(
    h("div", { class: "bar" },
      h("span", { class: `badge ${verdict()}` }, OUTCOMES[verdict()]), h("span", { class: "name", title: HEAD.title }, name),
      h("div", { class: "tabs", role: "tablist", "aria-label": "Views" }, tabs), runs(), theme()),
    h("div", { class: "work" }, main, panel),
    h("p", { class: "keys", "aria-hidden": "true" }, [["/", "search"], ["↑ ↓", "move"], ["enter", "open"], ["esc", "back"], ["1 2 3", "views"]].map(([key, does]) => h("span", {}, h("kbd", {}, key), ` ${does}`))));
  show().then(() => HEAD.runs.length && (window.requestIdleCallback ?? setTimeout)(() => rowsOf(state.run)));
}

if ("DecompressionStream" in window) start();
else byId("app").textContent = "This trace needs a browser of 2023 or later.";
