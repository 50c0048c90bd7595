// One call, one line of the log, one entity: all there is to say of it.

async function details(row, number) {
  const rows = await rowsOf(number);
  if (row.type === "log") return ofLog(row);
  return row.type === "call" ? ofCall(row, rows, number) : ofEntity(row, rows, number);
}

const fact = (name, ...children) => [h("dt", {}, name), h("dd", {}, children)];

function part(title, ...children) {
  return h("section", {}, h("h3", {}, title), children);
}

async function ofLog(row) {
  const whole = row.whole === null ? row.shown : await value(row.whole);
  return [h("h2", { tabindex: "-1" }, `Log, ${row.level ? row.level.toLowerCase() : "printed"}`),
    h("dl", { class: "facts" }, fact("At", seconds(row.at / 1000))), code(whole, { wrap: true })];
}

/** The request as a command for a shell. */
async function curl(row, detail) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const sent = (detail.request.headers ?? []).filter(([name]) => !["host", "content-length", "connection", "accept-encoding"].includes(name.toLowerCase()));
  const body = await value(detail.request.body);
  return [`curl -X ${row.method} ${quoted(detail.url)}`, ...sent.map(([name, each]) => `-H ${quoted(`${name}: ${each}`)}`), ...(body ? [`--data-raw ${quoted(body)}`] : [])].join(" \\\n  ");
}

/** A JSON text as Python writes it. */
const python = (text) => (text.match(/"(?:[^"\\]|\\.)*"|[^"]+/g) ?? []).map((token) => (
  token[0] === '"' ? token : token.replace(/\btrue\b/g, "True").replace(/\bfalse\b/g, "False").replace(/\bnull\b/g, "None"))).join("");

/** A route of a test that answers as this call was answered. */
async function route(row, detail) {
  const body = await value(detail.response.body);
  let answer = `"body": ${JSON.stringify(body)}`;
  try { JSON.parse(body); answer = `"json": ${python(body)}`; } catch { /* not JSON, or cut */ }
  if (row.wrong) answer = '"json": {}';
  else if (row.status !== 200 && row.status) answer = `"status_code": ${row.status}, ${answer}`;
  return `${detail.route}{${answer}})`;
}

async function ofCall(row, rows, number) {
  const detail = await value(row.detail);
  const made = rows.entities.filter((entity) => entity.call === row.number);
  return [
    h("p", { class: "crumb" }, h("span", { class: `lane ${row.lane}` }, LANES[row.lane]), ` call ${row.number + 1}`),
    h("h2", { tabindex: "-1", class: "mono" }, h("b", {}, row.method), ` ${detail.url}${row.operation ? ` (${row.operation})` : ""}`),
    h("dl", { class: "facts" },
      fact("Status", h("span", { class: row.status >= 400 || !row.status ? "bad" : "" }, String(row.status || "the connection was broken"))),
      fact("At", seconds(row.at / 1000)), row.took === null ? [] : fact("Took", seconds(row.took / 1000)),
      detail.stub ? fact(row.lane === "port" ? "Note" : "Answered by", detail.stub) : []),
    row.lane === "third-party" ? h("div", { class: "copies" }, copier(() => curl(row, detail), "Copy as cURL"), copier(() => route(row, detail), "Copy as a route")) : null,
    row.lane === "third-party" && row.wrong ? part("Unmatched request",
      h("p", { class: "said" }, detail.nearest.join("\n")),
      detail.paste ? h("div", { class: "paste" }, h("p", { class: "quiet" }, "A stub that would answer it"), code(detail.paste, { wrap: true })) : null) : null,
    part("Response", headers(detail.response.headers), await body(detail.response)),
    part("Request", headers(detail.request.headers), await body(detail.request)),
    made.length ? part(`Entities from this answer (${count(made.length)})`, h("ul", { class: "links" }, made.slice(0, 50).map((entity) => (
      h("li", {}, button(`${entity.blueprint} ${entity.identifier}`, () => go({ run: number, view: "entities", row: `e${entity.number}` }))))))) : null,
  ];
}

async function ofEntity(row, rows, number) {
  const title = h("h2", { tabindex: "-1", class: "mono" }, row.identifier || "An item without identifier");
  const crumb = h("p", { class: "crumb" }, h("i", { class: `dot ${row.state.replace(" ", "-")}`, "aria-hidden": "true" }), `${STATES[row.state]} `, row.blueprint);
  if (row.detail === null) return [crumb, title, h("p", { class: "note" }, "Left out to limit the size of this file.")];
  const detail = await value(row.detail);
  return [
    crumb, title,
    detail.reason ? h("p", { class: `said reason ${row.state === "refused" ? "bad" : ""}` }, detail.reason) : null,
    detail.otherwise.length ? part("Different from expected", diff(detail.otherwise)) : null,
    row.state === "deleted" ? null : part("Source", origin(row, detail, rows, number)),
    detail.steps.length ? part(detail.item ? "The mapping, step by step" : "The mapping, with the entity's values", mapping(detail)) : null,
    detail.item ? part("Raw item", code(detail.item, { label: "Raw item" })) : null,
    part(row.state === "no entity" ? "Result of the mapping" : "As sent by the integration", code(detail.entity, { label: "Entity" })),
  ].filter(Boolean);
}

function origin(row, detail, rows, number) {
  const call = (index) => {
    const found = rows.calls[index];
    return button(`call ${index + 1}: ${found.method} ${found.url}`, () => go({ run: number, view: "timeline", row: `c${index}` }), { class: "link mono" });
  };
  const place = row.call === null ? null : h("p", {}, call(row.call), h("br"), h("code", { class: "quiet" }, detail.path));
  const holding = detail.holding.length ? h("ul", { class: "holding" }, detail.holding.map(([index, holds]) => h("li", {}, h("span", { class: "number" }, count(holds)), call(index)))) : null;
  const otherwise = detail.differs.map((path, index) => [index ? ", " : "", h("code", {}, path)]);
  const note = (...children) => h("p", { class: "note" }, children);
  const holds = holding ? ` Of its ${plural(detail.values, "value")}, these answers contain` : " No answer contains any of its values.";
  switch (row.found) {
    case "item": return place;
    case "part": return place
      ? [place, note("An object of this answer has the same identifier. The integration adds to it, or changes it, before the mapping. Different: ", otherwise, ".")]
      : [note("Its raw item becomes an entity with this identifier, and the integration changes it after the mapping. Different: ", otherwise, `.${holds}`), holding];
    case "made": return [note(`The integration builds the raw item itself: no answer contains it unchanged.${holds}`), holding];
    case "values": return [note(`Raw item not found: no object of an answer becomes this entity, so the integration builds the item itself.${holds}`), holding];
    default: return note("Raw item not found: no answer of the third party contains any of its values.");
  }
}

/** A path that may go on in the next line after each of its parts. */
const breakable = (path) => path.split(".").flatMap((each, index) => (index ? [".", h("wbr"), each] : [each]));

function mapping(detail) {
  return h("div", { class: "scroll" }, h("table", { class: "steps" },
    h("thead", {}, h("tr", {}, ["Part", "Expression", "Value"].map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, detail.steps.map(([path, expression, result, why]) => h("tr", { class: result === "null" || result === "false" ? "empty" : "" },
      h("th", { scope: "row" }, breakable(path)), h("td", {}, h("code", {}, expression)),
      h("td", {}, h("code", {}, result), why ? h("p", { class: "why" }, why) : null))))));
}
