// Scenarios × checks on a canvas: only what is on the screen is drawn, however many there are.

// How large things are, in pixels: a cell, the names beside the rows, those above the columns. On a
// narrow screen a name takes two lines, and a cell is as large as a finger needs.
const WIDE = { width: 13, height: 15, side: 300, head: 180, lines: 1 };
const NARROW = { width: 22, height: 30, side: 138, head: 150, lines: 2 };
const NARROW_BELOW = 640;

function sizes(element) {
  return element.clientWidth < NARROW_BELOW ? NARROW : WIDE;
}

const matrixState = { family: "", topic: "", kind: "", text: "" };

function matrixPage(report, device) {
  const page = el("section", { class: "matrix" }, el("h1", {}, say("matrix")));
  const families = [...new Set(device.cases.map((one) => one.scenario.split("/")[0]))].sort();
  const topics = [...new Set(report.checks.map((one) => one.id.split(".")[0]))].sort();
  const grid = matrixGrid(report, device);
  const choose = (name, key, options) => el("label", {}, say(name), " ", el("select", {
    onchange: (event) => { matrixState[key] = event.target.value; grid.refresh(); },
  }, options.map(([value, text]) =>
    el("option", { value, selected: matrixState[key] === value }, text))));
  const plain = (names) => [["", say("all")], ...names.map((name) => [name, name])];
  const kinds = [["", say("all")], ["fskx", say("anyFailure")], ["fskxl", say("anyTrouble")], ["pfsk", say("anyJudged")]];
  const search = el("label", {}, say("search"), " ", el("input", {
    type: "search", placeholder: say("searchHint"), value: matrixState.text, id: "matrix-text",
    oninput: (event) => { matrixState.text = event.target.value; grid.refresh(); },
  }));
  const tools = el("div", { class: "tools" },
    choose("family", "family", plain(families)), choose("topic", "topic", plain(topics)),
    choose("verdict", "kind", kinds), search, grid.count);
  add(page, [tools, legend(), grid.element, grid.told, el("p", { class: "quiet" }, say("keys"))]);
  requestAnimationFrame(grid.refresh);
  return page;
}

function legend() {
  const kinds = ["p", "f", "s", "k", "x", "l", "i", "n"];
  return el("p", { class: "legend" }, kinds.map((kind) =>
    el("span", {}, el("span", { class: "swatch cell-" + (kind) }), " ", say(kind), " ")));
}

function matrixGrid(report, device) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const space = el("div", { class: "space" });
  const element = el("div", {
    class: "grid", tabindex: "0", role: "application", "aria-label": say("matrix"), "aria-describedby": "matrix-told",
  }, canvas, space);
  const count = el("span", { class: "quiet", role: "status" });
  const told = el("p", { class: "told", id: "matrix-told", "aria-live": "polite" }, "\u00a0");
  let rows = [];
  let columns = [];
  let at = { row: 0, column: 0 };

  const refresh = () => {
    [rows, columns] = matrixChoice(report, device);
    at = { row: 0, column: 0 };
    measure();
    count.textContent = say("shows", rows.length, columns.length);
    paint();
  };
  const measure = () => {
    const size = sizes(element);
    space.style.width = size.side + columns.length * size.width + 20 + "px";
    space.style.height = size.head + rows.length * size.height + 20 + "px";
  };
  const paint = () => matrixPaint(canvas, element, report, device, rows, columns, at);
  const tell = () => {
    const one = device.cases[rows[at.row]];
    const check = report.checks[columns[at.column]];
    if (!one || !check) return;
    told.replaceChildren(link(caseLink(device, rows[at.row]) + "/" + check.id, say("open")), " " +
      [caseName(one), check.id, say(one.cells[columns[at.column]]), told1(check)].join(" · "));
  };
  const told1 = (check) => check.title[language];
  const open = () => {
    const check = report.checks[columns[at.column]];
    if (check && rows[at.row] !== undefined) {
      location.hash = caseLink(device, rows[at.row]) + "/" + check.id;
    }
  };
  const find = (event) => {
    const size = sizes(element);
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left + element.scrollLeft - size.side) / size.width);
    const row = Math.floor((event.clientY - box.top + element.scrollTop - size.head) / size.height);
    const inside = event.clientY - box.top >= size.head && row >= 0 && row < rows.length;
    return inside ? { row, column } : null;
  };
  element.addEventListener("scroll", () => requestAnimationFrame(paint));
  element.addEventListener("mousemove", (event) => {
    const there = find(event);
    if (!there || there.column < 0 || there.column >= columns.length) return;
    at = there;
    tell();
    paint();
  });
  element.addEventListener("click", (event) => {
    const there = find(event);
    if (!there) return;
    const size = sizes(element);
    if (event.clientX - canvas.getBoundingClientRect().left < size.side) {
      location.hash = caseLink(device, rows[there.row]);
    } else if (there.column >= 0 && there.column < columns.length) {
      at = there;
      // A finger hides what it touches: it is told first, beside a link.
      if (size === WIDE) open();
      tell();
      paint();
    }
  });
  element.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      PageUp: [-20, 0], PageDown: [20, 0], Home: [-1e6, -1e6], End: [1e6, 1e6] };
    if (event.key === "Enter") { open(); return; }
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    at.row = Math.max(0, Math.min(rows.length - 1, at.row + step[0]));
    at.column = Math.max(0, Math.min(columns.length - 1, at.column + step[1]));
    follow(element, at);
    tell();
    paint();
  });
  new ResizeObserver(() => { measure(); paint(); }).observe(element);
  return { element, count, told, refresh };
}

