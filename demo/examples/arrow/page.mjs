// @ts-check
import { tableFromJSON } from 'apache-arrow';
import { kmeans } from 'webgpu-clustering';
import file from '../../../node_modules/vega-datasets/data/penguins.json?url';
import { byId, draw, make } from '../parts.mjs';
import { complete, countsBy, MEASURES, withClusters } from './clusters.mjs';

/** @typedef {Awaited<ReturnType<typeof withClusters>>} Clustered */
/** @typedef {Clustered['table']} Table */

/** Rows of the table that are shown: every so many. */
const EVERY = 38;
const [X, Y] = ['Flipper Length (mm)', 'Beak Length (mm)'];
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [480, 360, 44, 40];

/**
 * @param {string} id
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | Node)[])[]} rows the first cell of each is its heading
 */
function fill(id, head, rows) {
  const headings = head.map((text) => {
    const heading = make('th', text);
    heading.setAttribute('scope', 'col');
    return heading;
  });
  const lines = rows.map(([first, ...others]) => {
    const heading = make('th', first);
    heading.setAttribute('scope', 'row');
    return make('tr', heading, ...others.map((cell) => make('td', cell)));
  });
  byId(id).replaceChildren(make('thead', make('tr', ...headings)), make('tbody', ...lines));
}

/** @param {number} cluster */
function badge(cluster) {
  const mark = make('span', String(cluster));
  mark.className = `badge of-${cluster % 6}`;
  return mark;
}

/** @param {Clustered} clustered */
function showCounts({ table, model, tried }) {
  const counts = countsBy(table, 'Species', model.k);
  fill(
    'counts',
    ['Species', ...Array.from({ length: model.k }, (_, c) => `Cluster ${c}`)],
    counts.map(([species, row]) => [species, ...row.map(String)]),
  );
  fill(
    'tried',
    ['k', 'BIC'],
    tried.map(({ k, bic }) => [String(k), k === model.k ? make('b', `${bic.toFixed(0)}, the least`) : bic.toFixed(0)]),
  );
  const strays = counts.reduce((sum, [, row]) => sum + row.reduce((a, b) => a + b) - Math.max(...row), 0);
  byId('strays').textContent =
    `${table.numRows - strays} of ${table.numRows} penguins are in the cluster of most of their species.`;
}

/** @param {Table} table */
function showRows(table) {
  const shown = table.toArray().filter((_, i) => i % EVERY === 0);
  const names = ['Species', 'cluster', ...MEASURES];
  fill(
    'head',
    names,
    shown.map((row) => names.map((name) => (name === 'cluster' ? badge(row[name]) : String(row[name])))),
  );
}

/** @param {Table} table */
function showPlot(table) {
  const [x, y] = [X, Y].map((name) => axisOf(Array.from(table.getChild(name) ?? [], Number)));
  const across = (/** @type {number} */ value) => LEFT + ((value - x.low) / (x.high - x.low)) * (WIDTH - LEFT - 12);
  const up = (/** @type {number} */ value) =>
    HEIGHT - BOTTOM - ((value - y.low) / (y.high - y.low)) * (HEIGHT - BOTTOM - 12);
  const marks = Array.from(table.getChild('cluster') ?? [], (cluster, i) =>
    draw('circle', { cx: across(x.values[i]), cy: up(y.values[i]), r: 4, class: `of-${cluster % 6}` }),
  );
  byId('plot').replaceChildren(
    ...x.ticks.flatMap((value) => [
      draw('line', { x1: across(value), x2: across(value), y1: 12, y2: HEIGHT - BOTTOM }),
      draw('text', { x: across(value), y: HEIGHT - BOTTOM + 16, 'text-anchor': 'middle' }, String(value)),
    ]),
    ...y.ticks.flatMap((value) => [
      draw('line', { x1: LEFT, x2: WIDTH - 12, y1: up(value), y2: up(value) }),
      draw('text', { x: LEFT - 6, y: up(value) + 4, 'text-anchor': 'end' }, String(value)),
    ]),
    draw('text', { x: (LEFT + WIDTH) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, X),
    draw(
      'text',
      {
        x: 12,
        y: (HEIGHT - BOTTOM) / 2,
        'text-anchor': 'middle',
        transform: `rotate(-90 12 ${(HEIGHT - BOTTOM) / 2})`,
      },
      Y,
    ),
    ...marks,
  );
}

/** @param {readonly number[]} values */
function axisOf(values) {
  const step = 10;
  const [low, high] = [Math.floor(Math.min(...values) / step), Math.ceil(Math.max(...values) / step)];
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => (low + i) * step);
  return { values, ticks, low: low * step, high: high * step };
}

/**
 * What the library says of the rows that lack something.
 *
 * @param {Table} all
 * @param {number} left
 */
async function showNulls(all, left) {
  const columns = MEASURES.map((name) => all.getChild(name) ?? []);
  const said = await kmeans({ columns }, { k: 2 }).then(
    () => 'nothing',
    (error) => `“${error.message}”`,
  );
  byId('nulls').textContent =
    `${all.numRows - left} of ${all.numRows} rows lack measurements and were left out before: given the whole table, the library says ${said}.`;
}

const result = byId('result');
try {
  const all = tableFromJSON(await (await fetch(file)).json());
  const penguins = complete(all, MEASURES);
  const clustered = await withClusters(penguins, MEASURES);
  showPlot(clustered.table);
  showCounts(clustered);
  showRows(clustered.table);
  await showNulls(all, penguins.numRows);
  byId('message').textContent = `${penguins.numRows} penguins fall into ${clustered.model.k} clusters.`;
  result.hidden = false;
  result.dataset.status = 'done';
} catch (error) {
  byId('message').textContent = `It did not work: ${error instanceof Error ? error.message : error}`;
  result.dataset.status = 'error';
}
