// The page's only script, put together from the files that it names. Everything from the data set
// reaches the page through textContent, or as an attribute's text; `require-trusted-types-for` in the
// page's policy forbids any other way.
"use strict";
(() => {
  const data = window.EXPLORER;
  const count = data.count;
  // {{ dom.js }}

  // {{ texts.js }}

  // {{ columns.js }}

  // {{ ranks.js }}

  // {{ state.js }}

  // {{ raster.js }}

  // {{ map.js }}

  // {{ brush.js }}

  // {{ curves.js }}

  // {{ rows.js }}

  // {{ bar.js }}

  // {{ list.js }}

  // {{ detail.js }}

  // {{ summary.js }}

  // {{ export.js }}

  // {{ start.js }}
})();
