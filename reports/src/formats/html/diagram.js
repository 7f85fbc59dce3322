// What went from whom to whom, as a sequence diagram: lanes side by side, time downwards.

const AROUND = 3;
// The device's own lines are shown so near to what decided, in microseconds, and so many.
const MOMENT = 500000;
const MOST_LINES = 20;
const PAUSE = 1000000;

function diagram(pack, shared, deciding) {
  const scene = pack.scene;
  const words = shared.words;
  if (scene.none !== undefined) {
    return el("p", { class: "quiet" }, say("noScene"), ": ", scene.none);
  }
  const marked = new Set(deciding);
  const box = el("div", { class: "diagram" });
  const rows = el("div", { class: "rows" });
  const state = { whole: marked.size === 0, text: "", logs: true };
  const count = el("span", { class: "quiet", role: "status" });
  const refresh = () => {
    const shown = chosen(scene, words, marked, state);
    const lanes = lanesOf(scene, shown);
    count.textContent = say("records", shown.length);
    rows.replaceChildren(lanesRow(scene, lanes, words));
    draw(rows, scene, lanes, shared, marked, shown);
    scroll.style.setProperty("--lanes", lanes.length);
    requestAnimationFrame(() => showDevice(scroll));
  };
  const filter = el("input", {
    type: "search", placeholder: say("filterHint"), "aria-label": say("filterEvents"),
    oninput: (event) => { state.text = event.target.value.toLowerCase(); refresh(); },
  });
  const toggle = el("button", {
    type: "button",
    onclick: () => {
      state.whole = !state.whole;
      toggle.textContent = say(state.whole ? "aroundIt" : "wholeScenario");
      refresh();
    },
  }, say(state.whole ? "aroundIt" : "wholeScenario"));
  const logs = scene.events.some((event) => event[2] === "l") ? el("label", {}, el("input", {
    type: "checkbox", checked: true, onchange: (event) => { state.logs = event.target.checked; refresh(); },
  }), " ", say("logLines")) : null;
  const tools = el("div", { class: "tools noprint" }, filter, marked.size ? toggle : null, logs, count);
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("exchange") }, rows);
  add(box, [tools, scroll, scene.more ? el("p", { class: "quiet" }, say("moreLines", scene.more)) : null]);
  refresh();
  return box;
}

// Returns the numbers of the events to show.
function chosen(scene, words, marked, state) {
  const numbers = [];
  const near = state.whole ? new Set() : around(scene, marked);
  scene.events.forEach((event, number) => {
    if (!state.logs && event[2] === "l") return;
    if (!state.whole && !near.has(number) && event[2] !== "s") return;
    if (state.text && !eventText(event, words).toLowerCase().includes(state.text)) return;
    numbers.push(number);
  });
  return numbers;
}

// Returns the numbers of what stands around the deciding records: what came before and after, and the
// device's lines of that moment.
function around(scene, marked) {
  const near = new Set();
  const lines = scene.events.map((event, number) => number).filter((number) => scene.events[number][2] === "l");
  // How late the host was is no part of the exchange.
  const others = scene.events.map((event, number) => number).filter((number) => {
    const [record, , kind] = scene.events[number];
    return marked.has(record) || (kind !== "l" && kind !== "h");
  });
  others.forEach((number, index) => {
    const [record, at] = scene.events[number];
    if (!marked.has(record)) return;
    others.slice(Math.max(0, index - AROUND), index + AROUND + 1).forEach((one) => near.add(one));
    const away = (line) => Math.abs(scene.events[line][1] - at);
    lines.filter((line) => away(line) <= MOMENT).sort((one, other) => away(one) - away(other))
      .slice(0, MOST_LINES).forEach((line) => near.add(line));
  });
  return near;
}

// Returns a text in both languages: whoever seeks a word may know it in either.
function sought(text) {
  return typeof text === "object" ? text.ja + " " + text.en : text;
}

function eventText(event, words) {
  switch (event[2]) {
    case "f": return sought(words[event[FRAME.summary]]) + " " + words[event[FRAME.cable]];
    case "t": return sought(words[event[4]]);
    case "l": return words[event[3]] + " " + words[event[4]];
    default: return sought(words[event[3]]);
  }
}

// Returns the numbers of the lanes that something is shown of, and the device's.
function lanesOf(scene, shown) {
  const used = new Set(shown.flatMap((number) => {
    const event = scene.events[number];
    if (event[2] === "f") return [event[FRAME.from], event[FRAME.to]];
    return event[2] === "t" ? [event[3]] : [];
  }));
  return scene.lanes.map((_, lane) => lane).filter((lane) => used.has(lane) || scene.lanes[lane][1] === "device");
}

