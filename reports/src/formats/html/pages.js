// The pages: the first one for whoever decides, one for a case with its verdicts, one for a check.

function caseName(one) {
  return one.scenario + " (" + [one.area, one.delivery].filter(Boolean).join(", ") + ")";
}

function caseLink(device, number) {
  return "/case/" + device.number + "/" + number;
}

function checkOf(report, id) {
  return report.checks.find((one) => one.id === id);
}

function overviewPage(report, device) {
  const [counting, others] = [device.failures.filter((one) => one.counts), device.failures.filter((one) => !one.counts)];
  const known = counting.filter((one) => one.known !== null);
  const failed = counting.filter((one) => one.known === null);
  return el("section", { class: "overview" },
    el("h1", {}, say("report")), el("p", { class: "quiet" }, say("about")),
    certificate(report, device),
    captured(report, device),
    profiles(report, device),
    brokenRuns(device),
    el("h2", {}, say("causes")),
    failed.length ? failed.map((one) => failureView(report, device, one)) : el("p", {}, say("nothingFailed")),
    known.length ? [el("h2", {}, say("knownFailures")), known.map((one) => failureView(report, device, one))] : null,
    unmet(device), diagnoses(device),
    device.stale.length ? [el("h2", {}, say("stale")), el("ul", {}, device.stale.map((one) =>
      el("li", {}, el("code", {}, one.check), ": ", say(one.place === null ? "staleKnown" : "staleExcuse"),
        " (", one.reason, one.place ? "; " + one.place : "", ")")))] : null,
    device.lost.length ? [el("h2", {}, say("lost")), el("ul", {}, device.lost.map((one) =>
      el("li", {}, checkLink(report, one.check), " ", one.place, ": ", one.because)))] : null,
    others.length ? folded(say("others") + " (" + others.length + ")", () =>
      el("div", {}, others.map((one) => failureView(report, device, one)))) : null,
    folded(say("allRuns") + " (" + device.cases.length + ")", () => runs(device)),
    device.left_out.map((one) => folded(say("leftOut") + " (" + one.scenarios.length + "): " + told(one.reason), () =>
      el("p", {}, one.scenarios.join(", ")))));
}

function certificate(report, device) {
  const counts = device.counts;
  const scenarios = new Set(device.cases.map((one) => one.scenario)).size;
  return el("div", { class: "certificate" },
    el("p", { class: "verdict " + device.result }, say(device.result)),
    device.reasons.length ? el("ul", {}, device.reasons.map((one) => el("li", {}, one))) : null,
    facts([
      [say("device"), device.name],
      [say("firmware"), device.firmware === null ? el("span", { class: "quiet" }, say("notStated")) : device.firmware],
      [say("scenarios"), say("scenariosRun", scenarios, device.cases.length)],
      [say("checks"), say("checksJudged", device.judged, report.checks.length)],
      [say("counts"), say("countsOf", counts.pass, counts.fail_must, counts.fail_should, counts.known)],
      [say("time"), span(device.elapsed * 1000)],
      [say("seed"), device.seed],
      [say("tool"), report.tool],
      ...device.made.map(([name, value]) => [say(name), name === "command" ? commandWords(value) : value]),
    ]));
}

// Every run with what it came to, for who has no matrix at hand.
function runs(device) {
  const kinds = [["p", "p"], ["f", "f"], ["s", "remark"], ["k", "known"], ["xl", "notJudgedCount"]];
  const count = (one, letters) => [...one.cells].filter((cell) => letters.includes(cell)).length;
  const row = ([one, number]) => el("tr", {},
    el("th", { scope: "row" }, link(caseLink(device, number), caseName(one)),
      one.about === null ? null : [el("br"), el("span", { class: "quiet" }, one.about)]),
    one.outcome === "judged" ? kinds.map(([letters]) => el("td", { class: "count" }, count(one, letters)))
      : el("td", { colspan: kinds.length }, say(outcomeWord(one.outcome))));
  const named = device.cases.map((one, number) => [one, number])
    .sort(([one], [other]) => caseName(one).localeCompare(caseName(other), "en"));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("allRuns") }, el("table", { class: "runs" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("scenario")),
      kinds.map(([, key]) => el("th", { scope: "col", class: "count" }, say(key))))),
    el("tbody", {}, named.map(row))));
}

// What is known of a foreign capture, and what it leaves open.
function captured(report, device) {
  if (!device.captured) return null;
  const { found, warnings, open } = device.captured;
  return [el("h2", {}, say("capture")), facts(found),
    warnings.length ? el("ul", {}, warnings.map((one) => el("li", {}, one))) : null,
    open.map((one) => folded(told(one.by) + " (" + one.checks.length + ")", () =>
      el("p", {}, one.checks.map((id) => [checkLink(report, id), " "]))))];
}

