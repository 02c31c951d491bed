/** The code of a run, to be pasted: the same columns, scalings and options. */
import type { Feature } from '../features/features.ts';
import type { Column } from '../tables/table.ts';
import type { Settings } from '../work/runs.ts';

/** How a file of text is written: what a reader found out of it. */
export interface Delimited {
  readonly delimiter: string;
  /** A name that TextDecoder knows. */
  readonly encoding: string;
  /** Records above the names of the columns: titles and notes. */
  readonly above: number;
  /** Whether the first record behind them has the names of the columns. */
  readonly hasHeader: boolean;
  /** Values of a record: those with more are no rows. */
  readonly width: number;
  readonly decimal: '.' | ',';
}

export interface Recipe {
  readonly settings: Settings;
  /** Name of the file. */
  readonly table: string;
  readonly columns: readonly Pick<Column, 'name' | 'measure'>[];
  readonly features: readonly Feature[];
  /** The column of weights. */
  readonly weights: number | null;
  /** Null: the table comes from elsewhere, and is taken from the CSV file that the page gives of it. */
  readonly delimited: Delimited | null;
  /** Where a page loads the library from: the address of its `index.js`. */
  readonly library: string;
}

const CSV: Delimited = {
  delimiter: ',',
  encoding: 'utf-8',
  above: 0,
  hasHeader: true,
  width: Infinity,
  decimal: '.',
};

/** `npm`: a module for Node. `script`: a page, which asks for the file. */
export function codeOf(recipe: Recipe): { readonly npm: string; readonly script: string } {
  const call = recipe.settings.model === 'kmeans' ? 'kmeans' : 'gaussianMixture';
  const delimited = recipe.delimited ?? CSV;
  const file = recipe.delimited === null ? `${recipe.table.replace(/\.[^.]*$/, '')}.csv` : recipe.table;
  const source = recipe.delimited === null ? '// The file: what “Download as CSV” gives of this table.\n' : '';
  const rows = `parse(text)${rowsOf(delimited)}`;
  const isUtf8 = delimited.encoding === 'utf-8';
  const decoder = `new TextDecoder(${quoted(delimited.encoding)})`;
  const reading = isUtf8
    ? `await readFile(${quoted(file)}, 'utf8')`
    : `${decoder}.decode(await readFile(${quoted(file)}))`;
  const hearing = isUtf8 ? 'await target.files[0].text()' : `${decoder}.decode(await target.files[0].arrayBuffer())`;
  const npm = `// npm install webgpu-clustering
import { readFile } from 'node:fs/promises';
import { ${call} } from 'webgpu-clustering';

${source}const text = ${reading};
const rows = ${rows};

${clustering(recipe, call, delimited)}
console.log('rows of each cluster', counts);

${parser(delimited.delimiter)}`;
  const inPage = `const text = ${hearing};
const rows = ${rows};

${clustering(recipe, call, delimited)}
document.querySelector('pre').textContent = \`Rows of each cluster: \${counts.join(', ')}\`;`;
  const script = `<!doctype html>
<meta charset="utf-8">
<title>${escaped(recipe.table)} in clusters</title>
<script type="importmap">
${JSON.stringify({ imports: { 'webgpu-clustering': recipe.library } }, null, 2).replaceAll('<', '\\u003c')}
</script>

<label>${escaped(file)} <input type="file"></label>
<pre></pre>

<script type="module">
import { ${call} } from 'webgpu-clustering';

document.querySelector('input').addEventListener('change', async ({ target }) => {
${indented(inPage)}
});

${parser(delimited.delimiter)}</script>
`;
  return { npm, script };
}

/** Without what stands above them, and without records that are longer, which the page left out. */
function rowsOf({ above, hasHeader, width }: Delimited): string {
  const first = above + (hasHeader ? 1 : 0);
  return `${first > 0 ? `.slice(${first})` : ''}${width < Infinity ? `.filter((row) => row.length <= ${width})` : ''}`;
}

