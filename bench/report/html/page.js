/* What a browser with script adds to the page: tables that sort by a click on a head, and the big one filtered. */
(() => {
  'use strict';

  const value = (row, column) => {
    const cell = row.cells[column];
    const key = cell.dataset.v;
    return key === undefined ? cell.textContent.trim() : key === '' ? null : Number(key);
  };

  // What is not known comes last, whichever way round.
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)));
  };

  const sort = (table, head) => {
    const sign = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) if (other.hasAttribute('aria-sort')) other.setAttribute('aria-sort', 'none');
    head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
    rows.sort((a, b) => compare(a[0], b[0], sign));
    body.append(...rows.map(([, row]) => row));
  };

  for (const table of document.querySelectorAll('table.sortable')) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute('aria-sort', 'none');
      button.addEventListener('click', () => sort(table, head));
    }
  }

  const form = document.getElementById('filter');
  if (form === null) return;
  const rows = [...document.querySelectorAll('table.sortable')][0].tBodies[0].rows;
  const said = form.querySelector('output');
  const filter = () => {
    const words = form.querySelector('input').value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    said.textContent = `${shown} of ${rows.length} rows`;
  };
  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
