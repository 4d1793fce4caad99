// The page's only script, put together from the files that it names. Everything from the data set
// reaches the page through textContent, or as an attribute's text; `require-trusted-types-for` in the
// page's policy forbids any other way.
"use strict";
(() => {
  const data = window.EXPLORER;
  const count = data.count;
  const $ = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const draw = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    return node;
  };
  const whole = (number) => number.toLocaleString("en");
  let saying;
  function say(message) {
    clearTimeout(saying); // only where typing or dragging ends
    saying = setTimeout(() => ($("live").textContent = message), 350);
  }

  // {{ texts.js }}

  // {{ columns.js }}

  // {{ ranks.js }}

  // {{ state.js }}

  // {{ raster.js }}

  // {{ map.js }}

  // {{ brush.js }}

  // {{ curves.js }}

  // {{ list.js }}

  // {{ detail.js }}

  // {{ summary.js }}

  // {{ export.js }}

  // {{ start.js }}
})();
