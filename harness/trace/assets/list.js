// A list of which only the rows on the screen exist, walked with the keyboard.

/** Whether a row has every word of a query, in any order. */
const holds = (row, query) => query.split(/\s+/).every((word) => row.text.includes(word) || Boolean(row.deep?.includes(word)));

class List {
  /** `render(row)` gives the children of a row; `open(row, how)` shows it; with a `head`, it is a table. */
  constructor({ label, render, open, head = null, columns = 0 }) {
    this.rows = [];
    this.selected = -1;
    this.render = render;
    this.open = open;
    this.grid = Boolean(head);
    this.made = new Map();
    this.sizer = h("div", { class: "sizer", role: "presentation" });
    this.element = h("div", {
      class: "list", role: head ? "rowgroup" : "presentation",
      on: { scroll: () => this.draw(), click: (event) => this.click(event) },
    }, this.sizer);
    // What has the focus: the whole table, or else what the rows are in.
    this.outer = h("div", {
      class: "walked", tabindex: "0", role: head ? "grid" : "listbox", "aria-label": label, "aria-colcount": head ? columns : null,
      on: { keydown: (event) => this.key(event) },
    }, head && h("div", { role: "rowgroup" }, head), this.element);
    new ResizeObserver(() => this.draw(true)).observe(this.element);
  }

  /** Show these rows, and keep what is selected if it is among them. */
  show(rows) {
    const selected = this.rows[this.selected];
    this.rows = rows;
    this.selected = selected ? rows.indexOf(selected) : -1;
    if (this.grid) this.outer.setAttribute("aria-rowcount", rows.length + 1);
    this.element.scrollTop = 0;
    if (this.selected >= 0) this.reveal();
    this.draw(true);
  }

  select(index, how) {
    if (!this.rows.length) return;
    this.selected = Math.max(0, Math.min(index, this.rows.length - 1));
    this.reveal();
    this.draw();
    if (how) this.open(this.rows[this.selected], how);
  }

  selectRow(row) {
    const index = this.rows.indexOf(row);
    if (index >= 0) this.select(index);
    else { this.selected = -1; this.draw(); }
  }

  get height() {
    return parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 32;
  }

  reveal() {
    const top = this.selected * this.height;
    const { scrollTop, clientHeight } = this.element;
    if (!clientHeight) return;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
  }

  draw(anew = false) {
    const height = this.height;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - 8);
    const last = Math.min(this.rows.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / height) + 8);
    if (anew) {
      this.sizer.replaceChildren();
      this.made.clear();
      this.sizer.style.setProperty("height", `${this.rows.length * height}px`);
      if (!this.rows.length) this.sizer.append(h("p", { class: "none" }, "No matches"));
    }
    for (const [index, element] of this.made) {
      if (index < first || index >= last) { element.remove(); this.made.delete(index); }
    }
    for (let index = first; index < last; index += 1) {
      let element = this.made.get(index);
      if (!element) {
        element = h("div", {
          class: "row", id: `${this.grid ? "g" : "l"}${index}`, role: this.grid ? "row" : "option", "data-index": index,
          ...(this.grid ? { "aria-rowindex": index + 2 } : { "aria-posinset": index + 1, "aria-setsize": this.rows.length }),
          style: { transform: `translateY(${index * height}px)` },
        }, this.render(this.rows[index]));
        if (this.rows[index].wrong || this.rows[index].state === "refused") element.classList.add("is-wrong");
        this.made.set(index, element);
        this.sizer.append(element);
      }
      element.setAttribute("aria-selected", String(index === this.selected));
    }
    if (this.made.has(this.selected)) this.outer.setAttribute("aria-activedescendant", this.made.get(this.selected).id);
    else this.outer.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.target !== this.outer || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in steps) {
      event.preventDefault();
      this.select(this.selected < 0 ? (event.key === "End" ? Infinity : 0) : this.selected + steps[event.key], "walk");
    } else if (event.key === "Enter" && this.rows.length) {
      event.preventDefault();
      this.select(Math.max(0, this.selected), "enter");
    }
  }

  click(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    this.outer.focus();
    this.select(Number(row.dataset.index), "click");
  }
}