function follow(element, at) {
  const size = sizes(element);
  const top = at.row * size.height;
  const left = at.column * size.width;
  const high = element.clientHeight - size.head - 2 * size.height;
  const wide = element.clientWidth - size.side - 2 * size.width;
  element.scrollTop = Math.min(top, Math.max(element.scrollTop, top - high));
  element.scrollLeft = Math.min(left, Math.max(element.scrollLeft, left - wide));
}

// Returns the numbers of the cases and of the checks that the filters leave.
function matrixChoice(report, device) {
  const { family, topic, kind, text } = matrixState;
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (words) => (one) => words.some((word) => word.includes(one));
  let rows = device.cases.map((_, number) => number)
    .filter((number) => !family || device.cases[number].scenario.startsWith(family + "/"))
    .sort((one, other) => caseName(device.cases[one]).localeCompare(caseName(device.cases[other]), "en"));
  let columns = report.checks.map((_, number) => number)
    .filter((number) => !topic || report.checks[number].id.split(".")[0] === topic);
  for (const word of wanted) {
    const named = (number) => caseName(device.cases[number]).toLowerCase().includes(word);
    const about = (number) => {
      const check = report.checks[number];
      return has([check.id, check.title.ja.toLowerCase(), check.title.en.toLowerCase(), check.source.toLowerCase()])(word);
    };
    const someRows = rows.filter(named);
    const someColumns = columns.filter(about);
    // A word that names scenarios does not have to name checks, too.
    if (someRows.length || !someColumns.length) rows = someRows;
    if (someColumns.length || !someRows.length) columns = someColumns;
  }
  if (kind) {
    const is = (row, column) => kind.includes(device.cases[row].cells[column] || " ");
    rows = rows.filter((row) => columns.some((column) => is(row, column)));
    columns = columns.filter((column) => rows.some((row) => is(row, column)));
  }
  return [rows, columns];
}

function matrixPaint(canvas, element, report, device, rows, columns, at) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  const size = sizes(element);
  const scale = window.devicePixelRatio || 1;
  const [wide, high] = [element.clientWidth, element.clientHeight];
  if (!wide) return;
  canvas.width = wide * scale;
  canvas.height = high * scale;
  canvas.style.width = wide + "px";
  canvas.style.height = high + "px";
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = colour("back");
  pen.fillRect(0, 0, wide, high);
  const [left, top] = [element.scrollLeft, element.scrollTop];
  const fills = {};
  for (const kind of "pfskxlin") fills[kind] = colour("cell-" + kind);
  fills[" "] = colour("back");
  const firstRow = Math.floor(top / size.height);
  const lastRow = Math.min(rows.length, firstRow + Math.ceil(high / size.height) + 1);
  const firstColumn = Math.floor(left / size.width);
  const lastColumn = Math.min(columns.length, firstColumn + Math.ceil(wide / size.width) + 1);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.save();
  pen.beginPath();
  pen.rect(size.side, size.head, wide, high);
  pen.clip();
  for (let row = firstRow; row < lastRow; row++) {
    const cells = device.cases[rows[row]].cells;
    const y = size.head + row * size.height - top;
    for (let column = firstColumn; column < lastColumn; column++) {
      pen.fillStyle = fills[cells[columns[column]] || " "];
      pen.fillRect(size.side + column * size.width - left, y, size.width - 1, size.height - 1);
    }
  }
  pen.strokeStyle = colour("ink");
  pen.lineWidth = 2;
  if (rows.length && columns.length) {
    pen.strokeRect(size.side + at.column * size.width - left, size.head + at.row * size.height - top, size.width - 1, size.height - 1);
  }
  pen.restore();
  pen.fillStyle = colour("ink");
  pen.save();
  pen.beginPath();
  pen.rect(0, size.head, size.side - 4, high);
  pen.clip();
  for (let row = firstRow; row < lastRow; row++) {
    pen.font = (row === at.row ? "bold " : "") + "11px system-ui, sans-serif";
    const one = device.cases[rows[row]];
    const place = caseName(one).slice(one.scenario.length);
    const [family, ...name] = one.scenario.split("/");
    const texts = size.lines === 1 ? [one.scenario + place] : [family + place, name.join("/")];
    texts.forEach((text, line) => pen.fillText(fitting(pen, text, size.side - 10, text.endsWith(place) ? place : ""), 4,
      size.head + (row + (line + 0.5) / texts.length) * size.height - top));
  }
  pen.restore();
  pen.save();
  pen.beginPath();
  pen.rect(size.side, 0, wide, size.head);
  pen.clip();
  for (let column = firstColumn; column < lastColumn; column++) {
    pen.save();
    pen.translate(size.side + (column + 0.5) * size.width - left, size.head - 4);
    pen.rotate(-Math.PI / 2);
    pen.font = (column === at.column ? "bold " : "") + "11px system-ui, sans-serif";
    pen.fillText(fitting(pen, report.checks[columns[column]].id, size.head - 10, ""), 0, 0);
    pen.restore();
  }
  pen.restore();
}

// Returns a text with something left out before its end, if there is no room for all of it.
function fitting(pen, text, room, end) {
  if (pen.measureText(text).width <= room) return text;
  let length = text.length - end.length;
  const shown = () => text.slice(0, length) + "…" + end;
  while (length > 0 && pen.measureText(shown()).width > room) length = Math.min(length - 1, Math.ceil(length * 0.95));
  return shown();
}