function clustering({ settings, columns, features, weights }: Recipe, call: string, delimited: Delimited): string {
  const used = [...features.map(({ column }) => column), ...(weights === null ? [] : [weights])];
  const measures = new Set(used.map((column) => columns[column].measure));
  const helpers = [
    measures.has('number') && (delimited.decimal === ',' ? NUMBER_WITH_COMMA : NUMBER),
    measures.has('time') && MINUTES,
    measures.has('date') && DATE,
    measures.has('boolean') && TRUTH,
    features.some(({ scaling }) => scaling === 'log') && LOG,
    features.some(({ fill }) => fill !== undefined) && FILL,
  ].filter((helper) => helper !== false);
  const lines = features.map(
    (feature) => `  (row) => ${formula(feature, columns)}, // ${quoted(feature.name)}, ${feature.scaling}`,
  );
  return `// Of the texts of a row, what is clustered: (value - centre) / unit.
${helpers.join('\n')}
const features = [
${lines.join('\n')}
];

// Rows without gaps; model.labels are theirs.
const used = rows.filter((row) => features.every((feature) => Number.isFinite(feature(row))));
const data = Float32Array.from(used.flatMap((row) => features.map((feature) => feature(row))));
const model = await ${call}(
  { data, shape: [used.length, features.length] },
  { ${[...optionsOf(settings), ...weightsOf(weights, columns)].join(', ')} },
);
const counts = Array(model.k).fill(0);
for (const label of model.labels) counts[label]++;`;
}

const NUMBER = `const number = (text = '') => (text.trim() === '' ? NaN : Number(text.replaceAll(',', '')));`;
const NUMBER_WITH_COMMA = `const number = (text = '') => (text.trim() === '' ? NaN : Number(text.replaceAll('.', '').replace(',', '.')));`;
const MINUTES = `const minutes = (text = '') => {
  const [hours, rest = NaN, seconds = 0] = text.split(':').map(Number);
  return text.includes(':') ? 60 * hours + rest + seconds / 60 : NaN;
};`;
const DATE = `// Of dates such as 2001-03-12 or 2001-03-12 14:05, in UTC where they name no zone.
const date = (text = '') => {
  const time = text.trim().replace(' ', 'T');
  return Date.parse(!time.includes(':') || /(Z|[+-]\\d\\d:?\\d\\d)$/.test(time) ? time : \`\${time}Z\`);
};`;
const TRUTH = `const truth = (text = '') => (text.trim() === '' ? NaN : Number(/^(true|yes|[ty1])$/i.test(text.trim())));`;
const LOG = 'const log = (value, unit) => Math.sign(value) * Math.log1p(Math.abs(value) / unit);';
const FILL = 'const fill = (value, median) => (Number.isFinite(value) ? value : median);';

const READERS = { number: 'number', time: 'minutes', date: 'date', boolean: 'truth', text: 'number' } as const;

function formula(
  { column, part, scaling, centre, unit, parameter, fill }: Feature,
  columns: Recipe['columns'],
): string {
  const read = `${READERS[columns[column].measure]}(row[${column}])`;
  const value = fill === undefined ? read : `fill(${read}, ${fill})`;
  const transformed =
    part !== 'value'
      ? `Math.${part === 'sine' ? 'sin' : 'cos'}((2 * Math.PI * ${value}) / ${parameter})`
      : scaling === 'log'
        ? `log(${value}, ${parameter})`
        : value;
  const centred = `${transformed} ${centre < 0 ? '+' : '-'} ${Math.abs(centre)}`;
  return unit === 1 ? centred : `(${centred}) / ${unit}`;
}

/** Those that differ from the library's defaults, and those that one would look for. */
function optionsOf({ model, k, covariance, temperature, restarts, seed, backend }: Settings): string[] {
  return [
    `k: ${k}`,
    ...(model === 'mixture' ? [`covarianceType: '${covariance}'`] : []),
    ...(model === 'mixture' && temperature !== 1 ? [`temperature: ${temperature}`] : []),
    ...(restarts > 1 ? [`nInit: ${restarts}`] : []),
    `seed: ${seed}`,
    ...(backend === 'auto' ? [] : [`backend: '${backend}'`]),
  ];
}

function weightsOf(weights: number | null, columns: Recipe['columns']): string[] {
  if (weights === null) return [];
  return [`sampleWeight: Float32Array.from(used, (row) => ${READERS[columns[weights].measure]}(row[${weights}]))`];
}

function parser(delimiter: string): string {
  const text = delimiter === '\t' ? '\\t' : delimiter.replace(/[\\\]^/-]/, '\\$&');
  const plain = `[^${text}\\r\\n]*`;
  const end = /^[,;\t ]$/.test(delimiter) ? text : `[${text}]`;
  return `/** Rows of texts. A text in quotes may have delimiters and ends of lines in it, and its quotes are doubled. */
function parse(file) {
  const rows = [];
  let row = [];
  for (const [, quoted, plain, end] of file.matchAll(/(?:"([^"]*(?:""[^"]*)*)"|(${plain}))(${end}|\\r?\\n|\\r|$)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ${quoted(delimiter)}) continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
`;
}

/** For code and its comments, in a page too: nothing in it ends a line, a string or a script. */
function quoted(text: string): string {
  const codes = (found: string) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replace(/[<\u2028\u2029]/g, codes)}'`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