function profiles(report, device) {
  const about = (name) => report.profiles.find((one) => one.name === name);
  const tally = (one) => [say("judgedOf", one.asked, one.passed + one.failed, one.failed),
    one.known ? say("knownOf", one.known) : ""];
  const row = (one) => el("tr", {},
    el("th", { scope: "row" }, el("code", {}, one.profile), el("br"), el("span", { class: "quiet" }, told(about(one.profile).about))),
    el("td", {}, badge(one.overall, say(one.overall))),
    el("td", {}, tally(one.must)), el("td", {}, tally(one.should)));
  const missing = device.profiles.filter((one) => one.not_judged.length);
  return [
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("profile") }, el("table", {},
      el("thead", {}, el("tr", {}, ["profile", "result", "must", "should"].map((key) => el("th", { scope: "col" }, say(key))))),
      el("tbody", {}, device.profiles.map(row)))),
    missing.map((one) => folded(say("notJudged") + " (" + one.profile + ": " + one.not_judged.length + ")", () =>
      el("p", {}, one.not_judged.map((id) => [checkLink(report, id), " "])))),
  ];
}

function checkLink(report, id) {
  return checkOf(report, id) ? link("/check/" + id, el("code", {}, id)) : el("code", {}, id);
}

function failureView(report, device, failure) {
  const check = checkOf(report, failure.check);
  const kind = failure.known !== null ? "k" : check.level === "must" ? "f" : "s";
  const first = failure.cases[0];
  const places = failure.cases.map((number) =>
    link(caseLink(device, number) + "/" + failure.check, caseName(device.cases[number])));
  return el("article", { class: "failure" },
    el("h3", {}, badge(kind, say(kind)), " ", checkLink(report, failure.check), " ", el("span", {}, told(check.title))),
    facts([
      [say("expected"), failure.expected],
      [say("seen"), el("strong", {}, failure.seen)],
      failure.known !== null && [say("knownBecause"), failure.known],
      [say("countsFor"), check.level.toUpperCase(), " ", failure.profiles.join(", ") || say("none")],
      [say("where"), places.length > 6
        ? [places.slice(0, 3).map((one) => [one, " "]), folded(say("more", places.length - 3), () =>
          el("div", {}, places.slice(3).map((one) => [one, el("br")])))]
        : places.map((one) => [one, " "])],
      failure.explains.length > 0 && [say("explains"), el("ul", { class: "plain" }, failure.explains.map((one) =>
        el("li", {}, link(caseLink(device, one.cases[0]) + "/" + one.check, el("code", {}, one.check)), " ",
          say(one.cases.length === 1 ? "oneRun" : "runs", one.cases.length))))],
      failure.promises > 0 && [say("explains"), say("promisesBroken", failure.promises)],
      [say("hint"), told(check.hint)],
      [say("source"), check.source],
      first !== undefined && [say("again"), command(again(device, device.cases[first]))],
    ]));
}

function again(device, one) {
  return ["ngnlab run --scenario", one.scenario, "--area", one.area, ...device.arguments].join(" ");
}

function brokenRuns(device) {
  const broken = device.cases.map((one, number) => [one, number])
    .filter(([one]) => one.outcome === "device-failed" || one.outcome === "broken");
  if (!broken.length) return null;
  return [el("h2", {}, say("broken")), el("ul", {}, broken.map(([one, number]) =>
    el("li", {}, badge(one.known ? "k" : "f", say(outcomeWord(one.outcome))), " ", link(caseLink(device, number), caseName(one)),
      ": ", one.why, one.known ? [" (", say("knownBecause"), ": ", one.known, ")"] : null)))];
}

// That it was judged is neither good nor bad: the verdicts below say which.
function outcomeKind(one) {
  if (one.outcome === "judged" || one.outcome === "not-applicable") return "n";
  return one.known ? "k" : "f";
}

function outcomeWord(outcome) {
  return outcome === "broken" ? "harness-broken" : outcome;
}

function unmet(device) {
  const rows = device.cases.flatMap((one, number) => one.promises
    .filter((promise) => promise.came !== "met" && promise.because === null)
    .map((promise) => el("li", {}, promiseBadge(promise), " ", link(caseLink(device, number), caseName(one)), ": ",
      promise.what, " → ", promise.seen)));
  return rows.length ? [el("h2", {}, say("promises")), el("ul", {}, rows)] : null;
}

function promiseBadge(promise) {
  const kinds = { met: "p", remark: "s", unclear: "x", known: "k", broken: "f" };
  return badge(kinds[promise.came], say(promise.came === "broken" ? "brokenPromise" : promise.came));
}

