// @ts-check
import file from '../../../node_modules/vega-datasets/data/airports.csv?url';
import { byId, draw, make } from '../parts.mjs';
import { clustered, readAirports } from './places.mjs';

const [WIDTH, HEIGHT] = [720, 330];
/** Degrees at the edges, eastwards from Greenwich: 300 is 60° west. */
const [WEST, EAST, SOUTH, NORTH] = [120, 300, -5, 75];

/** @typedef {import('./places.mjs').Place} Place */
/** @typedef {import('./places.mjs').Cluster} Cluster */

/** @param {number} longitude */
const across = (longitude) => ((((longitude - WEST) % 360) + 360) % 360) * (WIDTH / (EAST - WEST));
/** @param {number} latitude */
const up = (latitude) => (NORTH - latitude) * (HEIGHT / (NORTH - SOUTH));

/** Colours that differ from those of clusters of about the same size. */
const colourOf = (/** @type {number} */ cluster) => `of-${cluster % 6}`;

/**
 * @param {readonly Place[]} places
 * @param {readonly Cluster[]} clusters
 */
function showMap(places, clusters) {
  const meridians = Array.from({ length: 5 }, (_, i) => 150 + 30 * i);
  byId('plot').replaceChildren(
    ...meridians.flatMap((degrees) => [
      draw('line', {
        x1: across(degrees),
        x2: across(degrees),
        y1: 0,
        y2: HEIGHT,
        class: degrees === 180 ? 'date' : '',
      }),
      draw(
        'text',
        { x: across(degrees) + 4, y: HEIGHT - 6 },
        degrees === 180 ? '180°' : degrees < 180 ? `${degrees}° E` : `${360 - degrees}° W`,
      ),
    ]),
    ...places.map(({ properties, geometry: { coordinates } }) =>
      draw('circle', {
        cx: across(coordinates[0]).toFixed(1),
        cy: up(coordinates[1]).toFixed(1),
        r: 1.8,
        class: colourOf(properties.cluster ?? 0),
      }),
    ),
    ...clusters.map(({ centroid }, cluster) =>
      draw('circle', { cx: across(centroid[0]), cy: up(centroid[1]), r: 7, class: `centroid ${colourOf(cluster)}` }),
    ),
  );
}

/** @param {readonly Cluster[]} clusters */
function showTable(clusters) {
  const head = ['Airports', 'About', 'Farthest'].map((text) => make('th', text));
  for (const heading of head) heading.setAttribute('scope', 'col');
  const lines = clusters.map(({ count, nearest, farthest }, cluster) => {
    const badge = make('span', String(count));
    badge.className = `badge ${colourOf(cluster)}`;
    const heading = make('th', badge);
    heading.setAttribute('scope', 'row');
    return make('tr', heading, make('td', nearest.name), make('td', `${Math.round(farthest).toLocaleString('en')} km`));
  });
  byId('clusters').replaceChildren(make('thead', make('tr', ...head)), make('tbody', ...lines));
}

const result = byId('result');
const k = /** @type {HTMLInputElement} */ (byId('k'));
const choice = /** @type {HTMLFormElement} */ (byId('choice'));

/** @param {readonly Place[]} airports */
function show(airports) {
  const spherical = new FormData(choice).get('distances') === 'globe';
  byId('chosen').textContent = k.value;
  const start = performance.now();
  const { places, clusters } = clustered(airports, Number(k.value), spherical);
  const ms = performance.now() - start;
  showMap(places, clusters);
  showTable(clusters);
  byId('message').textContent =
    `${airports.length.toLocaleString('en')} airports in ${clusters.length} clusters, in ${ms.toFixed(0)} ms here.`;
}

try {
  const airports = readAirports(await (await fetch(file)).text());
  show(airports);
  choice.addEventListener('input', () => show(airports));
  result.hidden = false;
  result.dataset.status = 'done';
} catch (error) {
  byId('message').textContent = `It did not work: ${error instanceof Error ? error.message : error}`;
  result.dataset.status = 'error';
}
