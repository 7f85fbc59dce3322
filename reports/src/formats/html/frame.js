// A frame, field by field, with its bytes beside it.

// A frame's row: [record, at, "f", from, to, cable, flags, fate, bytes, summary, layers, left out].
const FRAME = { from: 3, to: 4, cable: 5, flags: 6, fate: 7, bytes: 8, summary: 9, layers: 10, leftOut: 11 };
const LOST = 1;
const INJECTED = 2;
// Ethernet, IP, and TCP or UDP.
const CARRIERS = 3;

function frameView(event, shared) {
  const words = shared.words;
  const bytes = bytesOfHex(event[FRAME.bytes]);
  const flags = event[FRAME.flags];
  const remarks = [
    words[event[FRAME.cable]],
    say("bytes", bytes.length),
    say("recordNumber", event[0]),
    flags & INJECTED ? say("injected") : null,
    event[FRAME.fate] !== null ? words[event[FRAME.fate]] : null,
  ].filter(Boolean).join(" · ");
  const leftOut = event[FRAME.leftOut];
  const own = hexView(bytes, leftOut);
  const view = el("div", { class: "frame" }, el("p", { class: "quiet" }, remarks));
  const layers = el("div", { class: "layers" });
  const rows = event[FRAME.layers];
  rows.forEach((row, number) => {
    // What carries the message is folded.
    const open = number >= CARRIERS || number === rows.length - 1;
    add(layers, [layerView(row, shared, bytes, own, open)]);
  });
  add(view, [el("div", { class: "sides" }, layers, own.element)]);
  if (leftOut.length) add(view, [el("p", { class: "quiet" }, say("leftOutBytes"))]);
  return view;
}

// A layer's row: [layout, start, length, summary, apart, values…].
function layerView(row, shared, bytes, own, open) {
  const [layout, start, length, summary, apart, ...values] = row;
  const [name, fields] = shared.layouts[layout];
  const held = apart === null ? bytes : bytesOfHex(shared.apart[apart]);
  const dump = apart === null ? own : hexView(held);
  const title = el("span", { class: "layer" }, el("b", {}, shared.words[name]), " ", shared.words[summary]);
  const layer = el("details", { open }, el("summary", {}, title));
  marks(layer.firstChild, dump, start, length);
  add(layer, [fieldList(fields, { words: shared.words, values, held, start, dump })]);
  if (apart !== null) add(layer, [el("p", { class: "quiet" }, say("apart")), dump.element]);
  return layer;
}

function fieldList(rows, layer) {
  const list = el("ul", { class: "fields" });
  for (const [name, offset, length, how, inner] of rows) {
    const start = layer.start + offset;
    const item = el("li", { tabindex: "0" }, el("span", { class: "name" }, layer.words[name]), " ",
      el("span", { class: "value" }, valueOf(how, layer, start, length)));
    marks(item, layer.dump, start, length);
    if (inner) add(item, [fieldList(inner, layer)]);
    add(list, [item]);
  }
  return list;
}

// A value is spelt by its bytes, one of few in the layout, or the next of the frame's own.
function valueOf(how, layer, start, length) {
  if (typeof how === "string") return spelt(how, layer.held.subarray(start, start + length));
  return layer.words[how === null ? layer.values.shift() : how];
}

// Lights up the bytes of a field while it is looked at.
function marks(element, dump, start, length) {
  const on = (event) => { event.stopPropagation(); dump.mark(start, length); };
  for (const name of ["mouseenter", "focus", "click"]) element.addEventListener(name, on);
}

function hexView(bytes, leftOut = []) {
  const isOut = (at) => leftOut.some(([start, length]) => at >= start && at < start + length);
  const element = el("div", { class: "hex", tabindex: "0", role: "group", "aria-label": say("bytes", bytes.length) });
  const cells = [];
  const draw = () => {
    for (let start = 0; start < bytes.length; start += 16) {
      const row = el("div", {}, el("span", { class: "offset" }, start.toString(16).padStart(4, "0"), " "));
      let text = "";
      for (let at = start; at < start + 16; at++) {
        if (at >= bytes.length) { add(row, ["   "]); continue; }
        const cell = el("span", {}, isOut(at) ? "··" : bytes[at].toString(16).padStart(2, "0"));
        cells.push(cell);
        add(row, [cell, " "]);
        text += bytes[at] >= 0x20 && bytes[at] < 0x7f ? String.fromCharCode(bytes[at]) : "·";
      }
      add(row, [el("span", { class: "text" }, text)]);
      add(element, [row]);
    }
  };
  draw();
  return {
    element,
    mark(start, length) {
      cells.forEach((cell, at) => cell.classList.toggle("on", at >= start && at < start + length));
    },
  };
}
