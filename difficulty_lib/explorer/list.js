  // --- the list ---------------------------------------------------------------------------------

  const twoRanks = (axis, i) => {
    const rank = rankOf(axis)[i];
    return Number.isFinite(rank) ? whole(Math.round(rank)) : "—";
  };
  const number = (n, i) => (state.asRanks && axes[n].ranked ? twoRanks(axes[n], i) : format(axes[n], i));

  function makeRow(place) {
    const i = state.hits[place];
    const node = emptyRow(place);
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
    if (texts.columns.length) node.append(textCell(i, 320, 50));
    return node;
  }

  function showActive(node, on) {
    node.classList.toggle("active", on);
    if (on) node.setAttribute("aria-selected", "true");
    else node.removeAttribute("aria-selected");
  }

  function afterMove() {
    showDetail();
    redraw();
  }

  function showList() {
    sizeList();
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

  listenToRows({ Enter: () => openDetail($("detail-card")) });
  body.addEventListener("click", (event) => {
    const node = event.target.closest(".row");
    if (!node || String(window.getSelection())) return; // somebody is copying
    goTo(state.hits.indexOf(Number(node.dataset.index)));
    if (narrow.matches) openDetail($("detail-card"));
  });
