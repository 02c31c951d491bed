// @ts-check

import { byId, make } from '../parts.mjs';
import { embed } from './embed.mjs';
import { sentences } from './sentences.mjs';
import { topicsOf } from './topics.mjs';

/** @typedef {Awaited<ReturnType<typeof topicsOf>>} Topics */

/** @param {Topics} found */
function showTable({ k, table, elbow }) {
  const rows = table.map((row) => {
    const marks = [row.k === k ? 'best' : '', row.k === elbow ? 'elbow' : ''].filter(Boolean);
    const bar = make('span');
    bar.className = 'bar';
    bar.style.width = `${100 * Math.max(0, row.silhouette ?? 0)}%`;
    const heading = make('th', String(row.k), ...marks.map((mark) => make('small', mark)));
    heading.setAttribute('scope', 'row');
    const figures = [row.silhouette?.toFixed(3) ?? '–', bar, row.inertia.toFixed(1)];
    const line = make('tr', heading, ...figures.map((figure) => make('td', figure)));
    if (row.k === k) line.className = 'best';
    return line;
  });
  byId('table').replaceChildren(...rows);
}

/** @param {Topics} found */
function showTopics({ topics }) {
  const clusters = topics.map(({ size, texts }, i) =>
    make(
      'li',
      make('h3', `Cluster ${i + 1}`, make('small', `${size} sentences`)),
      make('ul', ...texts.map((text) => make('li', text))),
    ),
  );
  byId('clusters').replaceChildren(...clusters);
}

const result = byId('result');
try {
  const texts = sentences();
  byId('count').textContent = String(texts.length);
  const found = await topicsOf(texts, embed(texts));
  showTable(found);
  showTopics(found);
  byId('message').textContent = `${texts.length} sentences fall into ${found.k} clusters.`;
  result.hidden = false;
  result.dataset.status = 'done';
} catch (error) {
  byId('message').textContent = `It did not work: ${error instanceof Error ? error.message : error}`;
  result.dataset.status = 'error';
}
