  // --- one sample in full -----------------------------------------------------------------------

  function showDetail() {
    const i = state.active;
    $("detail-card").hidden = i < 0;
    if (i < 0) return;
    const place = placeOf();
    $("detail-title").textContent = `Sample ${id[i]}`;
    $("detail-place").textContent = `${whole(place + 1)} of ${whole(state.hits.length)}` + (splits.length > 1 ? ` · ${splits[split[i]]}` : "");
    $("previous").disabled = place <= 0;
    $("next").disabled = place >= state.hits.length - 1;
    const shown = $("detail-text");
    shown.hidden = !texts.columns.length;
    shown.replaceChildren();
    texts.values.forEach((column, n) => {
      if (texts.columns.length > 1) shown.append(make("h3", "", plain(texts.columns[n])));
      const paragraph = make("p");
      paragraph.dir = "auto";
      fill(paragraph, column[i], state.words);
      shown.append(paragraph);
    });
    const figure = $("detail-curve");
    figure.hidden = !lossy;
    if (lossy) figure.replaceChildren(make("figcaption", "", "loss by epoch, nats"), largeCurve(i), curveLegend());
    showFacts(i);
  }

  function showFacts(i) {
    const facts = $("detail-facts");
    const rows = [];
    const row = (name, values, className) => {
      const line = make("tr");
      const head = make("th", "", name);
      head.scope = "row";
      line.append(head);
      for (const value of values) {
        const one = make("td", className ?? "n", value);
        one.dir = "auto";
        line.append(one);
      }
      rows.push(line);
    };
    if (sides.length > 1) {
      const line = make("tr");
      line.append(make("td"));
      for (const side of sides) {
        const head = make("th", "n", side.name);
        head.scope = "col";
        head.dir = "auto";
        line.append(head);
      }
      rows.push(line);
    }
    const same = (value) => sides.map((_, s) => (s ? "" : value));
    if (label) row("label", same(labels[label[i]] ?? "—"));
    if (sides.some((side) => side.predicted))
      row("model says", sides.map((side, s) => (!side.predicted || side.predicted[i] < 0 ? "—" : (differs(i, s) ? "≠ " : "") + labels[side.predicted[i]])));
    for (const name of new Set(axes.filter((a) => a.ranked).map((a) => a.name))) {
      const own = sides.map((_, s) => axes.find((a) => a.side === s && a.name === name));
      row(own.find(Boolean).title, own.map((axis) => (axis ? format(axis, i) : "—")));
    }
    facts.replaceChildren(...rows);
  }
