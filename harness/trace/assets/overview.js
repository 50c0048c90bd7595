// What a person sees first: how it ended, in figures, and what is wrong.

const KINDS = {
  failure: ["The test", "bad"], error: ["Error", "bad"], unmatched: ["No stub", "bad"], outside: ["Outside", "bad"],
  refused: ["Refused by Port", "bad"], unknown: ["Unknown Port call", "bad"],
  dropped: ["No entity", "bad"], empty: ["Empty property", "mild"], warning: ["Warning", "mild"], unused: ["Unused", "mild"],
};
const OUTCOMES = { passed: "Passed", failed: "Failed", well: "All is well", unwell: "With problems" };
const SHOWN = 10;

function titleParts() {
  const [file, ...names] = HEAD.title.split("::");
  return names.length ? [[file, ...names.slice(0, -1)].join(" › "), names.at(-1)] : [HEAD.runs[0]?.integration ? "Resync of" : "", HEAD.title];
}

/** What is wrong with a run, without what is only worth a look. */
const wrongOf = (run) => run.problems.filter((problem) => KINDS[problem.kind][1] === "bad");

const mildOf = (run) => run.problems.filter((problem) => KINDS[problem.kind][1] === "mild");

/** How it ended: for a resync of a directory, only its problems tell. */
function verdict() {
  if (HEAD.outcome !== "finished") return HEAD.outcome;
  return HEAD.differences.length || HEAD.runs.some((run) => wrongOf(run).length) ? "unwell" : "well";
}

function overview(run, number) {
  const [where, name] = titleParts();
  const counts = run?.counts ?? {};
  const figures = run ? [
    ["Entities", counts.entities, "entities", ""], ["Third-party calls", counts.calls, "timeline", ""],
    ["Unmatched", counts.unmatched, "wrong", "bad"], ["Refusals", counts.refused, "refused", "bad"],
    ["Errors", counts.errors, "problems", "bad"], ["Deleted", counts.deleted, "entities", ""],
  ].filter(([label, amount]) => amount || !["Deleted"].includes(label)) : [];
  return h("div", { class: "overview" },
    h("header", { class: "hero" },
      where ? h("p", { class: "where" }, where) : null,
      h("h1", {}, name),
      h("p", { class: `outcome ${verdict()}` }, h("span", { class: "mark", "aria-hidden": "true" }), OUTCOMES[verdict()],
        h("span", { class: "quiet" }, ` after ${seconds(HEAD.seconds)}${run && run.integration !== HEAD.title ? `, ${run.integration}` : ""} · ${HEAD.made}`))),
    h("div", { class: "figures" }, figures.map(([label, amount, target, tone]) => (
      button([h("b", {}, count(amount)), h("span", {}, label)], () => {
        if (target === "problems") byId("problems")?.scrollIntoView();
        else go({ view: target === "timeline" || target === "wrong" ? "timeline" : "entities", filter: amount ? target : null });
      },
        { class: `figure ${amount && tone ? tone : ""} ${amount ? "" : "nought"}`, "data-figure": label })))),
    problems(run, number),
    HEAD.differences.length ? h("section", {}, h("h2", {}, "Different from expected"), HEAD.differences.map((each) => (
      h("div", { class: "difference" }, h("h3", {}, each.title), diff(each.lines))))) : null,
    run ? mild(run, number) : null,
    run ? h("div", { class: "columns" }, timings(run), kinds(run)) : null,
    h("footer", { class: "quiet" },
      HEAD.secrets ? `${plural(HEAD.secrets, "secret is", "secrets are")} replaced by redacted-… each. ` : "",
      `Bodies are shown up to ${size(HEAD.body_limit)}. Self-contained: makes no network requests.`));
}

function problems(run, number) {
  const found = [...HEAD.problems, ...(run ? wrongOf(run) : [])];
  if (found.length) return h("section", { id: "problems" }, h("h2", {}, "Problems"), several(found, number, true));
  if (HEAD.differences.length || (run && mildOf(run).length)) return null;
  return h("p", { class: "all-well" }, "No problems: every request was answered, Port accepted every entity, and nothing was raised.");
}

