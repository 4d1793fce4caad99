  // --- export -----------------------------------------------------------------------------------

  const exported = () => (state.picked ? state.shown.filter((i) => state.picked[i]) : state.shown);
  const value = (axis, i) => {
    const found = Number(axis.values[i]);
    // As many digits as a float32 has.
    return Number.isFinite(found) ? Number(found.toPrecision(7)) : null;
  };

  function columns() {
    const found = [
      ["split", (i) => data.splits[split[i]]],
      ["sample_id", (i) => (typeof id[i] === "bigint" ? String(id[i]) : id[i])],
    ];
    if (label) found.push(["label", (i) => data.labelNames[label[i]] ?? null]);
    data.sides.forEach((side, s) => {
      const name = sides.length > 1 ? `predicted (${side.name})` : "predicted";
      if (sides[s].predicted) found.push([name, (i) => data.labelNames[sides[s].predicted[i]] ?? null]);
    });
    for (const axis of axes) found.push([axis.column, (i) => value(axis, i)]);
    data.sides.forEach((side, s) => {
      if (!sides[s].hasLoss) return;
      side.epochs.forEach((epoch, e) => {
        const name = sides.length > 1 ? `loss_${epoch} (${side.name})` : `loss_${epoch}`;
        found.push([name, (i) => { const loss = sides[s].losses(i)[e]; return loss === null ? null : Number(loss.toPrecision(6)); }]);
      });
    });
    texts.columns.forEach((name, n) => found.push([name, (i) => texts.values[n][i]]));
    const taken = new Set();
    for (const column of found) {
      while (taken.has(column[0])) column[0] += "_";
      taken.add(column[0]);
    }
    return found;
  }

  function csv(rows) {
    const found = columns();
    const one = (cellValue) => (cellValue === null ? "" : typeof cellValue === "number" ? String(cellValue) : quoted(cellValue));
    const lines = [found.map(([name]) => quoted(name)).join(",")];
    for (const i of rows) lines.push(found.map(([, get]) => one(get(i))).join(","));
    return `${lines.join("\n")}\n`;
  }

  function json(rows) {
    const found = columns();
    const samples = Array.from(rows, (i) => Object.fromEntries(found.map(([name, get]) => [name, get(i)])));
    return JSON.stringify({ title: data.title, x: axes[state.x].column, y: axes[state.y].column, samples }, null, 1);
  }

  function download() {
    const kind = $("kind").value;
    const rows = exported();
    const content = kind === "json" ? json(rows) : csv(rows);
    const type = kind === "json" ? "application/json" : "text/csv;charset=utf-8";
    saveAs(`${data.file}.${kind}`, content, type);
    say(`${whole(rows.length)} samples exported`);
  }
