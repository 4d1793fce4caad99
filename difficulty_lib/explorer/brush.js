  // --- brush, by mouse, touch and keyboard ------------------------------------------------------

  // `corner` and `end` in the units of the axes; `cross` in pixels of the page.
  const brush = { corner: null, end: null, cross: null, tool: "select" };
  const pointers = new Map();
  let before = null; // where the pointers were
  let pressed = null;

  const inside = (px, py) => [
    Math.min(map.width - MARGIN.right, Math.max(MARGIN.left, px)),
    Math.min(map.height - MARGIN.bottom, Math.max(MARGIN.top, py)),
  ];

  function drawBrush(p) {
    const [x, y] = [fromX(brush.corner[0]), fromY(brush.corner[1])];
    const [u, v] = [fromX(brush.end[0]), fromY(brush.end[1])];
    p.strokeStyle = looks.accent;
    p.lineWidth = 1.5;
    p.strokeRect(x, y, u - x, v - y);
    p.globalAlpha = 0.12;
    p.fillStyle = looks.accent;
    p.fillRect(x, y, u - x, v - y);
    p.globalAlpha = 1;
  }

  function drawCross(p) {
    const [x, y] = brush.cross;
    p.strokeStyle = looks.accent;
    p.lineWidth = 1.5;
    p.beginPath();
    p.moveTo(x - 12, y);
    p.lineTo(x + 12, y);
    p.moveTo(x, y - 12);
    p.lineTo(x, y + 12);
    p.stroke();
  }

  function within([x, y], [u, v]) {
    const [low, high] = [Math.min(x, u), Math.max(x, u)];
    const [under, above] = [Math.min(y, v), Math.max(y, v)];
    const flags = new Uint8Array(count);
    for (const i of state.shown)
      flags[i] = at.x[i] >= low && at.x[i] <= high && at.y[i] >= under && at.y[i] <= above ? 1 : 0;
    return flags;
  }

  function clear() {
    brush.corner = brush.end = null;
    pick(null);
  }

  function here(event) {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    over.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, here(event));
    before = null;
    brush.cross = null;
    if (pointers.size > 1) {
      if (pressed?.selects) brush.corner = brush.end = null; // two fingers: zoom, and no brush
      pressed = null;
      return;
    }
    const [px, py] = here(event);
    const selects = (brush.tool === "select") !== event.shiftKey;
    pressed = { px, py, selects, moved: false };
  });

  over.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) {
      over.classList.toggle("on-point", nearest(...here(event), 9) >= 0);
      return;
    }
    const old = pointers.get(event.pointerId);
    const now = here(event);
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const apart = Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
      if (before) {
        pan(middle[0] - before.middle[0], middle[1] - before.middle[1]);
        zoom(before.apart / apart, ...middle);
      }
      before = { middle, apart };
      return;
    }
    if (!pressed) return;
    if (!pressed.moved && Math.hypot(now[0] - pressed.px, now[1] - pressed.py) < 4) return;
    if (!pressed.moved && pressed.selects) {
      const [x, y] = inside(pressed.px, pressed.py);
      brush.corner = [toX(x), toY(y)];
    }
    pressed.moved = true;
    if (!pressed.selects) {
      pan(now[0] - old[0], now[1] - old[1]);
      return;
    }
    const [x, y] = inside(...now);
    brush.end = [toX(x), toY(y)];
    brushed();
  });

  // At most one selection a frame, however often the mouse reports.
  let brushing = false;
  function brushed() {
    if (brushing) return;
    brushing = true;
    requestAnimationFrame(() => {
      brushing = false;
      if (brush.corner && brush.end) pick(within(brush.corner, brush.end));
    });
  }

  function release(event) {
    if (!pointers.delete(event.pointerId)) return;
    before = null;
    const click = pressed && !pressed.moved && event.type === "pointerup";
    pressed = null;
    if (!click) return;
    const found = nearest(...here(event), event.pointerType === "touch" ? 22 : 9);
    if (found >= 0) {
      if (state.picked && !state.picked[found]) clear();
      goTo(state.hits.indexOf(found));
      if (narrow.matches) openDetail();
    } else if (state.picked) clear();
  }
  over.addEventListener("pointerup", release);
  over.addEventListener("pointercancel", release);

  over.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      zoom(Math.exp((Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 4 : 1)) / 500), ...here(event));
    },
    { passive: false },
  );

  // By keys: a cross moves, Space or Enter sets the first corner and then takes the rectangle.
  const STEP = 12;
  function moveCross(dx, dy, event) {
    if (event.shiftKey) {
      pan(-dx * 3, -dy * 3);
      return;
    }
    const [px, py] = brush.cross ?? [map.width / 2, map.height / 2];
    brush.cross = inside(px + dx, py + dy);
    if (brush.cornerByKey) {
      brush.end = [toX(brush.cross[0]), toY(brush.cross[1])];
      brushed();
    } else {
      const [x, y] = [toX(brush.cross[0]), toY(brush.cross[1])];
      const near = nearest(...brush.cross, 14);
      const axisSays = `${axes[state.x].title} ${tick(x, 2)}, ${axes[state.y].title} ${tick(y, 2)}`;
      say(near >= 0 ? `${axisSays}; sample ${id[near]} is near` : axisSays);
    }
    redraw();
  }

  function setCorner() {
    brush.cross ??= [map.width / 2, map.height / 2];
    if (brush.cornerByKey) {
      brush.cornerByKey = false;
      say(`${whole(pickedNumber())} samples selected`);
      return;
    }
    brush.cornerByKey = true;
    brush.corner = brush.end = [toX(brush.cross[0]), toY(brush.cross[1])];
    say("first corner set; arrows draw the rectangle, Space ends it");
    redraw();
  }

  const MAP_KEYS = {
    ArrowLeft: (event) => moveCross(-STEP, 0, event),
    ArrowRight: (event) => moveCross(STEP, 0, event),
    ArrowUp: (event) => moveCross(0, -STEP, event),
    ArrowDown: (event) => moveCross(0, STEP, event),
    " ": setCorner,
    Enter: () => {
      const near = brush.cross ? nearest(...brush.cross, 14) : -1;
      if (brush.cornerByKey || near < 0) setCorner();
      else {
        if (state.picked && !state.picked[near]) clear();
        goTo(state.hits.indexOf(near));
        say(`sample ${id[near]}`);
      }
    },
    "+": () => zoom(1 / 1.25, ...(brush.cross ?? [map.width / 2, map.height / 2])),
    "=": () => zoom(1 / 1.25, ...(brush.cross ?? [map.width / 2, map.height / 2])),
    "-": () => zoom(1.25, ...(brush.cross ?? [map.width / 2, map.height / 2])),
    0: fit,
    Escape: () => {
      brush.cornerByKey = false;
      brush.cross = null;
      clear();
    },
  };
  over.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in MAP_KEYS)) return;
    event.preventDefault();
    MAP_KEYS[event.key](event);
  });
  over.addEventListener("blur", () => {
    brush.cross = null;
    brush.cornerByKey = false;
    redraw();
  });
