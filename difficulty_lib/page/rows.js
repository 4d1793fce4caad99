  // --- rows in view: only they exist, each at its place -------------------------------------------
  // A page brings `state.hits` (what is listed, in its order), `state.active` (one of it, or -1),
  // `joined(i)` and `foldedText(i)`, `makeRow(place)` out of `emptyRow`, `showActive(node, on)`, and
  // `afterMove()`, which is called when another one is active.

  const grid = $("grid");
  const body = $("rows");
  const drawn = new Map(); // by place among the hits
  const narrow = window.matchMedia("(max-width: 900px)");
  let rowHeight = 1;

  function cell(className, text) {
    const node = make("div", className, text);
    node.setAttribute("role", "gridcell");
    return node;
  }

  function emptyRow(place) {
    const node = make("div", "row");
    const i = state.hits[place];
    node.id = `r${i}`;
    node.setAttribute("role", "row");
    node.setAttribute("aria-rowindex", place + 2);
    node.style.transform = `translateY(${place * rowHeight}px)`;
    node.dataset.index = i;
    return node;
  }

  // The text's beginning, or `before` letters ahead of the first word looked for.
  function excerpt(i, most, before) {
    const all = joined(i);
    const first = state.words.length ? foldedText(i).indexOf(state.words[0]) : -1;
    // Folding hardly moves places.
    let from = first > 2.5 * before ? Math.min(first, all.length) - before : 0;
    let to = from + most;
    const half = (at) => all.charCodeAt(at) >= 0xdc00 && all.charCodeAt(at) < 0xe000;
    if (from) from = all.indexOf(" ", from) + 1 || from;
    if (from && half(from)) from += 1;
    if (half(to)) to += 1;
    return (from ? "… " : "") + all.slice(from, to) + (to < all.length ? " …" : "");
  }

  function textCell(i, most, before) {
    const long = cell("text");
    const inner = make("div", "clamp");
    inner.dir = "auto";
    fill(inner, excerpt(i, most, before), state.words);
    long.append(inner);
    return long;
  }

  function render(anew) {
    if (anew) {
      body.replaceChildren();
      drawn.clear();
    }
    const top = Math.max(0, Math.floor(grid.scrollTop / rowHeight) - 4);
    const end = Math.min(state.hits.length, Math.ceil((grid.scrollTop + grid.clientHeight) / rowHeight) + 4);
    for (const [place, node] of drawn)
      if (place < top || place >= end) {
        node.remove();
        drawn.delete(place);
      }
    for (let place = end - 1; place >= top; place -= 1)
      if (!drawn.has(place)) {
        const node = makeRow(place);
        drawn.set(place, node);
        // In the order of the rows: screen readers read them as they stand in the document.
        body.insertBefore(node, drawn.get(place + 1) ?? null);
      }
    const active = $(`r${state.active}`);
    const old = body.querySelector(".active");
    if (old) showActive(old, false);
    if (active) showActive(active, true);
    if (active) grid.setAttribute("aria-activedescendant", active.id);
    else grid.removeAttribute("aria-activedescendant");
  }

  // All rows anew, after what is listed changed.
  function sizeList() {
    body.style.height = `${state.hits.length * rowHeight}px`;
    grid.setAttribute("aria-rowcount", state.hits.length + 1);
    $("empty").hidden = state.hits.length > 0;
  }

  function measure() {
    rowHeight = $("probe").getBoundingClientRect().height || 1;
    body.style.height = `${state.hits.length * rowHeight}px`;
  }

  function goTo(place) {
    if (!state.hits.length) return;
    const to = Math.max(0, Math.min(state.hits.length - 1, place));
    state.active = state.hits[to];
    const from = to * rowHeight;
    const room = grid.clientHeight - $("head").offsetHeight;
    if (from < grid.scrollTop) grid.scrollTop = from;
    else if (from + rowHeight > grid.scrollTop + room) grid.scrollTop = from + rowHeight - room;
    render();
    afterMove();
  }

  const placeOf = () => state.hits.indexOf(state.active);
  const perPage = () => Math.max(1, Math.floor((grid.clientHeight - $("head").offsetHeight) / rowHeight) - 1);
  const ROW_KEYS = {
    ArrowDown: () => goTo(placeOf() + 1),
    ArrowUp: () => goTo(placeOf() - 1),
    PageDown: () => goTo(placeOf() + perPage()),
    PageUp: () => goTo(placeOf() - perPage()),
    Home: () => goTo(0),
    End: () => goTo(state.hits.length - 1),
  };

  // `more`: what other keys do while the list has the focus.
  function listenToRows(more) {
    const keys = { ...ROW_KEYS, ...more };
    grid.addEventListener("keydown", (event) => {
      if (event.target !== grid || event.ctrlKey || event.altKey || event.metaKey) return;
      if (!(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    });
    let waiting = false;
    grid.addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        render();
      });
    });
    new ResizeObserver(() => {
      measure();
      render(true);
    }).observe(grid);
    $("previous").addEventListener("click", () => goTo(placeOf() - 1));
    $("next").addEventListener("click", () => goTo(placeOf() + 1));
    $("close").addEventListener("click", closeDetail);
  }

  // The row in full: beside the list, or where that has no room, over it.
  function openDetail(reads) {
    document.documentElement.classList.add("open");
    (narrow.matches ? $("close") : reads).focus({ preventScroll: true });
  }

  function closeDetail() {
    document.documentElement.classList.remove("open");
    grid.focus({ preventScroll: true });
  }
