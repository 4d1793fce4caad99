// The page's only script. Everything from the data set reaches the page through textContent, or as
// an attribute's text; `require-trusted-types-for` in the page's policy forbids any other way.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const count = data.row.length;
  // {{ dom.js }}

  // {{ texts.js }}

  // {{ bar.js }}

  const joined = (i) => data.texts.map((column) => column[i]).join(" ▸ ");
  const folded = new Array(count);
  const foldedText = (i) =>
    (folded[i] ??= fold(data.id ? `${joined(i)}\n${data.id[i]}` : joined(i)));

  // --- what is shown ----------------------------------------------------------------------------

  const state = {
    words: [],
    sort: { key: "rank", down: false },
    order: Int32Array.from({ length: count }, (_, i) => i),
    hits: new Int32Array(0),
    active: 0, // a row's index in the data, which is its rank minus 1
    score: data.by,
  };
  const labels = data.labelNames.map(plain);
  const placeOfLabel = inOrder(labels);
  const labelRank = new Int32Array(labels.length);
  placeOfLabel.forEach((label, place) => (labelRank[label] = place));
  const lastLoss = data.loss?.at(-1);
  const score = () => data.scores[state.score];

  const NUMBERS = {
    rank: (i) => i,
    row: (i) => data.row[i],
    label: (i) => labelRank[data.label[i]],
    predicted: (i) => labelRank[data.predicted[i]],
    score: (i) => score().values[i],
    loss: (i) => lastLoss[i],
    mark: (i) => (marks.has(data.row[i]) ? 0 : 1),
  };
  const TEXTS = { text: (i) => joined(i).slice(0, 200), row: (i) => data.id[i] };

  function sorted() {
    const { key, down } = state.sort;
    const way = down ? -1 : 1;
    const order = Array.from({ length: count }, (_, i) => i);
    const asText = key === "text" || (key === "row" && data.id);
    const values = order.map(asText ? TEXTS[key] : NUMBERS[key]);
    order.sort((a, b) => {
      const [x, y] = [values[a], values[b]];
      if (x === null || y === null) return (x === null) - (y === null) || a - b; // last either way
      return way * (asText ? byName(x, y) : x - y) || a - b;
    });
    return Int32Array.from(order);
  }

  const bound = (id, otherwise) => ($(id).value === "" ? otherwise : Number($(id).value));

  function update() {
    state.words = wordsOf($("search").value);
    const label = Number($("label").value);
    const predicted = data.predicted ? $("predicted").value : "";
    const guess = /^\d+$/.test(predicted) ? Number(predicted) : -1;
    const low = bound("low", -Infinity);
    const high = bound("high", Infinity);
    const ranged = low > -Infinity || high < Infinity;
    const onlyMarked = $("only-marked").checked;
    const values = score().values;
    $("low").ariaInvalid = $("high").ariaInvalid = String(low > high);
    const matches = (i) => {
      if (label >= 0 && data.label[i] !== label) return false;
      if (predicted === "differs" && data.predicted[i] === data.label[i]) return false;
      if (predicted === "agrees" && data.predicted[i] !== data.label[i]) return false;
      if (guess >= 0 && data.predicted[i] !== guess) return false;
      if (ranged && (values[i] === null || values[i] < low || values[i] > high)) return false;
      if (onlyMarked && !marks.has(data.row[i])) return false;
      return state.words.every((word) => foldedText(i).includes(word));
    };
    state.hits = state.order.filter(matches);
    state.active = state.hits[0] ?? -1;
    const filtered = [label >= 0, predicted !== "", ranged, onlyMarked].filter(Boolean).length;
    $("filters-toggle").textContent = filtered ? `Filters (${filtered})` : "Filters";
    $("reset").disabled = !filtered && !$("search").value;
    sizeList();
    grid.scrollTop = 0;
    const said = `${whole(state.hits.length)} of ${whole(count)} rows`;
    $("hits").textContent = said;
    $("mark-hits").textContent = `Mark ${state.hits.length === 1 ? "this one" : `these ${whole(state.hits.length)}`}`;
    $("mark-hits").disabled = $("unmark-hits").disabled = !state.hits.length;
    say(said);
    drawHistogram();
    render(true);
    showDetail();
  }

  // {{ rows.js }}

  // --- rows -------------------------------------------------------------------------------------

  const showActive = (node, on) => node.classList.toggle("active", on);
  const afterMove = () => showDetail();

  const decimals = (values) => {
    let most = 0;
    for (const value of values) if (value !== null) most = Math.max(most, Math.abs(value));
    if (values.every(Number.isInteger)) return 0;
    return most >= 1000 ? 0 : most >= 10 ? 2 : 3;
  };
  const format = (entry, i) =>
    entry.values[i] === null ? "—" : entry.values[i].toFixed((entry.decimals ??= decimals(entry.values)));

  function labelCell(className, name, words) {
    const node = cell(className);
    const chip = make("span", "chip", name);
    chip.dir = "auto";
    node.append(make("span", "phone", words), chip);
    return node;
  }

  function makeRow(place) {
    const i = state.hits[place];
    const node = emptyRow(place);
    const mark = cell("mark");
    mark.append(make("span", "box"));
    const name = cell("number id", data.id ? plain(data.id[i]) : whole(data.row[i]));
    node.append(mark, cell("number rank", whole(i + 1)), name, textCell(i, 420, 60));
    node.append(labelCell("given", labels[data.label[i]], "label "));
    if (data.predicted) {
      const differs = data.predicted[i] !== data.label[i];
      const said = labelCell(differs ? "said no" : "said yes", labels[data.predicted[i]], "model ");
      if (differs) said.querySelector(".chip").before(make("span", "unequal", "≠ "));
      node.append(said);
    }
    node.append(cell("number score", format(score(), i)));
    if (data.loss) {
      const losses = data.loss.map((epoch) => epoch[i]);
      const curve = cell("curve");
      curve.setAttribute("aria-label", `loss ${losses.map((v) => v.toFixed(2)).join(", ")}`);
      curve.append(sparkline(losses));
      node.append(curve);
    }
    showMark(node, i);
    return node;
  }

  // All curves have one scale, from 0 to `data.top`, so that rows can be compared by eye.
  function points(losses, width, height, margin) {
    const step = losses.length > 1 ? (width - 2 * margin) / (losses.length - 1) : 0;
    return losses.map((v, n) => [
      Math.round(10 * (margin + n * step)) / 10,
      Math.round(10 * (height - 4 - (height - 8) * Math.min(1, data.top ? v / data.top : 0))) / 10,
    ]);
  }

  function sparkline(losses, width = 92, height = 30) {
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": true });
    const places = points(losses, width, height, 4);
    svg.append(draw("line", { x1: 2, x2: width - 2, y1: height - 3, y2: height - 3 }));
    svg.append(draw("polyline", { points: places.join(" ") }));
    const [cx, cy] = places.at(-1);
    svg.append(draw("circle", { cx, cy, r: 2.5 }));
    return svg;
  }

  function largeCurve(losses) {
    const [width, height] = [320, 92];
    const said = losses.map((v, n) => `epoch ${data.epochs[n]}: ${v.toFixed(2)}`).join(", ");
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height + 34}`, role: "img", "aria-label": said });
    const places = points(losses, width, height, 20);
    svg.append(draw("line", { x1: 2, x2: width - 2, y1: height - 3, y2: height - 3 }));
    svg.append(draw("polyline", { points: places.join(" ") }));
    const every = Math.ceil(losses.length / 8); // more numbers would run into each other
    places.forEach(([cx, cy], n) => {
      svg.append(draw("circle", { cx, cy, r: 3 }));
      if ((losses.length - 1 - n) % every) return;
      const value = draw("text", { x: cx, y: height + 12 });
      value.textContent = losses[n].toFixed(2);
      const epoch = draw("text", { x: cx, y: height + 27, class: "epoch" });
      epoch.textContent = data.epochs[n];
      svg.append(value, epoch);
    });
    return svg;
  }

  function drawHistogram() {
    const { values } = score();
    const [low, high] = limits();
    const bins = 48;
    const all = new Float64Array(bins);
    const hit = new Float64Array(bins);
    const bin = (v) => Math.min(bins - 1, Math.floor(((v - low) / (high - low || 1)) * bins));
    for (const v of values) if (v !== null) all[bin(v)] += 1;
    for (const i of state.hits) if (values[i] !== null) hit[bin(values[i])] += 1;
    // Square roots: the suspicious end is thin, and it is the one to be seen.
    const most = Math.sqrt(Math.max(...all)) || 1;
    const path = (counts) =>
      Array.from(counts, (n, b) => (n ? `M${b * 3} 26v${(-25 * Math.sqrt(n)) / most}h2.4V26z` : "")).join("");
    $("bars-all").setAttribute("d", path(all));
    $("bars-hit").setAttribute("d", path(hit));
  }

  function limits() {
    const entry = score();
    if (!entry.limits) {
      let [low, high] = [Infinity, -Infinity];
      for (const v of entry.values)
        if (v !== null) [low, high] = [Math.min(low, v), Math.max(high, v)];
      entry.limits = low > high ? [0, 1] : [low, high];
    }
    return entry.limits;
  }

  // --- marks ------------------------------------------------------------------------------------

  const marks = new Set();
  const STORE = `difficulty-marks:${data.key}`;
  let store = null; // null where the browser keeps nothing for this page
  let exported = true;
  let before = null; // the marks before the last change of many

  function load() {
    try {
      store = window.localStorage;
      store.setItem(`${STORE}:try`, "1");
      store.removeItem(`${STORE}:try`);
      read(store.getItem(STORE));
    } catch {
      store = null;
    }
  }

  function read(kept) {
    const known = new Set(data.row);
    marks.clear();
    try {
      for (const row of JSON.parse(kept ?? "[]")) if (known.has(row)) marks.add(row);
    } catch {
      // Another page's or a torn entry: begun anew.
    }
  }

  function save() {
    exported = marks.size === 0;
    try {
      store?.setItem(STORE, JSON.stringify([...marks]));
    } catch {
      store = null;
    }
  }

  function showMark(node, i) {
    const marked = marks.has(data.row[i]);
    node.classList.toggle("marked", marked);
    node.setAttribute("aria-selected", marked);
    node.firstChild.setAttribute("aria-label", marked ? "marked" : "not marked");
  }

  function showMarks() {
    for (const node of drawn.values()) showMark(node, Number(node.dataset.index));
    $("export").textContent = `Export ${whole(marks.size)} marked`;
    $("export").disabled = marks.size === 0;
    $("kept").textContent = store
      ? "Marks stay in this browser."
      : "This browser keeps no marks for this page: export them before you close it.";
    $("kept").classList.toggle("warns", !store);
    $("undo").hidden = before === null;
    const button = $("detail-mark");
    const marked = state.active >= 0 && marks.has(data.row[state.active]);
    button.ariaPressed = String(marked);
    button.textContent = marked ? "Marked" : "Mark";
  }

  function toggle(i) {
    if (i < 0) return;
    const row = data.row[i];
    const now = !marks.delete(row);
    if (now) marks.add(row);
    before = null;
    save();
    showMarks();
    say(`row ${row} ${now ? "marked" : "no longer marked"}, ${marks.size} in all`);
  }

  function markHits(on) {
    before = [...marks];
    for (const i of state.hits) on ? marks.add(data.row[i]) : marks.delete(data.row[i]);
    save();
    showMarks();
    say(`${marks.size} marked in all`);
  }

  function undo() {
    marks.clear();
    for (const row of before ?? []) marks.add(row);
    before = null;
    save();
    showMarks();
    say(`${marks.size} marked in all`);
    grid.focus();
  }

  // --- export -----------------------------------------------------------------------------------

  function csv() {
    const columns = [["row", (i) => data.row[i]]];
    const text = (name, value) => columns.push([name, (i) => quoted(value(i))]);
    if (data.id) text(data.idColumn, (i) => data.id[i]);
    data.texts.forEach((column, n) => text(data.textColumns[n], (i) => column[i]));
    text(data.labelColumn, (i) => data.labelNames[data.label[i]]);
    if (data.predicted) text("predicted", (i) => data.labelNames[data.predicted[i]]);
    for (const entry of data.scores) columns.push([entry.name, (i) => entry.values[i] ?? ""]);
    columns.push(["suspicion_rank", (i) => i + 1]);
    const taken = new Set([data.idColumn, ...data.textColumns, data.labelColumn]);
    const header = columns.map(([name]) => name);
    header.forEach((name, n) => {
      const theirs = n > 0 && n <= data.texts.length + 1 + (data.id ? 1 : 0);
      while (!theirs && taken.has(header[n])) header[n] += "_difficulty";
    });
    const lines = [header.map(quoted).join(",")];
    for (let i = 0; i < count; i += 1)
      if (marks.has(data.row[i])) lines.push(columns.map(([, value]) => value(i)).join(","));
    return `${lines.join("\n")}\n`;
  }

  function download() {
    saveAs(data.file, csv(), "text/csv;charset=utf-8");
    exported = true;
    say(`${whole(marks.size)} marked rows exported`);
  }

  // --- one row in full --------------------------------------------------------------------------

  let scrolled = false;

  function showDetail() {
    const i = state.active;
    $("detail-card").hidden = i < 0;
    if (i < 0) return;
    const place = placeOf();
    $("detail-title").textContent = `Row ${whole(data.row[i])}`;
    $("detail-place").textContent = `rank ${whole(i + 1)} of ${whole(data.total)}`;
    $("previous").disabled = place <= 0;
    $("next").disabled = place >= state.hits.length - 1;
    const texts = $("detail-text");
    texts.replaceChildren();
    if (scrolled) texts.scrollTop = 0; // asking where it is would cost a layout at every letter
    scrolled = false;
    data.texts.forEach((column, n) => {
      if (data.texts.length > 1) texts.append(make("h3", "", plain(data.textColumns[n])));
      const paragraph = make("p");
      paragraph.dir = "auto";
      fill(paragraph, column[i], state.words);
      texts.append(paragraph);
    });
    const facts = $("detail-facts");
    facts.replaceChildren();
    const fact = (name, value, className) => {
      const described = make("dd", className, value);
      described.dir = "auto";
      facts.append(make("dt", "", name), described);
    };
    if (data.id) fact(plain(data.idColumn), plain(data.id[i]));
    fact(plain(data.labelColumn), labels[data.label[i]]);
    if (data.predicted) {
      const differs = data.predicted[i] !== data.label[i];
      fact("model says", (differs ? "≠ " : "") + labels[data.predicted[i]], differs ? "no" : "yes");
    }
    for (const entry of data.scores) fact(entry.title, format(entry, i), "figure");
    const figure = $("detail-curve");
    figure.hidden = !data.loss;
    if (data.loss) {
      const curve = largeCurve(data.loss.map((epoch) => epoch[i]));
      figure.replaceChildren(make("figcaption", "", "loss by epoch, nats"), curve);
    }
    showMarks();
  }

  // --- order and filters ------------------------------------------------------------------------

  function sortBy(key) {
    const { sort } = state;
    // A first click puts first what one looks for: the hard end, the high loss.
    const first = key === "loss" || (key === "score" && score().up);
    state.sort = { key, down: sort.key === key ? !sort.down : first };
    state.order = sorted();
    showSort();
    update();
  }

  function showSort() {
    for (const header of $("head").querySelectorAll("[data-key]")) {
      const on = header.dataset.key === state.sort.key;
      header.ariaSort = on ? (state.sort.down ? "descending" : "ascending") : "none";
    }
  }

  function chooseScore() {
    state.score = Number($("score").value);
    const [low, high] = limits();
    const digits = decimals([low, high]);
    for (const id of ["low", "high"]) $(id).value = "";
    $("low").placeholder = low.toFixed(digits);
    $("high").placeholder = high.toFixed(digits);
    $("score-head").textContent = score().title;
    $("hard-end").textContent = score().up ? "high is hard →" : "← low is hard";
    $("histogram").classList.toggle("low-is-hard", !score().up);
    if (state.sort.key === "score") {
      state.sort.down = score().up;
      state.order = sorted();
      showSort();
    }
  }

  function reset() {
    for (const id of ["search", "low", "high"]) $(id).value = "";
    if (data.predicted) $("predicted").value = "";
    $("label").value = "-1";
    $("only-marked").checked = false;
    update();
    $("search").focus();
  }

  // --- on paper ---------------------------------------------------------------------------------

  const ON_PAPER = 1000;

  function toPaper() {
    const shown = state.hits.subarray(0, ON_PAPER);
    const rest = state.hits.length - shown.length;
    $("paper-caption").textContent =
      `${whole(shown.length)} of ${whole(count)} rows` +
      (rest ? `; ${whole(rest)} more that the filters let through are not printed` : "") +
      (marks.size ? "; ● is a marked row" : "");
    $("paper-score").textContent = score().title;
    $("paper-rows").replaceChildren(
      ...Array.from(shown, (i) => {
        const row = make("tr");
        const long = make("td", "text");
        long.dir = "auto";
        fill(long, joined(i));
        row.append(make("td", "", marks.has(data.row[i]) ? "●" : ""), make("td", "", whole(i + 1)));
        row.append(make("td", "", data.id ? plain(data.id[i]) : whole(data.row[i])), long);
        row.append(make("td", "", labels[data.label[i]]));
        row.append(make("td", "", data.predicted ? labels[data.predicted[i]] : ""));
        row.append(make("td", "", format(score(), i)));
        return row;
      }),
    );
  }

  // --- beginning --------------------------------------------------------------------------------

  const title = data.textColumns.map(plain).join(" ▸ ");
  $("text-head").textContent = title;
  $("label-head").textContent = plain(data.labelColumn);
  $("row-head").textContent = data.id ? plain(data.idColumn) : "row";
  $("search").placeholder = `Search in ${title}`;
  for (const [n, entry] of data.scores.entries()) {
    const option = make("option", "", entry.title);
    option.value = n;
    $("score").append(option);
  }
  $("score").value = data.by;
  optionsOf($("label"), placeOfLabel, labels, data.label);
  if (data.predicted) optionsOf($("predicted"), placeOfLabel, labels, data.predicted);
  for (const node of document.querySelectorAll("[data-needs]"))
    if (!data[node.dataset.needs]) node.remove();
  grid.setAttribute("aria-colcount", $("head").querySelectorAll("[role=columnheader]").length);
  document.documentElement.classList.toggle("no-predicted", !data.predicted);
  document.documentElement.classList.toggle("no-loss", !data.loss);
  load();

  const reads = $("detail-text");
  listenToRows({ " ": () => toggle(state.active), Enter: () => openDetail(reads) });
  listenToBar(update);
  $("detail-text").addEventListener("scroll", () => (scrolled = true));
  body.addEventListener("click", (event) => {
    const node = event.target.closest(".row");
    if (!node) return;
    const i = Number(node.dataset.index);
    if (event.target.closest(".mark")) {
      state.active = i;
      render();
      toggle(i);
      showDetail();
      return;
    }
    if (String(window.getSelection())) return; // somebody is copying
    state.active = i;
    render();
    showDetail();
    if (narrow.matches) openDetail(reads);
  });
  for (const header of $("head").querySelectorAll("[data-key]"))
    header.querySelector("button").addEventListener("click", () => sortBy(header.dataset.key));
  for (const id of ["low", "high"]) $(id).addEventListener("input", update);
  for (const id of ["label", "predicted", "only-marked"]) $(id)?.addEventListener("change", update);
  $("score").addEventListener("change", () => {
    chooseScore();
    update();
  });
  $("reset").addEventListener("click", reset);
  $("export").addEventListener("click", download);
  $("mark-hits").addEventListener("click", () => markHits(true));
  $("unmark-hits").addEventListener("click", () => markHits(false));
  $("undo").addEventListener("click", undo);
  $("detail-mark").addEventListener("click", () => toggle(state.active));
  for (const button of document.querySelectorAll("[data-given]"))
    button.addEventListener("click", () => {
      $("label").value = button.dataset.given;
      $("predicted").value = button.dataset.guess;
      $("about").close();
      update();
      grid.focus();
    });
  window.addEventListener("storage", (event) => {
    if (event.key !== STORE) return;
    read(event.newValue); // the same page in another tab
    before = null;
    showMarks();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!store && !exported) event.preventDefault();
  });
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", () => $("paper-rows").replaceChildren());
  measure();
  chooseScore();
  showSort();
  update();
  showMarks();
  setTimeout(foldAhead, 50, 0);
})();
