// Elements, and what makes them. Texts become text nodes, so none of them can be markup.
function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(told(child)));
  }
}

function link(to, ...children) {
  return el("a", { href: "#" + to }, ...children);
}

function badge(kind, text) {
  return el("span", { class: "badge " + kind }, text);
}

// A folded part that is filled when it is opened for the first time; one that matters little stays
// folded on paper.
function folded(summary, fill, open, little) {
  const details = el("details", { open: open, "data-little": little }, el("summary", {}, summary));
  let filled = false;
  const fillIn = () => {
    if (filled || !details.open) return;
    filled = true;
    add(details, [fill()]);
  };
  details.addEventListener("toggle", fillIn);
  details.fillIn = fillIn;
  fillIn();
  return details;
}

// On paper nothing can be opened, so all of it is open.
window.addEventListener("beforeprint", () => {
  for (;;) {
    const closed = [...document.querySelectorAll("#page details:not([open]):not([data-little])")];
    if (!closed.length) return;
    for (const details of closed) {
      details.open = true;
      details.dataset.printed = "";
      if (details.fillIn) details.fillIn();
    }
  }
});
window.addEventListener("afterprint", () => {
  for (const details of document.querySelectorAll("details[data-printed]")) {
    details.open = false;
    delete details.dataset.printed;
  }
});

// The words of a command line, none of which is torn as long as it has room.
function commandWords(text) {
  return text.split(" ").map((word) => [el("span", { class: "word" }, word), " "]);
}

function facts(rows) {
  const list = el("dl", { class: "facts" });
  for (const [name, ...values] of rows.filter(Boolean)) {
    add(list, [el("dt", {}, name), el("dd", {}, ...values)]);
  }
  return list;
}

function command(text) {
  const done = el("span", { class: "done", role: "status" });
  const copy = () => {
    const told = () => { done.textContent = say("copied"); };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(told, () => {});
  };
  return el("span", { class: "command" }, el("code", {}, commandWords(text)), " ",
    el("button", { type: "button", class: "small", onclick: copy }, say("copy")), done);
}

// Seconds since carrier came up, as reports write them.
function moment(micros) {
  return (micros / 1e6).toFixed(3);
}

function span(micros) {
  const seconds = micros / 1e6;
  if (seconds < 1) return say("milliseconds", Math.round(seconds * 1000));
  if (seconds < 120) return say("seconds", seconds.toFixed(1));
  if (seconds < 7200) return say("minutes", (seconds / 60).toFixed(1));
  return say("hours", (seconds / 3600).toFixed(1));
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}

// Unpacks a block of the page.
const unpacked = new Map();
function unpack(id) {
  if (!unpacked.has(id)) {
    const block = document.getElementById(id);
    if (!block) return Promise.reject(new Error("no block " + id));
    const bytes = bytesOf(block.textContent);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    unpacked.set(id, new Response(stream).text().then(JSON.parse));
  }
  return unpacked.get(id);
}
