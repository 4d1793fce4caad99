// The front end of AuditSession. What comes from data enters the page as text nodes and nothing
// else: there is no markup in this file, and nothing here asks any host for anything.
const SVG = "http://www.w3.org/2000/svg";
const PATIENCE = 5000; // ms until the kernel's silence is said
const SILENT =
  "The kernel has not answered. Every decision that was answered is on disk: " +
  "run the cell again to go on from there.";

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

function quoted(parts, className) {
  const box = make("p", className);
  box.dir = "auto";
  for (const part of parts) {
    if (part.level === null || part.level === undefined) {
      box.append(document.createTextNode(part.text));
    } else {
      const token = make("span", `tm-t tm-${Number(part.level)}`, part.text);
      token.title = part.said;
      box.append(token);
    }
  }
  return box;
}

// Loss per epoch, the row's and the median of all rows, with the model's label under each epoch.
function curve(data) {
  const wide = 360, high = 110, left = 34, bottom = 20;
  const top = Math.max(...data.losses, ...data.typical, 1e-9);
  const count = data.epochs.length;
  const x = (i) => (count < 2 ? wide / 2 : left + 8 + (i * (wide - left - 20)) / (count - 1));
  const y = (v) => 6 + (1 - v / top) * (high - bottom - 10);
  const points = (values) => values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
  const figure = make("figure", "da-curve");
  const drawing = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img" });
  const said = data.epochs.map((e, i) => `epoch ${e} ${data.losses[i].toFixed(2)}`).join(", ");
  drawing.setAttribute("aria-label", `Loss of this row in nats: ${said}`);
  drawing.append(
    draw("line", { x1: left, x2: wide, y1: y(0), y2: y(0), class: "da-axis" }),
    draw("polyline", { points: points(data.typical), class: "da-typical" }),
    draw("polyline", { points: points(data.losses), class: "da-own" }),
  );
  for (const [value, at] of [[top, y(top) + 4], [0, y(0)]]) {
    const tick = draw("text", { x: left - 4, y: at, class: "da-tick", "text-anchor": "end" });
    tick.textContent = value.toPrecision(2).replace(/^0\.0$/, "0");
    drawing.append(tick);
  }
  data.epochs.forEach((epoch, i) => {
    const right = data.right ? (data.right[i] ? " da-right" : " da-wrong") : "";
    drawing.append(draw("circle", { cx: x(i), cy: y(data.losses[i]), r: 3.2, class: `da-dot${right}` }));
    if (count <= 12 || i % Math.ceil(count / 12) === 0) {
      const tick = draw("text", { x: x(i), y: high - 4, class: "da-tick", "text-anchor": "middle" });
      tick.textContent = String(epoch);
      drawing.append(tick);
    }
  });
  const caption = make("figcaption", "da-soft", "loss by epoch, nats; dashed: median of all rows");
  figure.append(drawing, caption);
  return figure;
}

// "A, A, B, A" as runs: "A (epochs 1–2), B (3), A (4)".
function overEpochs(data) {
  const line = make("p", "da-model");
  line.append(document.createTextNode("the model's label by epoch: "));
  let from = 0;
  data.labels.forEach((label, i) => {
    if (i + 1 < data.labels.length && data.labels[i + 1] === label) return;
    const [a, b] = [data.epochs[from], data.epochs[i]];
    const name = make("bdi", data.right && !data.right[i] ? "da-differs" : "", label);
    line.append(name, document.createTextNode(` (${a === b ? a : `${a}–${b}`}) `));
    from = i + 1;
  });
  return line;
}

function neighbours(list) {
  const box = make("section", "da-near");
  box.append(make("h4", "", "most like it"));
  const table = make("table");
  for (const near of list) {
    const row = make("tr");
    const label = make("td", near.same ? "da-label" : "da-label da-differs");
    label.append(make("bdi", "", near.label));
    const text = make("td");
    text.append(make("bdi", "", near.text));
    row.append(make("td", "da-soft", near.alike), label, text);
    table.append(row);
  }
  box.append(table);
  return box;
}

