  // --- beginning --------------------------------------------------------------------------------

  function axisOptions(select) {
    const groups = new Map();
    axes.forEach((axis, n) => {
      const name = axis.side < 0 ? "projection" : sides[axis.side].name;
      if (!groups.has(name)) {
        const group = make("optgroup");
        group.label = name;
        groups.set(name, group);
      }
      const option = make("option", "", sides.length > 1 || axis.side < 0 ? axis.full : axis.title);
      option.value = n;
      groups.get(name).append(option);
    });
    select.append(...(groups.size > 1 ? groups.values() : [...groups.values()][0].children));
  }

  const find = (name, side = 0) => axes.findIndex((axis) => axis.name === name && axis.side === side);
  const firstOf = (...found) => found.find((n) => n >= 0) ?? 0;

  // What each mode begins with: cartography's map; the same score of two runs, or two scores of one.
  function preset(mode) {
    if (mode === "map") {
      state.x = firstOf(find("variability"), find("projection_x", -1), axes.length > 1 ? 1 : 0);
      state.y = firstOf(find("confidence"), find("projection_y", -1), 0);
      if (state.x === state.y && axes.length > 1) state.y = state.x ? 0 : 1;
      state.asRanks = false;
    } else {
      const shared = axes.findIndex((axis) => axis.side === 0 && axis.known && find(axis.name, 1) >= 0);
      const any = axes.findIndex((axis) => axis.side === 0 && find(axis.name, 1) >= 0);
      const of = firstOf(find("action_score", 1) >= 0 ? find("action_score") : -1, shared, any);
      if (sides.length > 1) {
        state.x = of;
        state.y = firstOf(find(axes[of].name, 1), axes.findIndex((a) => a.side === 1));
      } else {
        state.x = firstOf(find("action_score"));
        state.y = firstOf(find("aum"), find("confidence"), axes.findIndex((a, n) => n !== state.x && a.ranked));
        if (state.x === state.y) state.y = firstOf(axes.findIndex((a, n) => n !== state.x && a.ranked));
      }
      state.asRanks = true;
    }
  }

  function setMode(mode) {
    state.mode = mode;
    preset(mode);
    for (const button of document.querySelectorAll("[data-mode]")) button.ariaPressed = String(button.dataset.mode === mode);
    const sort = mode === "compare" ? "moved" : String(firstOf(find("action_score"), state.y));
    state.sort = sort;
    state.turned = false;
    showChoices();
    chooseAxes(false);
  }

  function showChoices() {
    $("x").value = state.x;
    $("y").value = state.y;
    $("as-ranks").checked = state.asRanks;
    $("sort").value = state.sort;
    $("turn").ariaPressed = String(state.turned);
  }

  function chooseAxes(keep) {
    state.x = Number($("x").value);
    state.y = Number($("y").value);
    state.asRanks = $("as-ranks").checked;
    brush.corner = brush.end = null; // the rectangle was in other units; what it took stays taken
    layOut();
    order(keep);
    summarise();
  }

  function setTool(tool) {
    brush.tool = tool;
    for (const button of document.querySelectorAll("[data-tool]")) button.ariaPressed = String(button.dataset.tool === tool);
    over.classList.toggle("moves", tool === "move");
  }

  function readTexts() {
    const { texts: read } = data;
    if (!read) return;
    texts.columns = read.columns;
    texts.values = read.values;
    document.documentElement.classList.add("with-texts");
    $("text-head").textContent = read.columns.map(plain).join(" ▸ ");
    $("search").placeholder = `Search in ${read.columns.map(plain).join(" ▸ ")}`;
    setTimeout(foldAhead, 100, 0);
    if ($("search").value) filter();
    measure();
    showList();
    showDetail();
  }

  axisOptions($("x"));
  axisOptions($("y"));
  axes.forEach((axis, n) => {
    if (!axis.ranked) return;
    const option = make("option", "", `hardest by ${axis.full}`);
    option.value = n;
    $("sort").append(option);
  });
  splits.forEach((name, n) => {
    const option = make("option", "", name);
    option.value = n;
    $("split").append(option);
  });
  const root = document.documentElement.classList;
  root.toggle("no-splits", splits.length < 2);
  root.toggle("no-label", !label);
  root.toggle("no-loss", !lossy);
  if (label) optionsOf($("label"), inOrder(labels), labels, label);
  for (const [id, there] of [
    ["split", splits.length > 1],
    ["label", Boolean(label)],
    ["predicted", Boolean(label && sides[0].predicted)],
    ["compare", axes.filter((axis) => axis.ranked).length > 1],
  ])
    if (!there) (id === "compare" ? document.querySelector("[data-mode=compare]") : $(id).closest("label")).hidden = true;
  for (const option of [...$("colour").options])
    if ((option.value === "label" && !label) || (option.value === "split" && splits.length < 2) || (option.value === "differs" && !(label && sides[0].predicted)))
      option.remove();
  $("colour").value = label ? "label" : "one";
  for (const [key, shown] of [["split", splits.length > 1], ["given", label], ["curve", lossy]])
    if (!shown) document.querySelector(`[data-key=${key}]`).remove();

  for (const key of ["x", "y", "as-ranks"]) $(key).addEventListener("change", () => chooseAxes(true));
  for (const key of ["split", "label", "predicted"]) $(key).addEventListener("change", filter);
  $("colour").addEventListener("change", paint);
  $("sort").addEventListener("change", () => {
    state.sort = $("sort").value;
    order();
  });
  $("turn").addEventListener("click", () => {
    state.turned = !state.turned;
    showChoices();
    order();
  });
  $("clear").addEventListener("click", clear);
  $("reset").addEventListener("click", () => {
    $("search").value = $("predicted").value = "";
    $("split").value = $("label").value = "-1";
    filter();
    $("search").focus();
  });
  $("fit").addEventListener("click", fit);
  $("in").addEventListener("click", () => zoom(1 / 1.4, map.width / 2, map.height / 2));
  $("out").addEventListener("click", () => zoom(1.4, map.width / 2, map.height / 2));
  $("export").addEventListener("click", download);
  $("table-open").addEventListener("click", () => {
    fillTable();
    $("table").showModal();
  });
  $("table-close").addEventListener("click", () => $("table").close());
  for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => setMode(button.dataset.mode));
  for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => setTool(button.dataset.tool));
  listenToBar(filter);
  dark.addEventListener("change", readLooks);
  new ResizeObserver(resize).observe($("map"));

  measure();
  resize();
  readLooks();
  setTool("select");
  setMode(new URLSearchParams(location.hash.slice(1)).get("mode") === "compare" ? "compare" : "map");
  if (document.readyState === "complete") readTexts();
  else window.addEventListener("DOMContentLoaded", readTexts); // after the deferred texts.js
