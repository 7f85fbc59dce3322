// A frame, field by field, with its bytes beside it.

// A frame's row: [record, at, "f", from, to, cable, flags, fate, bytes, summary, layers].
const FRAME = { from: 3, to: 4, cable: 5, flags: 6, fate: 7, bytes: 8, summary: 9, layers: 10 };
const LOST = 1;
const INJECTED = 2;

function frameView(event, words) {
  const bytes = bytesOf(event[FRAME.bytes]);
  const flags = event[FRAME.flags];
  const remarks = [
    words[event[FRAME.cable]],
    say("bytes", bytes.length),
    say("recordNumber", event[0]),
    flags & INJECTED ? say("injected") : null,
    event[FRAME.fate] !== null ? words[event[FRAME.fate]] : null,
  ].filter(Boolean).join(" · ");
  const own = hexView(bytes);
  const view = el("div", { class: "frame" }, el("p", { class: "quiet" }, remarks));
  const fields = el("div", { class: "layers" });
  for (const [name, summary, start, length, apart, rows] of event[FRAME.layers]) {
    const dump = apart === null ? own : hexView(bytesOf(apart));
    const title = el("span", { class: "layer" }, el("b", {}, words[name]), " ", words[summary]);
    const layer = el("details", { open: true }, el("summary", {}, title));
    marks(layer.firstChild, dump, start, length);
    add(layer, [fieldList(rows, words, dump)]);
    if (apart !== null) add(layer, [el("p", { class: "quiet" }, say("apart")), dump.element]);
    add(fields, [layer]);
  }
  add(view, [el("div", { class: "sides" }, fields, own.element)]);
  return view;
}

function fieldList(rows, words, dump) {
  const list = el("ul", { class: "fields" });
  for (const [name, value, start, length, inner] of rows) {
    const item = el("li", { tabindex: "0" }, el("span", { class: "name" }, words[name]), " ",
      el("span", { class: "value" }, words[value]));
    marks(item, dump, start, length);
    if (inner) add(item, [fieldList(inner, words, dump)]);
    add(list, [item]);
  }
  return list;
}

// Lights up the bytes of a field while it is looked at.
function marks(element, dump, start, length) {
  const on = (event) => { event.stopPropagation(); dump.mark(start, length); };
  for (const name of ["mouseenter", "focus", "click"]) element.addEventListener(name, on);
}

function hexView(bytes) {
  const element = el("div", { class: "hex", tabindex: "0", role: "group", "aria-label": say("bytes", bytes.length) });
  const cells = [];
  let drawn = false;
  const draw = () => {
    drawn = true;
    for (let start = 0; start < bytes.length; start += 16) {
      const row = el("div", {}, el("span", { class: "offset" }, start.toString(16).padStart(4, "0"), " "));
      let text = "";
      for (let at = start; at < start + 16; at++) {
        if (at >= bytes.length) { add(row, ["   "]); continue; }
        const cell = el("span", {}, bytes[at].toString(16).padStart(2, "0"));
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
      if (!drawn) return;
      cells.forEach((cell, at) => cell.classList.toggle("on", at >= start && at < start + length));
    },
  };
}
