// @ts-check
import flights from '../../../node_modules/vega-datasets/data/flights-3m.parquet?url';
import { byId, draw, make } from '../parts.mjs';
import { clustered } from './clusters.mjs';
import { openFile } from './sources.mjs';

const [WIDTH, HEIGHT, LEFT, BOTTOM, LARGEST] = [480, 320, 48, 40, 46];
/** Columns that are chosen at first. */
const FIRST = 4;

const result = byId('result');
const columns = byId('columns');
const choice = /** @type {HTMLFormElement} */ (byId('choice'));
const [run, stop] = ['run', 'stop'].map((id) => /** @type {HTMLButtonElement} */ (byId(id)));
const picked = /** @type {HTMLInputElement} */ (byId('file'));

/** @type {import('./sources.mjs').Opened | null} */
let opened = null;
let name = '';
let controller = new AbortController();
/** Files that were chosen: of two in a row the last one counts. */
let files = 0;

/** @param {string} text */
const say = (text) => {
  byId('message').textContent = text;
};
const count = (/** @type {number} */ value) => value.toLocaleString('en');
const short = (/** @type {number} */ value) => value.toLocaleString('en', { maximumSignificantDigits: 4 });

/** @param {unknown} error */
function fail(error) {
  say(`It did not work: ${error instanceof Error ? error.message : error}`);
  result.dataset.status = 'error';
}

/** @param {Blob} file @param {string} called */
async function open(file, called) {
  controller.abort();
  const own = ++files;
  try {
    const found = await openFile(file);
    if (own !== files) return;
    opened = found;
    if (opened.names.length === 0) throw new TypeError('the file has no columns of numbers');
    name = called;
    columns.replaceChildren(
      make('legend', 'Columns'),
      ...opened.names.map((title, j) => {
        const box = /** @type {HTMLInputElement} */ (make('input'));
        Object.assign(box, { type: 'checkbox', name: 'column', value: title, checked: j < FIRST });
        return make('label', box, ` ${title}`);
      }),
    );
    columns.hidden = false;
    run.disabled = false;
    await cluster();
  } catch (error) {
    if (own === files) fail(error);
  }
}

async function cluster() {
  if (opened === null) return;
  const given = new FormData(choice);
  const names = given.getAll('column').map(String);
  if (names.length === 0) return say('Choose at least one column.');
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  result.dataset.status = 'running';
  stop.hidden = false;
  byId('pass').hidden = false;
  say(`Clustering ${name}…`);
  const start = performance.now();
  let total = opened.rows;
  try {
    const done = await clustered(opened.source(names), {
      k: Number(/** @type {HTMLInputElement} */ (byId('k')).value),
      exact: given.get('method') === 'exact',
      signal,
      async onRows({ pass, rows }) {
        if (pass > 1) total ??= rows;
        const bar = /** @type {HTMLProgressElement} */ (byId('progress'));
        if (total === undefined) bar.removeAttribute('value');
        else bar.value = rows / total;
        byId('rows').textContent = `pass ${pass}, ${count(rows)} rows`;
        // The picture has its turn.
        await new Promise((resolve) => setTimeout(resolve));
      },
    });
    show(names, done, performance.now() - start);
  } catch (error) {
    if (!signal.aborted) fail(error);
    else if (controller.signal === signal) {
      say('Stopped.');
      result.dataset.status = 'stopped';
    }
  }
  if (controller.signal === signal) stop.hidden = byId('pass').hidden = true;
}

/**
 * @param {readonly string[]} names
 * @param {Awaited<ReturnType<typeof clustered>>} done
 * @param {number} ms
 */
function show(names, { clusters, passes, largest }, ms) {
  const rows = clusters.reduce((sum, { count }) => sum + count, 0);
  const head = ['Share', ...names].map((text) => make('th', text));
  for (const heading of head) heading.setAttribute('scope', 'col');
  const lines = clusters.map(({ count, centroid }, c) => {
    const badge = make('span', `${((100 * count) / rows).toFixed(1)} %`);
    badge.className = `badge of-${c % 6}`;
    const heading = make('th', badge);
    heading.setAttribute('scope', 'row');
    return make('tr', heading, ...centroid.map((value) => make('td', short(value))));
  });
  byId('clusters').replaceChildren(make('thead', make('tr', ...head)), make('tbody', ...lines));
  showPlot(names, clusters, rows);
  byId('cost').textContent =
    `${count(passes)} passes over the file in ${(ms / 1000).toFixed(1)} s; never more than two blocks, of at most ` +
    `${count(largest)} rows, in memory: ${((100 * Math.min(rows, 2 * largest)) / rows).toFixed(0)} % of the rows. ` +
    'Columns count alike: they are scaled to deviation 1, which the first pass finds.';
  say(`${count(rows)} rows of ${name} fall into ${clusters.length} clusters.`);
  result.hidden = false;
  result.dataset.status = 'done';
}

/**
 * @param {readonly string[]} names
 * @param {Awaited<ReturnType<typeof clustered>>['clusters']} clusters
 * @param {number} rows
 */
function showPlot(names, clusters, rows) {
  const [x, y] = [0, 1].map((j) => {
    const values = clusters.map(({ centroid }) => centroid[j] ?? 0);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { low, span: high - low || 1 };
  });
  const across = (/** @type {number} */ value) =>
    LEFT + LARGEST + ((value - x.low) / x.span) * (WIDTH - LEFT - 2 * LARGEST);
  const up = (/** @type {number} */ value) =>
    HEIGHT - BOTTOM - LARGEST - ((value - y.low) / y.span) * (HEIGHT - BOTTOM - 2 * LARGEST);
  const ends = (/** @type {{ low: number, span: number }} */ { low, span }) => [low, low + span];
  byId('plot').replaceChildren(
    draw('line', { x1: LEFT, x2: WIDTH, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
    draw('line', { x1: LEFT, x2: LEFT, y1: 0, y2: HEIGHT - BOTTOM }),
    ...ends(x).map((value) =>
      draw('text', { x: across(value), y: HEIGHT - BOTTOM + 16, 'text-anchor': 'middle' }, short(value)),
    ),
    draw('text', { x: (LEFT + WIDTH) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, names[0]),
    ...(names.length > 1
      ? [
          ...ends(y).map((value) =>
            draw('text', { x: LEFT - 6, y: up(value) + 4, 'text-anchor': 'end' }, short(value)),
          ),
          draw(
            'text',
            { x: 12, y: HEIGHT / 2 - 20, 'text-anchor': 'middle', transform: `rotate(-90 12 ${HEIGHT / 2 - 20})` },
            names[1],
          ),
        ]
      : []),
    ...clusters.map(({ count, centroid }, c) =>
      draw('circle', {
        cx: across(centroid[0]).toFixed(1),
        cy: up(centroid[1] ?? 0).toFixed(1),
        r: Math.max(2, LARGEST * Math.sqrt(count / Math.max(rows / 2, ...clusters.map(({ count }) => count)))).toFixed(
          1,
        ),
        class: `of-${c % 6}`,
      }),
    ),
  );
}

choice.addEventListener('submit', (event) => {
  event.preventDefault();
  void cluster();
});
stop.addEventListener('click', () => controller.abort());
picked.addEventListener('change', () => {
  const file = picked.files?.[0];
  if (file !== undefined) void open(file, file.name);
});
byId('flights').addEventListener('click', async () => {
  try {
    say('Loading the flights…');
    await open(await (await fetch(flights)).blob(), 'the flights');
  } catch (error) {
    fail(error);
  }
});
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file !== undefined) void open(file, file.name);
});
