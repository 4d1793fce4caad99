// Shared by the static pages, which put it into their own script: texts that nobody vouches for are shown,
// searched and exported. It needs `make(tag, className, text)`.
  // --- texts that nobody vouches for ------------------------------------------------------------
  // The same characters as review/_plain.py shows by number: what would move, reorder or hide a text.

  const HIDDEN =
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0d\ufdd0-\ufdef\u{e0000}-\u{e0fff}\p{Noncharacter_Code_Point}]/u;
  const HARMLESS = /[\n\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]/u;
  const hides = (c) => HIDDEN.test(c) && !HARMLESS.test(c);
  const byNumber = (c) =>
    c === "\t" ? "    " : `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

  const plain = (text) =>
    HIDDEN.test(text)
      ? Array.from(text.replaceAll("\r\n", "\n"), (c) => (hides(c) ? byNumber(c) : c)).join("")
      : text;

  // Puts a text into a node, its hidden characters by number and the places of words marked.
  function fill(node, text, words = []) {
    const shown = text.replaceAll("\r\n", "\n");
    const places = words.length ? placesOf(shown, words) : [];
    if (!places.length && !HIDDEN.test(shown)) {
      node.textContent = shown;
      return;
    }
    node.textContent = "";
    let held = "";
    let place = 0;
    let inside = false;
    let at = 0;
    const flush = () => {
      if (held) node.append(inside ? make("mark", "", held) : held);
      held = "";
    };
    for (const c of shown) {
      while (place < places.length && places[place][1] <= at) place += 1;
      const now = place < places.length && places[place][0] <= at;
      if (now !== inside) flush();
      inside = now;
      if (hides(c) && c !== "\t") {
        flush();
        node.append(make("span", "hides", byNumber(c)));
      } else held += c === "\t" ? "    " : c;
      at += c.length;
    }
    flush();
  }

  // --- search -----------------------------------------------------------------------------------

  const ACCENTS =
    /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\p{Cf}]/gu;
  const LETTERS = { ς: "σ", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe" };

  // Without case, accents and invisible characters: Ångström, ANGSTROM and ångström are one.
  function fold(text) {
    let folded = text;
    if (/[^\x00-\x7f]/.test(text)) {
      folded = text.normalize("NFKD").replace(ACCENTS, "").toUpperCase().toLowerCase();
      folded = folded.replace(/[ςøłđðþæœ]/g, (c) => LETTERS[c]);
    } else folded = text.toLowerCase();
    return /[^\S ]| {2}/.test(folded) ? folded.replace(/\s+/g, " ") : folded;
  }

  // Words in any order; "…" holds words together.
  function wordsOf(query) {
    const found = [];
    for (const [, phrase, word] of query.matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
      const one = fold(phrase ?? word).trim();
      if (one) found.push(one);
    }
    return found;
  }

  // Where the words are in a text, as merged [start, end] in its own characters.
  function placesOf(text, words) {
    const starts = [];
    let whole = "";
    let at = 0;
    for (const c of text) {
      let one = fold(c);
      if (one === " " && whole.endsWith(" ")) one = "";
      for (let n = 0; n < one.length; n += 1) starts.push(at);
      whole += one;
      at += c.length;
    }
    starts.push(text.length);
    const found = [];
    for (const word of words)
      for (let i = whole.indexOf(word); i >= 0; i = whole.indexOf(word, i + word.length)) {
        const end = starts[i + word.length];
        const last = starts[i + word.length - 1];
        found.push([starts[i], Math.max(end, last + 1)]);
      }
    found.sort((a, b) => a[0] - b[0]);
    const merged = [];
    for (const [start, end] of found) {
      const before = merged.at(-1);
      if (before && start <= before[1]) before[1] = Math.max(before[1], end);
      else merged.push([start, end]);
    }
    return merged;
  }

  // --- cells ------------------------------------------------------------------------------------
  // The rule of review/_inert.py, character for character: what a spreadsheet would run begins with
  // an apostrophe, and `difficulty_lib.review.restore_table` takes it back.

  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
  const PASSED =
    "[ \\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\xa0\\xad\\u034f\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f" +
    "\\u205f-\\u206f\\u3000\\ufeff\"'`\\u00ab\\u00bb\\u00b4\\u2018-\\u201f\\u2039\\u203a\\uff02\\uff07]*";
  const BEGINS = "[=+\\-@\\uff1d\\uff0b\\uff0d\\uff20\\u2212\\ufe62\\ufe63\\ufe66\\ufe6b]";
  const DANGEROUS = new RegExp(
    `(?:^(?=${PASSED}(?:${BEGINS}|[\\t\\r\\n]))|(?<=[;\\t\\r\\n])(?=${PASSED}${BEGINS}))`,
    "gu",
  );
  const inert = (text) => (NUMBER.test(text) ? text : text.replace(DANGEROUS, "'"));
  const quoted = (text) => `"${inert(text).replaceAll('"', '""')}"`;
