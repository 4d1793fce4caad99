  // --- what both pages have above their lists ----------------------------------------------------

  // `/` goes to the search, Escape empties it, or leaves the row in full.
  function listenToBar(update) {
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea, dialog");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        $("search").focus();
        $("search").select();
      }
      if (event.key !== "Escape") return;
      if (event.target === $("search") && $("search").value) {
        $("search").value = "";
        update();
      } else if (event.target.closest("#detail")) closeDetail();
    });
    $("search").addEventListener("input", update);
    $("about-open").addEventListener("click", () => $("about").showModal());
    $("about-close").addEventListener("click", () => $("about").close());
    $("filters-toggle").addEventListener("click", () => {
      $("filters-toggle").ariaExpanded = String(document.documentElement.classList.toggle("filters"));
    });
  }

  // The names that occur, each with how often, in the order given.
  function optionsOf(select, order, names, values) {
    const counts = new Int32Array(names.length);
    for (const value of values) if (value >= 0) counts[value] += 1;
    for (const code of order) {
      if (!counts[code]) continue;
      const option = make("option", "", `${names[code]} (${whole(counts[code])})`);
      option.value = code;
      select.append(option);
    }
  }
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  const inOrder = (names) => Array.from(names.keys()).sort((a, b) => byName(names[a], names[b]));

  // Folding 20,000 long texts takes a second: done bit by bit while nobody waits for it.
  function foldAhead(from) {
    const until = performance.now() + 6;
    let i = from;
    while (i < count && performance.now() < until) foldedText(i++);
    if (i < count) setTimeout(foldAhead, 10, i);
  }
