  // --- the list: only rows in view exist, each at its place --------------------------------------

  const grid = $("grid");
  const body = $("rows");
  const drawn = new Map(); // by place among the hits
  let rowHeight = 1;
  const narrow = window.matchMedia("(max-width: 900px)");

  function cell(className, text) {
    const node = make("div", className, text);
    node.setAttribute("role", "gridcell");
    return node;
  }

  function excerpt(i) {
    const all = joined(i);
    const first = state.words.length ? foldedText(i).indexOf(state.words[0]) : -1;
    let from = first > 120 ? Math.min(first, all.length) - 50 : 0; // folding hardly moves places
    let to = from + 320;
    const half = (n) => all.charCodeAt(n) >= 0xdc00 && all.charCodeAt(n) < 0xe000;
    if (from) from = all.indexOf(" ", from) + 1 || from;
    if (from && half(from)) from += 1;
    if (half(to)) to += 1;
    return (from ? "… " : "") + all.slice(from, to) + (to < all.length ? " …" : "");
  }

  const twoRanks = (axis, i) => {
    const rank = rankOf(axis)[i];
    return Number.isFinite(rank) ? whole(Math.round(rank)) : "—";
  };
  const number = (n, i) => (state.asRanks && axes[n].ranked ? twoRanks(axes[n], i) : format(axes[n], i));

  function makeRow(place) {
    const i = state.hits[place];
    const node = make("div", "row");
    node.id = `r${i}`;
    node.setAttribute("role", "row");
    node.setAttribute("aria-rowindex", place + 2);
    node.style.transform = `translateY(${place * rowHeight}px)`;
    node.dataset.index = i;
    node.append(cell("number id", String(id[i])));
    if (splits.length > 1) node.append(cell("split", splits[split[i]]));
    if (label) {
      const given = cell("given");
      const chip = make("span", "chip", labels[label[i]] ?? "—");
      chip.dir = "auto";
      given.append(chip);
      if (differs(i)) {
        const other = make("span", "no", `≠ ${labels[sides[0].predicted[i]]}`);
        other.dir = "auto";
        other.title = "what the model says";
        given.append(other);
      }
      node.append(given);
    }
    node.append(cell("number x", number(state.x, i)), cell("number y", number(state.y, i)));
    if (lossy) {
      const curve = cell("curve");
      curve.setAttribute("aria-label", `loss ${said(i, curveSides()[0])}`);
      curve.append(sparkline(i));
      node.append(curve);
    }
    if (texts.columns.length) {
      const long = cell("text");
      const inner = make("div", "clamp");
      inner.dir = "auto";
      fill(inner, excerpt(i), state.words);
      long.append(inner);
      node.append(long);
    }
    return node;
  }

  function render(anew) {
    if (anew) {
      body.replaceChildren();
      drawn.clear();
    }
    const first = Math.max(0, Math.floor(grid.scrollTop / rowHeight) - 3);
    const end = Math.min(state.hits.length, Math.ceil((grid.scrollTop + grid.clientHeight) / rowHeight) + 3);
    for (const [place, node] of drawn)
      if (place < first || place >= end) {
        node.remove();
        drawn.delete(place);
      }
    for (let place = end - 1; place >= first; place -= 1)
      if (!drawn.has(place)) {
        const node = makeRow(place);
        drawn.set(place, node);
        body.insertBefore(node, drawn.get(place + 1) ?? null); // screen readers read them as they stand
      }
    const active = document.getElementById(`r${state.active}`);
    const old = body.querySelector(".active");
    old?.classList.remove("active");
    old?.removeAttribute("aria-selected");
    active?.classList.add("active");
    active?.setAttribute("aria-selected", "true");
    if (active) grid.setAttribute("aria-activedescendant", active.id);
    else grid.removeAttribute("aria-activedescendant");
  }

  function showList() {
    body.style.height = `${state.hits.length * rowHeight}px`;
    grid.setAttribute("aria-rowcount", state.hits.length + 1);
    $("empty").hidden = state.hits.length > 0;
    for (const [key, n] of [["x-head", state.x], ["y-head", state.y]]) {
      $(key).textContent = heading(n);
      $(key).title = axisTitle(n);
      $(key).setAttribute("aria-label", axisTitle(n));
    }
    render(true);
  }

  // The shorter name, as the columns are narrow: the side's where both columns have one score.
  function heading(n) {
    const [one, other] = [axes[n], axes[n === state.x ? state.y : state.x]];
    const name = one.title === other.title && one.side !== other.side && one.side >= 0 ? sides[one.side].name : one.title;
    return name;
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
    showDetail();
    redraw();
  }

  const placeOf = () => state.hits.indexOf(state.active);
  const perPage = () => Math.max(1, Math.floor((grid.clientHeight - $("head").offsetHeight) / rowHeight) - 1);
  const LIST_KEYS = {
    ArrowDown: () => goTo(placeOf() + 1),
    ArrowUp: () => goTo(placeOf() - 1),
    PageDown: () => goTo(placeOf() + perPage()),
    PageUp: () => goTo(placeOf() - perPage()),
    Home: () => goTo(0),
    End: () => goTo(state.hits.length - 1),
    Enter: () => openDetail(),
  };
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!(event.key in LIST_KEYS)) return;
    event.preventDefault();
    LIST_KEYS[event.key]();
  });
  let scrolling = false;
  grid.addEventListener("scroll", () => {
    if (scrolling) return;
    scrolling = true;
    requestAnimationFrame(() => {
      scrolling = false;
      render();
    });
  });
  body.addEventListener("click", (event) => {
    const node = event.target.closest(".row");
    if (!node || String(window.getSelection())) return; // somebody is copying
    goTo(state.hits.indexOf(Number(node.dataset.index)));
    if (narrow.matches) openDetail();
  });

  function measure() {
    rowHeight = $("probe").getBoundingClientRect().height || 1;
    body.style.height = `${state.hits.length * rowHeight}px`;
  }