// Where a flow ended in cases that did not promise that end.
function diagnoses(device) {
  const ends = new Map();
  device.cases.forEach((one, number) => {
    if (!one.diagnosis || one.promises.some((promise) => promise.came === "met")) return;
    const end = ends.get(one.diagnosis.id) || { diagnosis: one.diagnosis, cases: [] };
    end.cases.push(number);
    ends.set(one.diagnosis.id, end);
  });
  if (!ends.size) return null;
  return [el("h2", {}, say("diagnoses")), [...ends.values()].map(({ diagnosis, cases }) =>
    el("article", { class: "failure" }, flow(diagnosis), el("p", {}, cases.slice(0, 8).map((number) =>
      [link(caseLink(device, number), caseName(device.cases[number])), " "]), cases.length > 8 ? say("more", cases.length - 8) : null)))];
}

// A flow of questions with the path that was taken.
function flow(diagnosis) {
  return el("ol", { class: "flow" },
    diagnosis.walked.map((walked) => el("li", { class: walked.yes ? "yes" : "no" },
      el("span", { class: "number" }, say("step", walked.step)), el("span", {}, told(walked.question)),
      el("b", {}, say(walked.yes ? "yes" : "no")), el("span", { class: "quiet" }, walked.because))),
    el("li", { class: "end" }, el("code", {}, diagnosis.id), el("span", {}, told(diagnosis.finding)),
      el("span", {}, el("b", {}, say("remedy")), " ", told(diagnosis.remedy))));
}

function casePage(report, device, number, id) {
  const one = device.cases[number];
  if (!one) return missingPage();
  const page = el("section", { class: "case" });
  const name = caseName(one);
  if (id) {
    add(page, [el("p", { class: "crumbs" }, link(caseLink(device, number), name),
      one.about === null ? null : el("span", { class: "quiet" }, " ", one.about))]);
    add(page, [verdictView(report, device, number, id)]);
    return page;
  }
  add(page, [el("h1", {}, el("code", {}, name)),
    one.about === null ? null : el("p", { class: "lead" }, one.about),
    el("p", {}, badge(outcomeKind(one), say(outcomeWord(one.outcome))), " ", one.why),
    facts([
      [say("runAgain"), command(again(device, one))],
      one.trace !== null && [say("trace"), el("code", {}, one.trace)],
      one.log !== null && [say("log"), el("code", {}, one.log)],
    ])]);
  if (one.promises.length) {
    add(page, [el("h2", {}, say("promises")), el("ul", {}, one.promises.map((promise) =>
      el("li", {}, promiseBadge(promise), " ", promise.what, " → ", promise.seen,
        promise.because ? [" (", say("because"), " ", el("code", {}, promise.because), ")"] : null)))]);
  }
  if (one.diagnosis) add(page, [el("h2", {}, say(one.diagnosis.flow)), flow(one.diagnosis)]);
  if (one.overcome.length) {
    add(page, [folded(say("overcome") + " (" + one.overcome.length + ")", () => el("div", {}, one.overcome.map(flow)))]);
  }
  add(page, [el("h2", {}, say("verdicts")), verdictList(report, device, number)]);
  add(page, [el("h2", {}, say("exchange")), later(device, number, (pack, shared) => diagram(pack, shared, []))]);
  return page;
}

// Something that stands there as soon as a case is unpacked.
function later(device, number, make) {
  const holder = el("div", { class: "later" }, "…");
  Promise.all([unpack("case-" + device.number + "-" + number), unpack("shared")]).then(
    ([pack, shared]) => holder.replaceChildren(make(pack, shared)),
    (error) => holder.replaceChildren(el("p", { class: "quiet" }, String(error))));
  return holder;
}

function verdictList(report, device, number) {
  const cells = device.cases[number].cells;
  const groups = ["f", "s", "k", "x", "l", "p", "n", "i"];
  const of = (kind) => report.checks.filter((_, column) => cells[column] === kind);
  return el("div", {}, groups.map((kind) => {
    const checks = of(kind);
    if (!checks.length) return null;
    const list = () => el("ul", { class: "verdicts" }, checks.map((check) =>
      el("li", {}, link(caseLink(device, number) + "/" + check.id, el("code", {}, check.id)), " ", told(check.title))));
    return folded(el("span", {}, badge(kind, say(kind)), " ", checks.length), list, "fskxl".includes(kind), "ni".includes(kind));
  }));
}

function verdictView(report, device, number, id) {
  const column = report.checks.findIndex((one) => one.id === id);
  const check = report.checks[column];
  if (!check) return missingPage();
  const one = device.cases[number];
  const kind = one.cells[column] || " ";
  const rest = later(device, number, (pack, shared) =>
    verdictDetails(report, device, number, check, column, pack, shared));
  return el("div", {}, el("h1", {}, badge(kind, say(kind)), " ", told(check.title)),
    el("p", {}, checkLink(report, id), " · ", check.level.toUpperCase(), " · ", check.source), rest,
    el("p", { class: "noprint" }, neighbours(report, device, number, id)));
}

