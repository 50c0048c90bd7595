// Makes elements. Whatever is shown gets in as text: nothing here, or elsewhere, reads markup.

const byId = (id) => document.getElementById(id);

/** An element: `properties` are attributes, but for `class`, `on` (listeners) and `style` (custom properties). */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "style") for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const count = (number) => number.toLocaleString("en-US");
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

function seconds(value) {
  if (value > 0 && value < 0.0005) return "under 1 ms";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  return value < 60 ? `${value.toFixed(2)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

function size(bytes) {
  if (bytes < 1000) return plural(bytes, "byte");
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function button(text, onclick, properties = {}) {
  return h("button", { type: "button", ...properties, on: { click: onclick } }, text);
}

/** A button that stays pressed: one of several filters. */
function chip(text, pressed, onchange, properties = {}) {
  const made = button(text, () => {
    const now = made.getAttribute("aria-pressed") !== "true";
    made.setAttribute("aria-pressed", now);
    onchange(now);
  }, { class: "chip", "aria-pressed": String(pressed), ...properties });
  return made;
}

function copier(text, label = "Copy") {
  const made = button(label, async () => {
    try {
      await navigator.clipboard.writeText(await text());
      made.textContent = "Copied";
    } catch {
      made.textContent = "Select it and press Ctrl C";
    }
    setTimeout(() => { made.textContent = label; }, 1500);
  }, { class: "copy" });
  return made;
}
