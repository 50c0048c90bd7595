// Shows bodies and values: JSON is indented without being read, so that numbers stay as they were sent, and a cut body is fine.

const COLOURED = 60000;

/** JSON in lines, with its parts in classes; anything else as it is. */
function pretty(text) {
  const trimmed = text.trimStart();
  if (trimmed[0] !== "{" && trimmed[0] !== "[") return [text];
  const tokens = trimmed.match(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const parts = [];
  let depth = 0;
  let plain = "";
  const newline = () => { plain += `\n${"  ".repeat(depth)}`; };
  const flush = () => { if (plain) parts.push(plain); plain = ""; };
  let written = 0;
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    written += token.length;
    if (token === "{" || token === "[") {
      plain += token;
      if (next !== "}" && next !== "]") { depth += 1; newline(); }
    } else if (token === "}" || token === "]") {
      const before = tokens[index - 1];
      if (before !== "{" && before !== "[") { depth = Math.max(0, depth - 1); newline(); }
      plain += token;
    } else if (token === ",") {
      plain += ",";
      newline();
    } else if (token === ":") {
      plain += ": ";
    } else if (written < COLOURED) {
      flush();
      parts.push(h("span", { class: next === ":" ? "key" : token[0] === '"' ? "string" : "literal" }, token));
    } else {
      plain += token;
    }
  });
  flush();
  return parts;
}

/** A text that is cut in its middle where there is no room: URLs differ in their ends. */
function bothEnds(text) {
  const cut = Math.max(Math.ceil(text.length / 2), text.length - 36);
  return [h("span", { class: "begin" }, text.slice(0, cut)), h("span", { class: "end" }, text.slice(cut))];
}

/** A block of code; `text` may be JSON. */
function code(text, { label = "", copy = true, wrap = false } = {}) {
  const pre = h("pre", { class: wrap ? "code wrap" : "code", tabindex: "0", "aria-label": label || null }, pretty(text));
  return h("div", { class: "block" }, pre, copy && text ? copier(() => pre.textContent) : null);
}

/** A traceback: what it ends with, and the integration's own lines, stand out from those of libraries. */
function traceback(text) {
  let kind = "";
  const lines = text.replace(/\n+$/, "").split("\n").map((line) => {
    if (/^E\s/.test(line)) kind = "said-here";
    else if (/^>\s/.test(line)) kind = "own";
    else if (/^>?\s*File "/.test(line)) kind = /site-packages|\/usr\/lib\//.test(line) ? "theirs" : "own";
    else if (/^\S/.test(line)) kind = "";
    const shown = h("span", { class: kind }, `${line}\n`);
    if (kind === "said-here" || /^>\s/.test(line)) kind = "";
    return shown;
  });
  const pre = h("pre", { class: "code trace", tabindex: "0", "aria-label": "Traceback" }, lines);
  return h("div", { class: "block" }, pre, copier(() => text));
}

/** The lines of a unified diff. */
function diff(lines) {
  const kinds = { "+": "added", "-": "removed", "@": "place" };
  return h("pre", { class: "code diff", tabindex: "0" }, lines.map((line) => (
    h("span", { class: `line ${kinds[line[0]] ?? ""}` }, `${line}\n`))));
}

function headers(pairs) {
  if (pairs === null) return h("p", { class: "quiet" }, "The Port mock keeps no headers.");
  if (!pairs.length) return h("p", { class: "quiet" }, "No headers.");
  return h("dl", { class: "headers" }, pairs.flatMap(([name, each]) => [h("dt", {}, name), h("dd", {}, each)]));
}

/** A body, and what of it is not shown. */
async function body(side) {
  const text = await value(side.body);
  const total = side.size === null ? "" : size(side.size);
  if (!side.is_text) return h("p", { class: "quiet" }, `${total} of binary data.`);
  if (!text) return h("p", { class: "quiet" }, "No body.");
  const cut = side.is_whole ? null : h("p", { class: "note" }, `Cut: this is the beginning${total ? ` of ${total}` : ", and the full size is unknown"}.`);
  return h("div", {}, cut, code(text));
}