function render({ model, el }) {
  const root = make("div", "da-root token-map");
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Audit of ranked rows");
  root.dataset.lmSuppressShortcuts = "true"; // or the notebook takes the keys for its own
  const status = make("p", "da-status");
  status.setAttribute("role", "status");
  const card = make("div", "da-card");
  const actions = make("div", "da-actions");
  const progress = make("div", "da-progress");
  root.append(card, actions, status, progress);
  el.append(root);

  let state = null, waiting = null, field = null;

  function say(text, failed = false) {
    status.textContent = text;
    status.classList.toggle("da-failed", failed);
  }

  function rest(on) {
    for (const b of actions.querySelectorAll("button, input")) b.disabled = on || b.dataset.never === "1";
    root.setAttribute("aria-busy", String(on));
  }

  function send(message) {
    if (waiting !== null) return;
    rest(true);
    waiting = setTimeout(() => say(SILENT, true), PATIENCE);
    try {
      model.send(message);
    } catch {
      say(SILENT, true);
    }
  }

  const decide = (kind, more = {}) => state && send({ do: kind, turn: state.turn, ...more });

  function relabel(number) {
    if (state && state.row && number < state.labels.length && number !== state.row.given_number) {
      decide("relabel", { label: number });
    }
  }

  function button(text, key, action, never = false) {
    const made = make("button", "da-button");
    made.type = "button";
    made.append(make("bdi", "", text));
    if (key) made.append(make("kbd", "", key));
    made.addEventListener("click", action);
    if (never) made.dataset.never = "1";
    made.disabled = never;
    return made;
  }

  function showActions() {
    actions.replaceChildren();
    field = null;
    const line = make("div", "da-line");
    if (state.row) {
      line.append(
        button("keep", "k", () => decide("keep")),
        button("ambiguous", "a", () => decide("ambiguous")),
        button("skip", "s", () => decide("skip")),
      );
    }
    line.append(button("undo", "u", () => decide("undo")));
    actions.append(line);
    if (!state.row) return;
    const labels = make("div", "da-line da-labels");
    labels.append(make("span", "da-soft", "relabel to"));
    state.labels.forEach((label, i) => {
      const made = button(label, i < 9 ? String(i + 1) : "", () => relabel(i), i === state.row.given_number);
      made.dataset.label = String(i);
      labels.append(made);
    });
    if (state.typed || state.labels.length > 9) {
      field = make("input", "da-field");
      field.type = "text";
      field.setAttribute("aria-label", state.typed ? "new label" : "find a label");
      field.placeholder = state.typed ? "r, the new label, Enter" : "r, the label's beginning, Enter";
      field.addEventListener("input", narrow);
      labels.append(field);
    }
    actions.append(labels);
  }

  // The labels that begin with what is typed; without regard to case.
  function fitting() {
    const wanted = field.value.trim().toLowerCase();
    const all = state.labels.map((label, i) => [label.toLowerCase(), i]);
    const exact = all.filter(([label]) => label === wanted);
    return wanted ? (exact.length ? exact : all.filter(([label]) => label.startsWith(wanted))) : all;
  }

  function narrow() {
    if (state.typed) return;
    const shown = new Set(fitting().map(([, i]) => String(i)));
    for (const b of actions.querySelectorAll("[data-label]")) b.hidden = !shown.has(b.dataset.label);
  }

  function typed() {
    if (state.typed) {
      if (field.value.trim()) decide("relabel", { label: field.value });
    } else {
      const found = fitting();
      if (found.length === 1) relabel(found[0][1]);
      else say(`${found.length} labels begin so; expected one`, true);
    }
  }

  function showCard() {
    card.replaceChildren();
    const row = state.row;
    if (!row) {
      card.append(make("p", "da-end", "Every row has a decision."));
      return;
    }
    const head = make("p", "da-head");
    head.append(make("span", "da-why", row.why), make("span", "da-soft", ` of ${state.rows.toLocaleString("en")}`));
    for (const fact of row.facts) head.append(document.createTextNode(" · "), make("bdi", "da-soft", fact));
    card.append(head);
    for (const text of row.texts) {
      if (row.texts.length > 1) card.append(make("p", "da-soft da-name", text.name));
      card.append(quoted(text.parts, "da-text"));
    }
    const given = make("div", "da-given");
    given.append(make("span", "da-soft", "labelled"));
    given.append(row.given_parts ? quoted(row.given_parts, "da-text") : make("bdi", "da-label", row.given));
    card.append(given);
    if (row.curve) {
      if (row.curve.labels) card.append(overEpochs(row.curve));
      card.append(curve(row.curve));
    }
    if (row.neighbours.length) card.append(neighbours(row.neighbours));
    if (row.check) {
      card.append(make("p", "da-soft", "Drawn at random, so without what the model or other rows say of it."));
    }
  }

  function showProgress() {
    progress.replaceChildren();
    const share = make("progress");
    share.max = Math.max(state.rows, 1);
    share.value = state.decided;
    const count = `${state.decided.toLocaleString("en")} of ${state.rows.toLocaleString("en")} decided`;
    share.setAttribute("aria-label", count);
    const who = state.people.length > 1 ? `: ${state.people.join(", ")}` : "";
    const line = make("p", "da-soft");
    line.append(share, document.createTextNode(" "), make("bdi", "da-count", count + who));
    progress.append(line, make("p", "da-left", state.left));
    if (!state.recent.length) return;
    const log = make("details", "da-soft");
    log.open = showProgress.open === true;
    log.addEventListener("toggle", () => { showProgress.open = log.open; });
    log.append(make("summary", "", "latest decisions"));
    const list = make("ol", "da-recent");
    for (const entry of state.recent) {
      const item = make("li", entry.here ? "" : "da-elsewhere");
      item.append(make("bdi", "da-who", entry.who), document.createTextNode(": "));
      item.append(make("bdi", "", entry.made), document.createTextNode(" · "), make("bdi", "", entry.text));
      list.append(item);
    }
    log.append(list);
    progress.append(log);
  }

  function receive(message) {
    const asked = waiting !== null;
    clearTimeout(waiting);
    waiting = null;
    if (message.failed !== undefined) {
      say(message.failed, true);
      rest(false);
      return;
    }
    const inside = root.contains(document.activeElement);
    const same = state !== null && state.turn === message.turn;
    state = message;
    if (!same) showCard();
    showActions();
    showProgress();
    say(state.note);
    rest(false);
    root.dataset.turn = String(state.turn);
    if (inside || (asked && document.activeElement === document.body)) root.focus({ preventScroll: true });
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (event.target === field) {
      if (event.key === "Enter") typed();
      else if (event.key === "Escape") root.focus({ preventScroll: true });
      else return;
      event.preventDefault();
      return;
    }
    const key = event.key.toLowerCase();
    const kinds = { k: "keep", a: "ambiguous", s: "skip", u: "undo" };
    if (key in kinds) {
      if (state && (state.row || key === "u")) decide(kinds[key]);
    } else if (/^[1-9]$/.test(key)) relabel(Number(key) - 1);
    else if (key === "r") (field ?? actions.querySelector("[data-label]:not(:disabled)"))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  root.addEventListener("keydown", press);
  model.on("msg:custom", receive);
  send({ do: "hello" });
  return () => {
    clearTimeout(waiting);
    model.off("msg:custom", receive);
  };
}

export default { render };