// Links to the failures before and after this one, as the first page lists them.
function neighbours(report, device, number, id) {
  const all = device.failures.flatMap((failure) => failure.cases.map((one) => caseLink(device, one) + "/" + failure.check));
  const at = all.indexOf(caseLink(device, number) + "/" + id);
  if (at < 0) return null;
  return [at > 0 ? link(all[at - 1], "← ", say("previous")) : null, " ",
    at + 1 < all.length ? link(all[at + 1], say("next"), " →") : null];
}

function verdictDetails(report, device, number, check, column, pack, shared) {
  const verdict = pack.verdicts[column] || ["i"];
  const words = shared.words;
  const text = (at) => (verdict[at] === null || verdict[at] === undefined ? null : words[verdict[at]]);
  const cause = (at) => verdict[at] !== null && verdict[at] !== undefined &&
    [say("because"), link(caseLink(device, number) + "/" + report.checks[verdict[at]].id, el("code", {}, report.checks[verdict[at]].id)),
      " ", told(report.checks[verdict[at]].title)];
  const rows = [];
  let records = [];
  if (verdict[0] === "p") records = verdict[1];
  if (verdict[0] === "f") {
    records = verdict[1];
    rows.push([say("expected"), text(2)], [say("seen"), el("strong", {}, text(3))], cause(4),
      text(5) !== null && [say("knownBecause"), text(5)], text(6) !== null && [say("excuse"), text(6)],
      [say("hint"), told(check.hint)]);
  }
  if (verdict[0] === "i" && verdict.length > 1) {
    rows.push([say("reason"), text(1)], cause(2), text(3) !== null && [say("knownBecause"), text(3)]);
  }
  if (verdict[0] === "n") rows.push([say("reason"), text(1)]);
  rows.push([say("countsFor"), check.profiles.join(", ")], [say("again"), command(again(device, device.cases[number]))]);
  const evidence = verdict[0] === "f" && pack.scene.none !== undefined
    ? el("ul", {}, verdict[7].map(([record, at, where, summary]) =>
      el("li", {}, "#" + record + " " + at + " s " + told(words[where]) + ": " + told(words[summary]))))
    : null;
  return el("div", {}, facts(rows), el("h2", {}, say("exchange")), evidence, diagram(pack, shared, records));
}

function checkPage(report, device, id) {
  const column = report.checks.findIndex((one) => one.id === id);
  const check = report.checks[column];
  if (!check) return missingPage();
  const groups = ["f", "s", "k", "x", "l", "p", "n"];
  return el("section", {}, el("h1", {}, told(check.title)),
    facts([
      [say("check"), el("code", {}, check.id)],
      [say("level"), check.level.toUpperCase()],
      [say("source"), check.source],
      [say("countsFor"), check.profiles.join(", ")],
      [say("hint"), told(check.hint)],
    ]),
    el("h2", {}, say("situations")),
    groups.map((kind) => {
      const cases = device.cases.map((one, number) => [one, number]).filter(([one]) => one.cells[column] === kind);
      if (!cases.length) return null;
      return folded(el("span", {}, badge(kind, say(kind)), " ", cases.length), () =>
        el("ul", { class: "verdicts" }, cases.map(([one, number]) =>
          el("li", {}, link(caseLink(device, number) + "/" + id, caseName(one))))), kind !== "n");
    }));
}

function missingPage() {
  return el("p", {}, say("notFound"));
}

// Several devices side by side: what each check came to with each of them.
function comparePage(report) {
  const order = "fskxlpin ";
  const worst = (device, column) => device.cases.reduce((found, one) =>
    order.indexOf(one.cells[column] || " ") < order.indexOf(found) ? one.cells[column] : found, " ");
  const state = { differs: true };
  const body = el("tbody");
  const fill = () => body.replaceChildren(...report.checks.map((check, column) => {
    const cells = report.devices.map((device) => worst(device, column));
    if (state.differs && new Set(cells).size === 1) return null;
    return el("tr", {}, el("th", { scope: "row" }, checkLink(report, check.id), el("br"), el("span", { class: "quiet" }, told(check.title))),
      cells.map((kind, device) => el("td", {}, link("/device/" + device + "/check/" + check.id, badge(kind, say(kind))))));
  }).filter(Boolean));
  fill();
  return el("section", {}, el("h1", {}, say("compare")),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("compare") }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("device")), report.devices.map((device) =>
        el("th", { scope: "col" }, link("/device/" + device.number, device.name), el("br"), badge(device.result, say(device.result)))))))),
    el("h2", {}, say("comparedChecks")),
    el("label", { class: "noprint" }, el("input", {
      type: "checkbox", checked: true, onchange: (event) => { state.differs = event.target.checked; fill(); },
    }), " ", say("differs")),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("comparedChecks") }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("check")), report.devices.map((device) => el("th", { scope: "col" }, device.name)))),
      body)));
}
