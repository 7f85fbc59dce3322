// What is shown, by the address behind the #, and what is chosen for the whole page.

let report = null;
let current = 0;

function remembered(name, otherwise) {
  try { return localStorage.getItem("ngnlab-" + name) || otherwise; } catch { return otherwise; }
}

function remember(name, value) {
  try { localStorage.setItem("ngnlab-" + name, value); } catch { /* Not every browser lets a file do that. */ }
}

function header() {
  const device = report.devices[current];
  const tabs = [["/device/" + current, "overview"], ["/device/" + current + "/matrix", "matrix"]];
  if (report.devices.length > 1) tabs.unshift(["/compare", "compare"]);
  const here = location.hash.slice(1) || tabs[0][0];
  const choice = report.devices.length > 1 ? el("label", {}, say("device"), " ", el("select", {
    onchange: (event) => { location.hash = "/device/" + event.target.value; },
  }, report.devices.map((one) => el("option", { value: one.number, selected: one === device }, one.name)))) : null;
  const themes = ["auto", "light", "dark"];
  const theme = el("label", {}, say("theme"), " ", el("select", {
    onchange: (event) => { remember("theme", event.target.value); dress(); show(); },
  }, themes.map((one) => el("option", { value: one, selected: one === remembered("theme", "auto") }, say(one)))));
  return [
    el("a", { class: "skip", href: "#page", onclick: (event) => { event.preventDefault(); document.getElementById("page").focus(); } }, say("skip")),
    el("b", { class: "brand" }, "ngnlab"), el("span", { class: "quiet device", title: device.name }, device.name),
    el("nav", { "aria-label": "ngnlab" }, tabs.map(([to, key]) =>
      el("a", { href: "#" + to, "aria-current": here === to ? "page" : null }, say(key)))),
    choice, theme,
    el("button", { type: "button", lang: language === "ja" ? "en" : "ja", onclick: () => {
      language = language === "ja" ? "en" : "ja";
      remember("language", language);
      show();
    } }, say("language")),
    el("button", { type: "button", onclick: () => window.print() }, say("print")),
  ];
}

function dress() {
  const theme = remembered("theme", "auto");
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

// Returns the page of an address.
function route(address) {
  const [kind, first, second, ...rest] = address.split("/").filter(Boolean);
  if (kind === "compare") return comparePage(report);
  if (kind === "case" && report.devices[first]) {
    current = Number(first);
    return casePage(report, report.devices[current], Number(second), rest.join("/"));
  }
  if (kind === "device" && report.devices[first]) {
    current = Number(first);
    const device = report.devices[current];
    if (second === "matrix") return matrixPage(report, device);
    if (second === "check") return checkPage(report, device, rest.join("/"));
    return overviewPage(report, device);
  }
  if (kind === "check") return checkPage(report, report.devices[current], [first, second, ...rest].filter(Boolean).join("/"));
  if (kind === undefined) {
    return report.devices.length > 1 ? comparePage(report) : overviewPage(report, report.devices[0]);
  }
  return missingPage();
}

function show() {
  document.documentElement.lang = language;
  const page = route(decodeURIComponent(location.hash.slice(1)));
  document.getElementById("top").replaceChildren(...header().filter(Boolean));
  document.getElementById("page").replaceChildren(page);
  document.getElementById("bottom").textContent = report.tool;
}

// From red to the moment: the first deciding record is brought into sight.
window.addEventListener("hashchange", () => { show(); window.scrollTo(0, 0); });

language = remembered("language", document.documentElement.lang === "en" ? "en" : "ja");
dress();
unpack("overview").then((packed) => {
  report = packed;
  report.devices.forEach((device, number) => { device.number = number; });
  show();
  document.documentElement.dataset.ready = "yes";
}, (error) => { document.getElementById("page").textContent = String(error); });
