  // --- the map in words and as a table ----------------------------------------------------------

  const two = (value) => value.toFixed(2).replace("-", "−");

  function correlationText(found) {
    return found ? `ρ = ${two(found.value)} [${two(found.low)}, ${two(found.high)}]` : "";
  }

  function describeMap() {
    const [a, b] = [axes[state.x], axes[state.y]];
    over.setAttribute(
      "aria-label",
      `Map of ${whole(state.shown.length)} samples: ${axisTitle(state.x)}, across; ${axisTitle(state.y)}, upwards`,
    );
    const found = a.ranked && b.ranked && a !== b ? spearman(a, b, state.shown) : null;
    $("rho").textContent = correlationText(found);
    $("rho").title = found ? `Spearman's rank correlation of the two axes, high being hard on both, of ${whole(found.n)} samples; 95 % interval of Bonett and Wright` : "";
    $("rho").setAttribute("aria-label", found ? `Spearman's rank correlation ${two(found.value)}, from ${two(found.low)} to ${two(found.high)}` : "");
  }

  function middleOf(axis, rows) {
    const value = median(Array.from(rows, (i) => (Number.isFinite(Number(axis.values[i])) ? Number(axis.values[i]) : null)));
    return value === null ? "—" : value.toFixed(Math.max(decimals(axis), 0));
  }

  // A row for each class (or split) of what is shown, and one for the selection.
  function fillTable() {
    const [a, b] = [axes[state.x], axes[state.y]];
    const compares = a.ranked && b.ranked && a !== b;
    const heads = ["", "samples", `median ${a.full}`, `median ${b.full}`];
    if (sides[0].predicted && label) heads.push("model says otherwise");
    if (compares) heads.push("Spearman [95 %]", "median ranks moved");
    const line = make("tr");
    for (const [n, text] of heads.entries()) {
      const head = make("th", n ? "n" : "", text);
      head.scope = "col";
      line.append(head);
    }
    $("table-head").replaceChildren(line);
    const groups = new Map([["all shown", state.shown]]);
    if (state.picked) groups.set("selected", state.shown.filter((i) => state.picked[i]));
    const [codes, names, what] = label ? [label, labels, "label"] : [split, splits, "split"];
    const byCode = new Map();
    for (const i of state.shown) {
      if (!byCode.has(codes[i])) byCode.set(codes[i], []);
      byCode.get(codes[i]).push(i);
    }
    for (const [code, rows] of [...byCode].sort((p, q) => q[1].length - p[1].length).slice(0, 50))
      groups.set(`${what}: ${names[code] ?? "none"}`, rows);
    const rows = [...groups].map(([name, members]) => {
      const row = make("tr");
      const head = make("th", "", name);
      head.scope = "row";
      head.dir = "auto";
      row.append(head, make("td", "n", whole(members.length)), make("td", "n", middleOf(a, members)), make("td", "n", middleOf(b, members)));
      if (sides[0].predicted && label) row.append(make("td", "n", whole(Array.from(members).filter((i) => differs(i)).length)));
      if (compares) {
        row.append(make("td", "n", correlationText(spearman(a, b, members)).replace("ρ = ", "") || "—"));
        const far = median(Array.from(members, moved).filter(Number.isFinite));
        row.append(make("td", "n", far === null ? "—" : whole(Math.round(far))));
      }
      return row;
    });
    $("table-rows").replaceChildren(...rows);
  }

  function summarise() {
    describeMap();
    showLegend();
    if ($("table").open) fillTable();
  }
