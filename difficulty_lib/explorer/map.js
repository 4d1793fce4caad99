  // --- the map ----------------------------------------------------------------------------------

  const canvas = $("points");
  const over = $("over"); // axes, brush and what is pointed at
  const pen = canvas.getContext("2d", { alpha: false });
  const overPen = over.getContext("2d");
  const MARGIN = { left: 64, right: 14, top: 12, bottom: 34 };
  const map = { width: 0, height: 0, scale: 1, image: null, pixels: null, frames: 0 };
  // Places in the units of the axes, laid out anew when axes or filters change.
  const at = { x: new Float32Array(count), y: new Float32Array(count) };
  const screen = { x: new Float32Array(count), y: new Float32Array(count) };
  const colour = new Int32Array(count);
  const full = { x0: 0, x1: 1, y0: 0, y1: 1 };
  const view = { ...full };
  let looks = {};

  const axisValues = (axis) => (state.asRanks && axis.ranked ? rankOf(axis) : axis.values);

  function layOut() {
    const [a, b] = [axes[state.x], axes[state.y]];
    const ends = [];
    for (const [axis, to, salt] of [
      [a, at.x, 1],
      [b, at.y, 2],
    ]) {
      const values = axisValues(axis);
      const spread = axis.few && !(state.asRanks && axis.ranked) ? axis.gap * 0.7 : 0;
      to.fill(NaN);
      let [low, high] = [Infinity, -Infinity];
      for (const i of state.shown) {
        const value = Number(values[i]) + (spread ? spread * chance(i, salt) : 0);
        to[i] = value;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      if (low > high) [low, high] = [0, 1];
      const room = (high - low || 1) * 0.03;
      ends.push([low - room, high + room]);
    }
    // Hard is at the top and to the right in ranks, where 1 is the hardest.
    const flipped = state.asRanks;
    const [x0, x1] = flipped && a.ranked ? ends[0].toReversed() : ends[0];
    const [y0, y1] = flipped && b.ranked ? ends[1].toReversed() : ends[1];
    Object.assign(full, { x0, x1, y0, y1 });
    fit();
    describeMap();
  }

  function fit() {
    Object.assign(view, full);
    redraw();
  }

  function zoom(factor, px, py) {
    const [x, y] = [toX(px), toY(py)];
    const width = Math.abs((view.x1 - view.x0) / (full.x1 - full.x0)) * factor;
    if (width > 4 || width < 1e-4) return;
    for (const [low, high, c] of [
      ["x0", "x1", x],
      ["y0", "y1", y],
    ]) {
      view[low] = c + (view[low] - c) * factor;
      view[high] = c + (view[high] - c) * factor;
    }
    redraw();
  }

  function pan(dx, dy) {
    const [sx, sy] = [(view.x1 - view.x0) / inner().width, (view.y1 - view.y0) / inner().height];
    view.x0 -= dx * sx;
    view.x1 -= dx * sx;
    view.y0 += dy * sy;
    view.y1 += dy * sy;
    redraw();
  }

  const inner = () => ({
    width: Math.max(1, map.width - MARGIN.left - MARGIN.right),
    height: Math.max(1, map.height - MARGIN.top - MARGIN.bottom),
  });
  // Between the axes' units and the page's pixels.
  const toX = (px) => view.x0 + ((px - MARGIN.left) / inner().width) * (view.x1 - view.x0);
  const toY = (py) => view.y1 - ((py - MARGIN.top) / inner().height) * (view.y1 - view.y0);
  const fromX = (x) => MARGIN.left + ((x - view.x0) / (view.x1 - view.x0)) * inner().width;
  const fromY = (y) => MARGIN.top + ((view.y1 - y) / (view.y1 - view.y0)) * inner().height;

  let waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      drawMap();
    });
  }

  // First for light paper and then for dark; any two differ for people without full colour vision too,
  // which tests/explorer/test_explorer_colours.py computes. The last one is for what has no class.
  const PALETTES = {
    light: ["#396cb4", "#c33d2b", "#ab901c", "#11a2a9", "#7e4481", "#70936b", "#1b2530", "#727171"],
    dark: ["#71aaf7", "#fa7c53", "#f1bd47", "#65dce6", "#ad7abe", "#98cba0", "#ffffff", "#97a5a7"],
  };
  const rgb = (text) => [1, 3, 5].map((n) => parseInt(text.slice(n, n + 2), 16));
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function readLooks() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    const names = PALETTES[dark.matches ? "dark" : "light"];
    looks = { names, ink: read("--ink"), soft: read("--soft"), line: read("--line"), accent: read("--accent") };
    looks.paper = packed(rgb(read("--paper")));
    looks.palette = names.map((name) => packed(rgb(name)));
    paint();
  }

  // Which colour of the palette a row has, by what the menu says.
  function groupOf(i) {
    const by = $("colour").value;
    if (by === "label") return label[i] < 0 ? 7 : label[i] % 8;
    if (by === "split") return split[i] % 8;
    if (by === "differs") return differs(i) ? 1 : 0;
    return 0;
  }

  function paint() {
    for (let i = 0; i < count; i += 1) colour[i] = looks.palette[groupOf(i)];
    showLegend();
    redraw();
  }

  function showLegend() {
    const by = $("colour").value;
    const counts = new Map();
    for (const i of state.shown) {
      const key = by === "label" ? label[i] : by === "split" ? split[i] : by === "differs" ? Number(differs(i)) : 0;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const name = (key) =>
      by === "label" ? (labels[key] ?? "no class") : by === "split" ? splits[key] : key ? "model says otherwise" : "model agrees";
    const keys = by === "one" ? [] : [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
    const shown = keys.slice(0, 12).map((key) => {
      const item = make("li");
      const dot = make("span", "dot");
      dot.style.setProperty("background", looks.names[by === "label" ? (key < 0 ? 7 : key % 8) : key % 8]);
      const words = make("span", "", name(key));
      words.dir = "auto";
      item.append(dot, words);
      return item;
    });
    if (keys.length > 12) shown.push(make("li", "", `and ${keys.length - 12} more`));
    $("legend").replaceChildren(...shown);
  }

  function place() {
    const [dx, dy] = [inner().width / (view.x1 - view.x0), inner().height / (view.y1 - view.y0)];
    const { scale } = map;
    for (const i of state.shown) {
      screen.x[i] = scale * (MARGIN.left + (at.x[i] - view.x0) * dx);
      screen.y[i] = scale * (MARGIN.top + (view.y1 - at.y[i]) * dy);
    }
  }

  function drawMap() {
    if (!map.pixels) return;
    place();
    map.pixels.fill(looks.paper);
    const [width, height] = [canvas.width, canvas.height];
    const many = state.shown.length;
    const radius = map.scale * (many > 8000 ? 1.4 : many > 2000 ? 2 : many > 300 ? 2.8 : 4);
    const alpha = many > 8000 ? 165 : many > 1000 ? 195 : 225;
    const shape = disc(radius);
    if (state.picked) {
      const flags = state.picked;
      stamp(map.pixels, width, height, state.shown.filter((i) => !flags[i]), screen.x, screen.y, shape, 45, colour);
      stamp(map.pixels, width, height, state.shown.filter((i) => flags[i]), screen.x, screen.y, shape, 245, colour);
    } else stamp(map.pixels, width, height, state.shown, screen.x, screen.y, shape, alpha, colour);
    pen.putImageData(map.image, 0, 0);
    drawOver();
    map.frames += 1;
  }

  function ticks(low, high, most) {
    const span = Math.abs(high - low);
    const rough = span / Math.max(1, most);
    const ten = 10 ** Math.floor(Math.log10(rough));
    const step = ten * [1, 2, 5, 10].find((f) => f * ten >= rough);
    const found = [];
    const from = Math.ceil(Math.min(low, high) / step);
    const to = Math.floor(Math.max(low, high) / step);
    for (let n = from; n <= to && found.length < 20; n += 1) found.push(n * step);
    return { found, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
  }

  function drawOver() {
    const { width, height } = map;
    const p = overPen;
    p.setTransform(map.scale, 0, 0, map.scale, 0, 0);
    p.clearRect(0, 0, width, height);
    const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
    // The margins are paper: points do not run through the numbers.
    p.fillStyle = `rgb(${looks.paper & 255} ${(looks.paper >> 8) & 255} ${(looks.paper >> 16) & 255})`;
    p.fillRect(0, 0, MARGIN.left, height);
    p.fillRect(0, bottom, width, MARGIN.bottom);
    p.fillRect(right, 0, MARGIN.right, height);
    p.fillRect(0, 0, width, MARGIN.top);
    p.strokeStyle = looks.line;
    p.lineWidth = 1;
    p.strokeRect(MARGIN.left + 0.5, MARGIN.top + 0.5, right - MARGIN.left - 1, bottom - MARGIN.top - 1);
    p.fillStyle = looks.soft;
    p.font = "12px system-ui, sans-serif";
    p.textBaseline = "top";
    p.textAlign = "center";
    const across = ticks(view.x0, view.x1, inner().width / 90);
    for (const value of across.found) {
      if (state.asRanks && axes[state.x].ranked && value < 1) continue;
      p.fillText(tick(value, across.digits), fromX(value), bottom + 4);
    }
    p.textAlign = "right";
    p.textBaseline = "middle";
    const along = ticks(view.y0, view.y1, inner().height / 42);
    for (const value of along.found) {
      if (state.asRanks && axes[state.y].ranked && value < 1) continue;
      p.fillText(tick(value, along.digits), MARGIN.left - 6, fromY(value));
    }
    p.fillStyle = looks.ink;
    p.textAlign = "right";
    p.textBaseline = "bottom";
    p.fillText(fitted(p, axisTitle(state.x), inner().width), right, height - 1);
    p.save();
    p.translate(2, MARGIN.top);
    p.rotate(-Math.PI / 2);
    p.textBaseline = "top";
    const upwards = axisTitle(state.y);
    const room = inner().height;
    p.fillText(fitted(p, p.measureText(upwards).width > room ? axes[state.y].full : upwards, room), 0, 0);
    p.restore();
    p.save();
    p.beginPath();
    p.rect(MARGIN.left, MARGIN.top, inner().width, inner().height);
    p.clip();
    if (state.mode === "compare" && state.asRanks) {
      p.strokeStyle = looks.soft;
      p.setLineDash([5, 4]);
      p.beginPath();
      p.moveTo(fromX(view.x0), fromY(view.x0));
      p.lineTo(fromX(view.x1), fromY(view.x1));
      p.stroke();
      p.setLineDash([]);
    }
    if (brush.corner) drawBrush(p);
    if (brush.cross) drawCross(p);
    if (state.active >= 0 && at.x[state.active] === at.x[state.active]) {
      p.strokeStyle = looks.ink;
      p.lineWidth = 2;
      p.beginPath();
      p.arc(fromX(at.x[state.active]), fromY(at.y[state.active]), 6.5, 0, 7);
      p.stroke();
    }
    p.restore();
  }

  const tick = (value, digits) =>
    Math.abs(value) >= 1000 ? whole(Math.round(value)) : value.toFixed(digits).replace(/^-(0(\.0+)?)$/, "$1");

  function fitted(p, text, width) {
    if (p.measureText(text).width <= width) return text;
    let kept = text;
    while (kept.length > 4 && p.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
    return `${kept}…`;
  }

  const axisTitle = (n) => {
    const axis = axes[n];
    if (!axis.ranked) return axis.full;
    if (state.asRanks) return `rank by ${axis.full}, 1 is hardest`;
    return axis.up ? `${axis.full}, high is hard` : `${axis.full}, low is hard`;
  };

  function resize() {
    const box = $("map").getBoundingClientRect();
    map.width = Math.max(120, Math.floor(box.width));
    map.height = Math.max(120, Math.floor(box.height));
    map.scale = Math.min(2, window.devicePixelRatio || 1);
    for (const one of [canvas, over]) {
      one.width = Math.round(map.width * map.scale);
      one.height = Math.round(map.height * map.scale);
    }
    map.image = pen.createImageData(canvas.width, canvas.height);
    map.pixels = new Int32Array(map.image.data.buffer);
    redraw();
  }

  // The nearest row within so many pixels of the page, or −1.
  function nearest(px, py, within) {
    let best = -1;
    let least = within ** 2;
    for (const i of state.shown) {
      const distance = (screen.x[i] / map.scale - px) ** 2 + (screen.y[i] / map.scale - py) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }
