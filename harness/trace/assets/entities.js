// The table of entities, and of items that became none.

const COLUMNS = [["state", "State"], ["blueprint", "Blueprint"], ["identifier", "Identifier"], ["title", "Title"], ["call", "From"]];
const STATES = { refused: "Refused", "no entity": "No entity", upserted: "Upserted", deleted: "Deleted" };
const FOUND = { item: "", part: "in part ", made: "", values: "", nothing: "not found" };

class Entities {
  constructor(rows) {
    this.rows = rows;
    this.sorted = { column: null, down: false };
    this.state = "";
    this.blueprint = "";
    this.query = "";
    this.heads = COLUMNS.map(([name, label]) => h("span", { role: "columnheader", "aria-sort": "none", "data-column": name },
      button([label, h("i", { "aria-hidden": "true" })], () => this.sort(name))));
    this.list = new List({
      label: "Entities", head: h("div", { class: "heads", role: "row", "aria-rowindex": 1 }, this.heads), columns: COLUMNS.length,
      render: (row) => this.row(row), open: (row, how) => opened(row, how),
    });
    this.status = h("p", { class: "status", role: "status" });
    this.search = search("Search entities and their properties", (query) => { this.query = query; this.filter(); });
    const states = Object.keys(STATES).filter((state) => rows.entities.some((row) => row.state === state));
    this.chips = states.length > 1 ? states.map((state) => chip([h("i", { class: `dot ${state.replace(" ", "-")}`, "aria-hidden": "true" }), STATES[state]], false, (on) => this.only(on ? state : ""), { "data-state": state })) : [];
    const blueprints = [...new Set(rows.entities.map((row) => row.blueprint))].filter(Boolean).sort();
    const choice = h("select", { "aria-label": "Blueprint", on: { change: (event) => { this.blueprint = event.target.value; this.filter(); } } },
      h("option", { value: "" }, "All blueprints"), blueprints.map((each) => h("option", { value: each }, each)));
    this.choice = choice;
    this.element = h("section", { class: "view entities", "aria-label": "Entities" },
      h("div", { class: "tools" }, this.search, h("div", { class: "chips", role: "group", "aria-label": "Filter" }, this.chips, blueprints.length > 1 ? choice : null), this.status),
      this.list.outer);
    this.filter();
  }

  only(state) {
    this.state = state;
    for (const each of this.chips) each.setAttribute("aria-pressed", String(each.dataset.state === state));
    this.filter();
  }

  unfilter(row) {
    if (this.list.rows.includes(row)) return;
    this.query = "";
    this.blueprint = "";
    this.choice.value = "";
    this.search.querySelector("input").value = "";
    this.only("");
  }

  sort(column) {
    this.sorted = { column, down: this.sorted.column === column && !this.sorted.down };
    for (const head of this.heads) {
      head.setAttribute("aria-sort", head.dataset.column !== column ? "none" : this.sorted.down ? "descending" : "ascending");
    }
    this.filter();
  }

  filter() {
    const { query, state, blueprint } = this;
    const shown = this.rows.entities.filter((row) => (!state || row.state === state) && (!blueprint || row.blueprint === blueprint)
      && holds(row, query));
    const { column, down } = this.sorted;
    if (column) {
      const collator = new Intl.Collator("en", { numeric: true });
      const key = (row) => (column === "call" ? (row.call ?? Infinity) : row[column]);
      shown.sort((a, b) => (column === "call" ? key(a) - key(b) || 0 : collator.compare(key(a), key(b))) * (down ? -1 : 1));
    }
    this.list.show(shown);
    const all = this.rows.entities.length;
    this.status.textContent = shown.length === all ? plural(all, "entry", "entries") : `${count(shown.length)} of ${plural(all, "entry", "entries")}`;
    if (query.length > 1 && !this.isDeep) {
      this.isDeep = true;
      textsOf(this.rows.entities).then(() => { if (this.query) this.filter(); });
    }
  }

  row(row) {
    const cell = (...children) => h("span", { role: "gridcell" }, children);
    const from = row.state === "deleted" ? "" : row.call === null ? { nothing: "not found", values: "item not found" }[row.found] ?? "built by the integration" : `${FOUND[row.found]}call ${row.call + 1}`;
    return [
      cell(h("i", { class: `dot ${row.state.replace(" ", "-")}`, "aria-hidden": "true" }), STATES[row.state]),
      cell(row.blueprint), h("span", { role: "gridcell", class: "identifier" }, row.identifier || "–"),
      h("span", { role: "gridcell", class: row.reason ? "reason" : "" }, row.reason || row.title), h("span", { role: "gridcell", class: "from quiet" }, from),
    ];
  }
}
