// Third-party calls, Port calls and lines of the log on one axis of time.

const LANES = { "third-party": "Third party", port: "Port", log: "Log" };
const LOUD = new Set(["WARNING", "ERROR", "CRITICAL"]);

/** Whether a line of the log says that something is wrong; what Ocean says in every sandbox does not. */
const isLoud = (row) => LOUD.has(row.level) && !row.noise;

/** Some round moments between 0 and `end`, in milliseconds. */
function ticks(end) {
  const rough = end / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  return Array.from({ length: Math.floor((end * 0.96) / step) + 1 }, (_, index) => index * step);
}

const tick = (at) => (at < 1000 ? `${+at.toPrecision(3)} ms` : `${+(at / 1000).toPrecision(4)} s`);

class Timeline {
  constructor(rows) {
    this.rows = rows;
    this.lanes = new Set(Object.keys(LANES));
    this.onlyWrong = false;
    this.query = "";
    this.list = new List({ label: "Calls and log", render: (row) => this.row(row), open: (row, how) => opened(row, how) });
    this.status = h("p", { class: "status", role: "status" });
    this.search = search("Search calls, bodies and log", (query) => { this.query = query; this.filter(); });
    this.chips = Object.entries(LANES).map(([lane, name]) => chip([h("i", { class: `dot ${lane}`, "aria-hidden": "true" }), name], true, (on) => {
      if (on) this.lanes.add(lane); else this.lanes.delete(lane);
      this.filter();
    }, { "data-lane": lane }));
    this.wrongChip = chip("Problems only", false, (on) => { this.onlyWrong = on; this.filter(); }, { "data-wrong": "" });
    this.strip = h("canvas", { class: "strip", "aria-hidden": "true", on: { click: (event) => this.jump(event) } });
    new ResizeObserver(() => this.paint()).observe(this.strip);
    this.element = h("section", { class: "view timeline", "aria-label": "Timeline" },
      h("div", { class: "tools" }, this.search, h("div", { class: "chips", role: "group", "aria-label": "Filter" }, this.chips, this.wrongChip), this.status),
      this.strip, h("div", { class: "axis", "aria-hidden": "true" }, ticks(rows.end).map((at) => h("span", { style: { left: `${(100 * at) / rows.end}%` } }, tick(at)))),
      this.list.outer);
    this.filter();
  }

  onlyWhatIsWrong() {
    this.onlyWrong = true;
    this.wrongChip.setAttribute("aria-pressed", "true");
    this.filter();
  }

  /** Take the filters away that hide a row. */
  unfilter(row) {
    if (this.list.rows.includes(row)) return;
    this.lanes = new Set(Object.keys(LANES));
    this.onlyWrong = false;
    this.query = "";
    this.search.querySelector("input").value = "";
    for (const each of this.chips) each.setAttribute("aria-pressed", "true");
    this.wrongChip.setAttribute("aria-pressed", "false");
    this.filter();
  }

  filter() {
    const query = this.query;
    const fits = (row) => this.lanes.has(row.lane) && (!this.onlyWrong || row.wrong || isLoud(row)) && holds(row, query);
    const shown = this.rows.events.filter(fits);
    this.list.show(shown);
    this.status.textContent = shown.length === this.rows.events.length ? plural(shown.length, "entry", "entries") : `${count(shown.length)} of ${plural(this.rows.events.length, "entry", "entries")}`;
    this.paint();
    if (query.length > 1 && !this.isDeep) {
      this.isDeep = true;
      textsOf(this.rows.calls).then(() => { if (this.query) this.filter(); });
    }
  }

  row(row) {
    const at = h("span", { class: "at" }, `${(row.at / 1000).toFixed(3)}`);
    const lane = h("span", { class: `lane ${row.lane}` }, row.type === "log" ? (row.level || "printed").toLowerCase() : LANES[row.lane]);
    const left = `${(100 * row.at) / this.rows.end}%`;
    const width = `${(100 * (row.took ?? 0)) / this.rows.end}%`;
    const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("i", { class: row.lane, style: { left, width } }));
    if (row.type === "log") {
      return [at, lane, h("span", { class: `what log ${isLoud(row) ? row.level.toLowerCase() : ""}` }, row.shown), h("span", { class: "code-status" }), bar];
    }
    const status = row.status || "broken";
    return [at, lane, h("span", { class: "what call" }, h("b", {}, row.method), bothEnds(` ${row.url}`), row.operation ? h("span", { class: "operation" }, ` ${row.operation}`) : null),
      h("span", { class: `code-status ${row.wrong || row.status >= 400 || !row.status ? "bad" : ""}` }, row.wrong && row.lane === "third-party" ? "no stub" : status), bar];
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.strip;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    this.strip.width = width * scale;
    this.strip.height = height * scale;
    const context = this.strip.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(this.strip);
    const colour = (name) => style.getPropertyValue(name).trim();
    const lanes = Object.keys(LANES);
    const lane = height / lanes.length;
    const bad = colour("--bad");
    // Many in little room: they are to show where there are more, and where fewer.
    const room = Math.min(1, width / (this.list.rows.length || 1));
    for (const row of this.list.rows) {
      const left = (row.at / this.rows.end) * (width - 3);
      context.fillStyle = row.wrong ? bad : colour(`--${row.lane}`);
      context.globalAlpha = row.wrong ? 1 : Math.max(0.15, 0.6 * room);
      context.fillRect(left, lanes.indexOf(row.lane) * lane + 3, Math.max(room < 0.5 ? 1 : 2, ((row.took ?? 0) / this.rows.end) * width), lane - 6);
    }
  }

  jump(event) {
    const share = event.offsetX / this.strip.clientWidth;
    const index = this.list.rows.findIndex((row) => row.at >= share * this.rows.end);
    this.list.select(index < 0 ? Infinity : index);
    this.list.outer.focus();
  }
}
