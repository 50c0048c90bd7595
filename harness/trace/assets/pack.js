// What is in this file, and unpacks it when it is needed.

const HEAD = JSON.parse(byId("head").textContent);
const unpacked = new Map();

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function piece(number) {
  if (!unpacked.has(number)) {
    const bytes = bytesOf(byId(`piece-${number}`).textContent);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    unpacked.set(number, new Response(stream).json());
  }
  return unpacked.get(number);
}

/** The value of a number, as harness/trace/pack.py has given it. */
async function value(number) {
  let low = 0;
  let high = HEAD.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (HEAD.starts[middle] <= number) low = middle;
    else high = middle - 1;
  }
  return (await piece(low))[number - HEAD.starts[low]];
}

const ROWS = new Map();

/** A run's calls, log and entities, as objects; unpacked once. */
function rowsOf(number) {
  if (!ROWS.has(number)) ROWS.set(number, unpackRows(HEAD.runs[number]));
  return ROWS.get(number);
}

async function unpackRows(run) {
  const [calls, logs, entities] = await Promise.all([value(run.calls), value(run.logs), value(run.entities)]);
  const rows = {
    calls: calls.map(([at, lane, method, url, status, took, wrong, detail, operation], number) => (
      { type: "call", number, at, lane, method, url, status, took, wrong: Boolean(wrong), detail, operation, text: `${method} ${url} ${operation} ${status}`.toLowerCase() })),
    logs: logs.map(([at, level, line, length, noise], number) => {
      const [shown, whole] = Array.isArray(line) ? line : [line, null];
      return { type: "log", number, at, lane: "log", level, noise: Boolean(noise), shown, whole, length, wrong: level === "ERROR" || level === "CRITICAL", text: `${level} ${shown}`.toLowerCase() };
    }),
    entities: entities.map(([state, blueprint, identifier, title, found, reason, call, detail], number) => (
      { type: "entity", number, state, blueprint: blueprint ?? "", identifier: identifier ?? "", title: title ?? "", found, reason, call, detail,
        text: `${state} ${blueprint} ${identifier} ${title} ${reason}`.toLowerCase() })),
  };
  // Of one moment, the calls come first: the log tells of them. Its clock has milliseconds, and so has that of the calls.
  const moment = (row) => Math.round(row.at);
  rows.events = [...rows.calls, ...rows.logs].sort((a, b) => moment(a) - moment(b));
  rows.end = rows.events.reduce((latest, each) => Math.max(latest, each.at + (each.took ?? 0)), 1);
  return rows;
}

/** All that is known of rows, bodies too, in lower case: for the search. Pieces are unpacked once, so this is fast. */
async function textsOf(rows) {
  for (const row of rows) {
    if (row.deep !== undefined || row.detail === undefined || row.detail === null) continue;
    const detail = await value(row.detail);
    if (row.type === "call") {
      row.deep = `${await value(detail.request.body)}\n${await value(detail.response.body)}\n${JSON.stringify([detail.request.headers, detail.response.headers])}`.toLowerCase();
    } else {
      row.deep = detail.entity.toLowerCase();
    }
  }
}
