  // --- loss curves ------------------------------------------------------------------------------
  // All curves have one scale, from 0 to `top`, so that samples can be compared by eye.

  const curveSides = () => sides.map((_, s) => s).filter((s) => sides[s].hasLoss).slice(0, 4);
  const lossy = curveSides().length > 0;
  const epochsOf = Array.from(new Set(curveSides().flatMap((s) => sides[s].epochs))).sort((a, b) => a - b);

  function curvePlaces(losses, epochs, width, height, margin) {
    const span = epochsOf.at(-1) - epochsOf[0] || 1;
    const found = [];
    losses?.forEach((value, n) => {
      if (value === null) return;
      const x = margin + ((epochs[n] - epochsOf[0]) / span) * (width - 2 * margin);
      const y = height - 4 - (height - 8) * Math.min(1, top ? value / top : 0);
      found.push([Math.round(10 * x) / 10, Math.round(10 * y) / 10]);
    });
    return found;
  }

  const said = (i, s) => {
    const losses = sides[s].losses(i);
    return losses
      .map((value, n) => (value === null ? "" : `epoch ${sides[s].epochs[n]}: ${value.toFixed(2)}`))
      .filter(Boolean)
      .join(", ");
  };

  function sparkline(i, width = 84, height = 28) {
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": true });
    svg.append(draw("line", { x1: 2, x2: width - 2, y1: height - 3, y2: height - 3 }));
    for (const s of curveSides().reverse()) {
      const places = curvePlaces(sides[s].losses(i), sides[s].epochs, width, height, 4);
      if (!places.length) continue;
      svg.append(draw("polyline", { points: places.join(" "), class: `side${s}` }));
      const [cx, cy] = places.at(-1);
      svg.append(draw("circle", { cx, cy, r: 2.2, class: `side${s}` }));
    }
    return svg;
  }

  function median(values) {
    const ordered = values.filter((v) => v !== null).sort((a, b) => a - b);
    if (!ordered.length) return null;
    const half = ordered.length >> 1;
    return ordered.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
  }

  // The middle sample of what is shown, after every epoch; of at most 2,000 of them.
  function medianCurve(s, rows) {
    const step = Math.max(1, Math.floor(rows.length / 2000));
    const some = [];
    for (let n = 0; n < rows.length; n += step) some.push(sides[s].losses(rows[n]));
    return sides[s].epochs.map((_, e) => median(some.map((losses) => losses[e])));
  }

  // A figure of one sample's curves, beside the median of all that is shown.
  function largeCurve(i) {
    const [width, height] = [330, 104];
    const spoken = curveSides().map((s) => `${sides[s].name}: ${said(i, s) || "not observed"}`);
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": spoken.join("; ") });
    svg.append(draw("line", { x1: 2, x2: width - 2, y1: height - 3, y2: height - 3 }));
    const middle = curveSides()[0];
    const half = curvePlaces(medianCurve(middle, state.shown), sides[middle].epochs, width, height, 18);
    svg.append(draw("polyline", { points: half.join(" "), class: "median" }));
    for (const s of curveSides().reverse()) {
      const losses = sides[s].losses(i);
      const places = curvePlaces(losses, sides[s].epochs, width, height, 18);
      if (!places.length) continue;
      svg.append(draw("polyline", { points: places.join(" "), class: `side${s}` }));
      places.forEach(([cx, cy]) => svg.append(draw("circle", { cx, cy, r: 2.8, class: `side${s}` })));
      if (s !== middle) continue;
      const known = losses.filter((value) => value !== null);
      const every = Math.ceil(known.length / 7);
      places.forEach(([cx, cy], n) => {
        if ((known.length - 1 - n) % every) return;
        const value = draw("text", { x: cx, y: cy < 20 ? cy + 16 : cy - 7 });
        value.textContent = known[n].toFixed(2);
        svg.append(value);
      });
    }
    const step = Math.ceil(epochsOf.length / 9);
    epochsOf.forEach((epoch, n) => {
      if ((epochsOf.length - 1 - n) % step) return;
      const span = epochsOf.at(-1) - epochsOf[0] || 1;
      const number = draw("text", { x: 18 + ((epoch - epochsOf[0]) / span) * (width - 36), y: height + 13, class: "epoch" });
      number.textContent = epoch;
      svg.append(number);
    });
    return svg;
  }

  function curveLegend() {
    const list = make("ul", "keys");
    for (const s of curveSides()) {
      const item = make("li", `side${s}`, sides.length > 1 ? sides[s].name : "this sample");
      item.dir = "auto";
      list.append(item);
    }
    list.append(make("li", "median", "median of those shown"));
    return list;
  }