function lanesRow(scene, lanes, words) {
  return el("div", { class: "lanes" }, el("span", { class: "when" }), lanes.map((lane) =>
    el("span", { class: "lane " + scene.lanes[lane][1] }, words[scene.lanes[lane][0]])));
}

// Where not all lanes have room side by side, the device's is in sight.
function showDevice(scroll) {
  const lane = scroll.querySelector(".lane.device");
  if (!lane || scroll.scrollWidth <= scroll.clientWidth) return;
  scroll.scrollLeft = lane.offsetLeft + lane.offsetWidth / 2 - scroll.clientWidth / 2;
}

function draw(rows, scene, lanes, shared, marked, shown) {
  let before = null;
  let last = null;
  for (const number of shown) {
    const event = scene.events[number];
    const skipped = before === null ? number : number - before - 1;
    if (skipped > 0) add(rows, [el("div", { class: "gap" }, say("omitted", skipped))]);
    if (last !== null && skipped === 0 && event[1] - last >= PAUSE) {
      add(rows, [el("div", { class: "gap" }, say("later", span(event[1] - last)))]);
    }
    add(rows, [eventRow(event, scene, lanes, shared, marked.has(event[0]))]);
    before = number;
    last = event[1];
  }
  const rest = scene.events.length - 1 - (before ?? -1);
  if (rest > 0) add(rows, [el("div", { class: "gap" }, say("omitted", rest))]);
}

function eventRow(event, scene, lanes, shared, decides) {
  const words = shared.words;
  const when = el("span", { class: "when" }, moment(event[1]));
  const classes = "event " + event[2] + (decides ? " decides" : "");
  if (event[2] === "s" || event[2] === "h") {
    const failed = event[2] === "s" && !event[4];
    const label = el("span", { class: "bar" + (failed ? " undone" : "") }, words[event[3]]);
    return el("div", { class: classes, id: "r" + event[0] }, when, label);
  }
  if (event[2] === "l") {
    const line = el("span", { class: "line" }, el("b", {}, words[event[3]]), " ", words[event[4]]);
    return el("div", { class: classes, id: "r" + event[0] }, when, line);
  }
  if (event[2] === "t") {
    const at = lanes.indexOf(event[3]);
    const note = el("span", { class: "label " + sideOf(at, at, lanes) }, el("span", { class: "note" }, words[event[4]]));
    return el("div", { class: classes, id: "r" + event[0] }, when, el("span", { class: "field" }, note));
  }
  return frameRow(event, scene, lanes, shared, classes, when, decides);
}

function frameRow(event, scene, lanes, shared, classes, when, decides) {
  const words = shared.words;
  const [from, to] = [event[FRAME.from], event[FRAME.to]];
  const [left, right] = [from, to].map((lane) => lanes.indexOf(lane)).sort((one, other) => one - other);
  const lost = event[FRAME.flags] & LOST;
  const arrow = el("span", {
    class: "arrow " + (to < from ? "left" : "right") + (lost ? " lost" : "") +
      (event[FRAME.flags] & INJECTED ? " injected" : ""),
  });
  const label = el("span", { class: "label " + sideOf(left, right, lanes) }, decides ? el("b", {}, "● ") : null,
    el("span", {}, words[event[FRAME.summary]]));
  place(arrow, left, right, lanes.length);
  const button = el("button", {
    type: "button", class: classes, id: "r" + event[0], "aria-expanded": "false",
  }, when, el("span", { class: "field" }, label, arrow),
  el("span", { class: "unseen" }, ", " + words[scene.lanes[from][0]] + " → " + words[scene.lanes[to][0]]));
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) button.nextElementSibling.remove();
    else button.after(frameView(event, shared));
  });
  return button;
}

// Returns where a text stands that is about some lanes: near them, with all the room that there is.
function sideOf(left, right, lanes) {
  const middle = (left + right + 1) / 2 / lanes.length;
  return middle < 0.4 ? "start" : middle > 0.6 ? "end" : "middle";
}

// Puts an element between the middles of two lanes.
function place(element, left, right, lanes) {
  const middle = (lane) => ((lane + 0.5) * 100) / lanes;
  if (left === right) {
    element.style.left = middle(left) + "%";
    return;
  }
  element.style.left = middle(left) + "%";
  element.style.width = middle(right) - middle(left) + "%";
}
