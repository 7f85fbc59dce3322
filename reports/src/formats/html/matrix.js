// Scenarios × checks on a canvas: only what is on the screen is drawn, however many there are.

const CELL = { width: 13, height: 15 };
const SIDE = 300;
const HEAD = 180;

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
    space.style.width = SIDE + columns.length * CELL.width + 20 + "px";
    space.style.height = HEAD + rows.length * CELL.height + 20 + "px";
    count.textContent = say("shows", rows.length, columns.length);
    paint();
  };
  const paint = () => matrixPaint(canvas, element, report, device, rows, columns, at);
  const tell = () => {
    const one = device.cases[rows[at.row]];
    const check = report.checks[columns[at.column]];
    if (!one || !check) return;
    told.textContent = [caseName(one), check.id, say(one.cells[columns[at.column]]), told1(check)].join(" · ");
  };
  const told1 = (check) => check.title[language];
  const open = () => {
    const check = report.checks[columns[at.column]];
    if (check && rows[at.row] !== undefined) {
      location.hash = caseLink(device, rows[at.row]) + "/" + check.id;
    }
  };
  const find = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left + element.scrollLeft - SIDE) / CELL.width);
    const row = Math.floor((event.clientY - box.top + element.scrollTop - HEAD) / CELL.height);
    const inside = event.clientY - box.top >= HEAD && row >= 0 && row < rows.length;
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
    if (event.clientX - canvas.getBoundingClientRect().left < SIDE) {
      location.hash = caseLink(device, rows[there.row]);
    } else if (there.column >= 0 && there.column < columns.length) {
      at = there;
      open();
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
  new ResizeObserver(() => paint()).observe(element);
  return { element, count, told, refresh };
}

function follow(element, at) {
  const top = at.row * CELL.height;
  const left = at.column * CELL.width;
  const high = element.clientHeight - HEAD - 2 * CELL.height;
  const wide = element.clientWidth - SIDE - 2 * CELL.width;
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
  const firstRow = Math.floor(top / CELL.height);
  const lastRow = Math.min(rows.length, firstRow + Math.ceil(high / CELL.height) + 1);
  const firstColumn = Math.floor(left / CELL.width);
  const lastColumn = Math.min(columns.length, firstColumn + Math.ceil(wide / CELL.width) + 1);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.save();
  pen.beginPath();
  pen.rect(SIDE, HEAD, wide, high);
  pen.clip();
  for (let row = firstRow; row < lastRow; row++) {
    const cells = device.cases[rows[row]].cells;
    const y = HEAD + row * CELL.height - top;
    for (let column = firstColumn; column < lastColumn; column++) {
      pen.fillStyle = fills[cells[columns[column]] || " "];
      pen.fillRect(SIDE + column * CELL.width - left, y, CELL.width - 1, CELL.height - 1);
    }
  }
  pen.strokeStyle = colour("ink");
  pen.lineWidth = 2;
  if (rows.length && columns.length) {
    pen.strokeRect(SIDE + at.column * CELL.width - left, HEAD + at.row * CELL.height - top, CELL.width - 1, CELL.height - 1);
  }
  pen.restore();
  pen.fillStyle = colour("ink");
  pen.save();
  pen.beginPath();
  pen.rect(0, HEAD, SIDE - 4, high);
  pen.clip();
  for (let row = firstRow; row < lastRow; row++) {
    pen.font = (row === at.row ? "bold " : "") + "11px system-ui, sans-serif";
    pen.fillText(caseName(device.cases[rows[row]]), 4, HEAD + (row + 0.5) * CELL.height - top);
  }
  pen.restore();
  pen.save();
  pen.beginPath();
  pen.rect(SIDE, 0, wide, HEAD);
  pen.clip();
  for (let column = firstColumn; column < lastColumn; column++) {
    pen.save();
    pen.translate(SIDE + (column + 0.5) * CELL.width - left, HEAD - 4);
    pen.rotate(-Math.PI / 2);
    pen.font = (column === at.column ? "bold " : "") + "11px system-ui, sans-serif";
    pen.fillText(report.checks[columns[column]].id, 0, 0);
    pen.restore();
  }
  pen.restore();
}