/** What no test fails for, unless it asks to: it waits until somebody wants to know. */
function mild(run, number) {
  const found = mildOf(run);
  if (!found.length) return null;
  const warnings = found.filter((problem) => problem.kind === "warning").length;
  const empty = found.filter((problem) => problem.kind === "empty").length;
  const unused = found.length - warnings - empty;
  const counted = [
    empty ? plural(empty, "empty property", "empty properties") : null,
    warnings ? plural(warnings, "warning", "warnings") : null,
    unused ? `${plural(unused, "stub or fault", "stubs or faults")} that answered nothing` : null,
  ].filter(Boolean).join(", ");
  return h("details", { class: "mild-ones" },
    h("summary", {}, "Worth a look", h("span", { class: "quiet" }, ` ${counted}`)),
    several(found, number, false));
}

function several(found, number, open) {
  const list = h("div", { class: "problems" }, found.slice(0, SHOWN).map((each, index) => problem(each, number, open && index < 3)));
  if (found.length > SHOWN) {
    const more = button(`Show ${count(found.length - SHOWN)} more`, () => {
      more.replaceWith(...found.slice(SHOWN, SHOWN + 500).map((each) => problem(each, number, false)));
    }, { class: "more" });
    list.append(more);
  }
  return list;
}

function problem(each, number, open) {
  const [word, tone] = KINDS[each.kind];
  const links = [
    each.call === null ? null : button("Show the call", () => go({ run: number, view: "timeline", row: `c${each.call}` })),
    each.entity === null ? null : button("Show the entity", () => go({ run: number, view: "entities", row: `e${each.entity}` })),
  ].filter(Boolean);
  const inner = [
    each.text ? h("p", { class: "said" }, each.text) : null,
    each.paste ? h("div", { class: "paste" }, h("p", { class: "quiet" }, "A stub that would answer it"), code(each.paste, { wrap: true })) : null,
    !each.trace || each.kind === "failure" ? each.trace && traceback(each.trace)
      : h("details", { class: "whole" }, h("summary", {}, "Traceback"), traceback(each.trace)),
    links.length ? h("p", { class: "links" }, links) : null,
  ].filter(Boolean);
  const head = [h("span", { class: `tag ${tone}` }, word), h("span", { class: "problem-title" }, each.title)];
  return inner.length ? h("details", { class: `problem ${tone}`, open }, h("summary", {}, head), h("div", { class: "inside" }, inner))
    : h("div", { class: `problem flat ${tone}` }, head);
}

function timings(run) {
  const most = Math.max(...run.timings.map(([, each]) => each), 0.001);
  return h("section", {}, h("h2", {}, "Time"), h("table", { class: "bars" }, h("tbody", {}, run.timings.map(([phase, each]) => (
    h("tr", {}, h("th", { scope: "row" }, phase), h("td", { class: "bar" }, h("span", { style: { "--share": each / most } })), h("td", { class: "number" }, seconds(each))))))));
}

function kinds(run) {
  if (!run.kinds.length) return null;
  const columns = ["raw", "filtered", "mapped", "upserted", "failed", "skipped"].filter((name) => (
    ["raw", "upserted"].includes(name) || run.kinds.some((kind) => kind[name])));
  return h("section", {}, h("h2", {}, "Kinds"), h("div", { class: "scroll" }, h("table", { class: "kinds" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "kind"), columns.map((name) => h("th", { scope: "col", class: "number" }, name)), h("th", { scope: "col", class: "number" }, "time"))),
    h("tbody", {}, run.kinds.map((kind) => h("tr", {}, h("th", { scope: "row" }, kind.kind), columns.map((name) => (
      h("td", { class: `number ${kind[name] ? (name === "failed" ? "bad" : "") : "nought"}` }, count(kind[name])))), h("td", { class: "number" }, seconds(kind.seconds))))))));
}
