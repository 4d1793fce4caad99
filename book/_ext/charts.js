// Draws every chart of the page when it comes near the window, and again when the colours change;
// under each is a table of its numbers, filled when it is opened.
(() => {
  // What charts call their colours by, and how each is drawn on a light and on a dark page. Of the
  // first seven any two differ for people without full colour vision too, and each stands out from
  // the page (tests/test_chart_colours.py).
  const INKS = {
    '#2f6db3': ['#396cb4', '#71aaf7'],
    '#c2452d': ['#c33d2b', '#fa7c53'],
    '#d99a2b': ['#ab901c', '#f1bd47'],
    '#8c4a8c': ['#7e4481', '#ad7abe'],
    '#4f8a5b': ['#70936b', '#98cba0'],
    '#3aa3a0': ['#11a2a9', '#65dce6'],
    '#7b8794': ['#727171', '#97a5a7'],
    '#5a3a1e': ['#4a2a12', '#a64c11'],
    '#9fb0bf': ['#7d8e9d', '#6d7c8a'],
    '#a9c4e4': ['#a9c4e4', '#3d6291'],
    '#b9c2cb': ['#b9c2cb', '#56616c'],
    '#1c2733': ['#1c2733', '#d5dbe1'],
  };
  const CATEGORIES = Object.keys(INKS).slice(0, 7);
  const MOST = 200; // rows of a table; all are in the file

  const unpack = (data) => {
    if (!data || !data.$columns) return data;
    const names = Object.keys(data.$columns);
    return data.$columns[names[0]].map((_, row) =>
      Object.fromEntries(names.map((name) => [name, data.$columns[name][row]])));
  };
  const isDark = () => document.documentElement.dataset.theme === 'dark';
  const charts = new Map();

  // Dark ink given as a value is a number's on a pale cell, which is pale on a dark page too.
  function inked(part, dark, key) {
    if (typeof part === 'string') {
      const ink = INKS[part.toLowerCase()];
      return ink && !(key === 'value' && part.toLowerCase() === '#1c2733') ? ink[dark] : part;
    }
    if (Array.isArray(part)) return part.map((one) => inked(one, dark, key));
    if (!part || typeof part !== 'object') return part;
    return Object.fromEntries(Object.entries(part).map(([name, one]) =>
      [name, name === 'datasets' || name === 'values' ? one : inked(one, dark, name)]));
  }

  async function draw(figure) {
    const chart = charts.get(figure);
    const dark = Number(isDark());
    const drawn = await vegaEmbed(figure.querySelector('.study-chart-view'), inked(chart.spec, dark), {
      mode: 'vega-lite',
      renderer: (chart.spec.usermeta || {}).renderer || 'svg',
      theme: dark ? 'dark' : undefined,
      config: {
        background: 'transparent',
        text: { color: dark ? '#d5dbe1' : '#1c2733' },
        range: { category: CATEGORIES.map((name) => INKS[name][dark]) },
      },
      actions: { export: true, source: false, compiled: false, editor: false },
    });
    if (chart.view) chart.view.finalize();
    chart.view = drawn.view;
    figure.chartView = drawn.view;
    figure.querySelector('.vega-embed > details > summary')?.setAttribute('aria-label', 'Save the chart');
    // A brush's own rectangles have no name, and nothing to say to who does not see them.
    for (const node of figure.querySelectorAll('svg [role^="graphics-"]:not([aria-label])'))
      if (!node.querySelector('[aria-label]')) node.setAttribute('aria-hidden', 'true');
    if (!performance.getEntriesByName('first-chart').length) performance.mark('first-chart');
    figure.dataset.drawn = 'yes';
  }

  // --- the numbers behind a chart -----------------------------------------------------------------

  const make = (tag, text) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const shown = (value) => {
    if (value === null || value === undefined) return '—';
    if (typeof value !== 'number') return typeof value === 'object' ? JSON.stringify(value) : String(value);
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  };

  function tablesOf(figure, spec) {
    const details = make('details');
    details.className = 'study-chart-data';
    details.append(make('summary', 'Numbers behind this chart'));
    details.addEventListener('toggle', () => {
      if (details.childElementCount > 1) return;
      const tables = Object.values(spec.datasets).filter((rows) => Array.isArray(rows) && rows.length);
      tables.forEach((rows, n) => details.append(...tableOf(figure, rows, tables.length > 1 ? n + 1 : 0)));
    });
    return details;
  }

  function tableOf(figure, rows, number) {
    const names = Object.keys(Object(rows[0]));
    const name = number ? `Table ${number} of this chart` : 'Table of this chart';
    const save = make('button', `Save ${rows.length.toLocaleString('en')} rows as CSV`);
    save.type = 'button';
    save.addEventListener('click', () => saveAs(`chart-${[...charts.keys()].indexOf(figure) + 1}${number ? `-${number}` : ''}.csv`, names, rows));
    const frame = make('div');
    frame.tabIndex = 0;
    frame.setAttribute('role', 'region');
    frame.setAttribute('aria-label', name);
    const table = make('table');
    const head = table.createTHead().insertRow();
    for (const column of names) {
      const cell = make('th', column);
      cell.scope = 'col';
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows.slice(0, MOST)) {
      const line = body.insertRow();
      for (const column of names) line.insertCell().textContent = shown(row[column]);
    }
    frame.append(table);
    const rest = rows.length > MOST ? `The first ${MOST} of ${rows.length.toLocaleString('en')} rows; the file has all.` : '';
    return [make('p', rest), frame, save];
  }

  // What a spreadsheet would run begins with an apostrophe.
  const quoted = (value) => {
    if (value === null || value === undefined) return '';
    if (typeof value === 'number') return String(value);
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `"${text.replace(/^(?=\s*[=+\-@])/, "'").replaceAll('"', '""')}"`;
  };

  function saveAs(file, names, rows) {
    const lines = [names.map(quoted), ...rows.map((row) => names.map((name) => quoted(row[name])))];
    const link = make('a');
    link.href = URL.createObjectURL(new Blob([lines.map((line) => `${line.join(',')}\n`).join('')], { type: 'text/csv;charset=utf-8' }));
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  // --- when ---------------------------------------------------------------------------------------

  for (const figure of document.querySelectorAll('figure.study-chart')) {
    const spec = JSON.parse(figure.querySelector('script').textContent);
    for (const name of Object.keys(spec.datasets || {})) spec.datasets[name] = unpack(spec.datasets[name]);
    charts.set(figure, { spec, view: null });
    if (spec.datasets) figure.append(tablesOf(figure, spec));
  }

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: '500px' });
  for (const figure of charts.keys()) near.observe(figure);

  let wasDark = isDark();
  new MutationObserver(() => {
    if (isDark() === wasDark) return;
    wasDark = isDark();
    for (const [figure, chart] of charts) if (chart.view) draw(figure);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
})();
