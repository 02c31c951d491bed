/** Settings ↔ link: what is clustered and how, by names, so that it holds for a file that has changed a little. */

import type { CovarianceType } from '../../src/index.ts';
import type { Choices, ColumnChoice, Scaling } from '../features/features.ts';
import { SCALINGS } from '../features/features.ts';
import type { AxesChoice } from '../picture/scene.ts';
import type { Column } from '../tables/table.ts';
import { COVARIANCES, type Settings } from '../work/runs.ts';

/** Axes by the names of their columns. */
export type NamedAxes =
  | { readonly kind: 'columns'; readonly x: string; readonly y: string }
  | { readonly kind: 'components'; readonly count: 2 | 3 }
  | { readonly kind: 'space'; readonly x: string; readonly y: string; readonly z: string };

export interface NamedColumn {
  readonly name: string;
  readonly scaling: Scaling;
  /** Of `cyclic`. */
  readonly period: number | null;
}

/** What there is to know of a table to find its columns. */
export interface Named {
  readonly columns: readonly Pick<Column, 'name' | 'measure'>[];
}

export interface Link {
  /** Of the built-in sets, or `OWN_FILE`; null where nothing is said. */
  readonly source: string | null;
  /** Null: as suggested. */
  readonly columns: readonly NamedColumn[] | null;
  readonly weights: string | null;
  /** Null: as suggested. */
  readonly gaps: Choices['gaps'] | null;
  readonly settings: Settings;
  /** Null: whatever shows most. */
  readonly axes: NamedAxes | null;
}

export const MOST_CLUSTERS = 256;
const MOST_RESTARTS = 100;

export const DEFAULT_SETTINGS: Settings = {
  model: 'kmeans',
  k: 8,
  covariance: 'full',
  temperature: 1,
  restarts: 1,
  seed: 0,
  backend: 'auto',
};

const MODELS = ['kmeans', 'mixture'] as const satisfies readonly Settings['model'][];
const BACKENDS = ['auto', 'cpu', 'webgpu'] as const satisfies readonly Settings['backend'][];
const GAPS = ['leave-out', 'fill'] as const satisfies readonly Choices['gaps'][];

/** The source of a link to a file of the user's own, which it cannot hold. */
export const OWN_FILE = 'own';

/** For the part of an address behind `?` or `#`. What is as it is by default is left away, but for model, k and seed. */
export function toAddress({ source, columns, weights, gaps, settings, axes }: Link): string {
  const words = new URLSearchParams();
  const put = (name: string, value: string | number | null, unless?: string | number) => {
    if (value !== null && value !== unless) words.append(name, String(value));
  };
  put('data', source);
  for (const { name, scaling, period } of columns ?? []) {
    words.append(scaling, scaling === 'cyclic' ? `${period ?? ''}:${name}` : name);
  }
  put('weights', weights);
  put('gaps', gaps);
  put('model', settings.model);
  put('k', settings.k);
  if (settings.model === 'mixture') {
    put('covariance', settings.covariance, DEFAULT_SETTINGS.covariance);
    put('temperature', settings.temperature, DEFAULT_SETTINGS.temperature);
  }
  put('restarts', settings.restarts, DEFAULT_SETTINGS.restarts);
  put('seed', settings.seed);
  put('engine', settings.backend, DEFAULT_SETTINGS.backend);
  if (axes?.kind === 'components') put('components', axes.count);
  else if (axes) for (const name of ['x', 'y', ...(axes.kind === 'space' ? ['z'] : [])]) put(name, nameOn(axes, name));
  return words.toString();
}

function nameOn(axes: Exclude<NamedAxes, { kind: 'components' }>, name: string): string {
  if (name === 'x') return axes.x;
  return name === 'z' && axes.kind === 'space' ? axes.z : axes.y;
}

/**
 * Never throws: what cannot be understood is as it is by default, and told of. Words that mean nothing here are somebody
 * else's.
 *
 * @param text with its `?` or `#`, or without
 * @param sources the built-in sets
 */
export function fromAddress(
  text: string,
  sources: readonly string[],
): { readonly link: Link; readonly notices: readonly string[] } {
  const words = new URLSearchParams(text.replace(/^[?#]/, ''));
  const notices: string[] = [];
  const wordOf = <T extends string>(name: string, allowed: readonly T[], otherwise: T): T => {
    const given = words.get(name);
    const word = allowed.find((each) => each === given);
    if (given === null || word !== undefined) return word ?? otherwise;
    notices.push(
      `The address says ${name}=${shown(given)}, which is none of ${allowed.join(', ')}: ${otherwise} is used.`,
    );
    return otherwise;
  };
  const numberOf = (name: string, otherwise: number, isRight: (value: number) => boolean, what: string): number => {
    const given = words.get(name);
    if (given === null) return otherwise;
    // Of spaces Number makes 0, and it knows numbers of other bases.
    const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(given) ? Number(given) : Number.NaN;
    if (isRight(value)) return value;
    notices.push(`The address says ${name}=${shown(given)}, which is not ${what}: ${otherwise} is used.`);
    return otherwise;
  };
  const isWhole = (least: number, most: number) => (value: number) =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  const isTemperature = (value: number) => value === 0 || (value >= 1e-9 && value <= 1e30);
  const settings: Settings = {
    model: wordOf('model', MODELS, DEFAULT_SETTINGS.model),
    k: numberOf('k', DEFAULT_SETTINGS.k, isWhole(1, MOST_CLUSTERS), `a whole number from 1 to ${MOST_CLUSTERS}`),
    covariance: wordOf('covariance', Object.keys(COVARIANCES) as CovarianceType[], DEFAULT_SETTINGS.covariance),
    temperature: numberOf(
      'temperature',
      DEFAULT_SETTINGS.temperature,
      isTemperature,
      '0 or a number from 1e-9 to 1e30',
    ),
    restarts: numberOf(
      'restarts',
      DEFAULT_SETTINGS.restarts,
      isWhole(1, MOST_RESTARTS),
      `a whole number from 1 to ${MOST_RESTARTS}`,
    ),
    seed: numberOf(
      'seed',
      DEFAULT_SETTINGS.seed,
      isWhole(0, Number.MAX_SAFE_INTEGER),
      'a whole number from 0 to 2⁵³ − 1',
    ),
    backend: wordOf('engine', BACKENDS, DEFAULT_SETTINGS.backend),
  };
  const given = words.get('data');
  const source = given !== null && sources.includes(given) ? given : null;
  if (given !== null && source === null)
    notices.push(`The address names the data ${shown(given)}, which this page does not have.`);
  return {
    link: {
      source,
      columns: columnsIn(words, notices),
      weights: words.get('weights'),
      gaps: words.has('gaps') ? wordOf('gaps', GAPS, GAPS[0]) : null,
      settings,
      axes: axesIn(words, notices),
    },
    notices,
  };
}

function columnsIn(words: URLSearchParams, notices: string[]): NamedColumn[] | null {
  const found: NamedColumn[] = [];
  for (const scaling of SCALINGS) {
    for (const given of words.getAll(scaling)) {
      if (scaling !== 'cyclic') {
        found.push({ name: given, scaling, period: null });
        continue;
      }
      const at = given.indexOf(':');
      const period = Number(given.slice(0, Math.max(0, at)) || Number.NaN);
      const isRight = period > 0 && period < Infinity;
      if (at > 0 && !isRight)
        notices.push(
          `The address says cyclic=${shown(given)}, which does not begin with a period: the usual one is used.`,
        );
      found.push({ name: given.slice(at + 1), scaling, period: isRight ? period : null });
    }
  }
  return found.length > 0 ? found : null;
}

function axesIn(words: URLSearchParams, notices: string[]): NamedAxes | null {
  const components = words.get('components');
  if (components === '2' || components === '3') return { kind: 'components', count: components === '2' ? 2 : 3 };
  if (components !== null) notices.push(`The address says components=${shown(components)}, which is neither 2 nor 3.`);
  const [x, y, z] = ['x', 'y', 'z'].map((name) => words.get(name));
  if (x === null || y === null) return null;
  return z === null ? { kind: 'columns', x, y } : { kind: 'space', x, y, z };
}

/** As somebody may have typed it, not longer than one reads. */
function shown(given: string): string {
  return `“${given.length > 40 ? `${given.slice(0, 40)}…` : given}”`;
}

/** The choices of a link in a table: names that it does not have are told of, and left out. */
export function choicesIn(
  { columns, weights, gaps }: Pick<Link, 'columns' | 'weights' | 'gaps'>,
  table: Named,
  suggested: Choices,
): { readonly choices: Choices; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const places = new Map<number, NamedColumn>();
  for (const column of columns ?? []) {
    const place = placeOf(table, column.name, notices);
    if (place !== null) places.set(place, column);
  }
  const chosen = suggested.columns.map((choice, i): ColumnChoice => {
    const column = places.get(i);
    if (places.size === 0) return choice;
    if (column === undefined) return { ...choice, isUsed: false };
    return { isUsed: true, scaling: column.scaling, period: column.period ?? choice.period };
  });
  const ofWeights = weights === null ? suggested.weights : placeOf(table, weights, notices);
  return { choices: { columns: chosen, weights: ofWeights, gaps: gaps ?? suggested.gaps }, notices };
}

/** The axes of a link in a table; null where it does not have them. */
export function axesOf(axes: NamedAxes | null, table: Named): AxesChoice | null {
  if (axes === null || axes.kind === 'components') return axes;
  const [x, y, z] = [axes.x, axes.y, axes.kind === 'space' ? axes.z : axes.y].map((name) => placeOf(table, name, []));
  if (x === null || y === null || z === null) return null;
  return axes.kind === 'space' ? { kind: 'space', x, y, z } : { kind: 'columns', x, y };
}

/** What a link says of choices: the columns that are used, where they are not those suggested. */
export function namedChoices(
  choices: Choices,
  table: Named,
  suggested: Choices,
): Pick<Link, 'columns' | 'weights' | 'gaps'> {
  const isUsual = choices.columns.every((choice, i) => isSame(choice, suggested.columns[i]));
  const used = table.columns.flatMap(({ name }, i): NamedColumn[] => {
    const { isUsed, scaling, period } = choices.columns[i];
    return isUsed ? [{ name, scaling, period: scaling === 'cyclic' ? period : null }] : [];
  });
  return {
    columns: isUsual ? null : used,
    weights: choices.weights === null ? null : table.columns[choices.weights].name,
    gaps: choices.gaps === suggested.gaps ? null : choices.gaps,
  };
}

/** The names of axes for a link. */
export function namedAxes(axes: AxesChoice | null, table: Named): NamedAxes | null {
  if (axes === null || axes.kind === 'components') return axes;
  const [x, y] = [table.columns[axes.x].name, table.columns[axes.y].name];
  return axes.kind === 'space' ? { kind: 'space', x, y, z: table.columns[axes.z].name } : { kind: 'columns', x, y };
}

function isSame(a: ColumnChoice, b: ColumnChoice): boolean {
  if (a.isUsed !== b.isUsed) return false;
  return !a.isUsed || (a.scaling === b.scaling && (a.scaling !== 'cyclic' || a.period === b.period));
}

function placeOf({ columns }: Named, name: string, notices: string[]): number | null {
  const place = columns.findIndex((column) => column.name === name && column.measure !== 'text');
  if (place >= 0) return place;
  const isText = columns.some((column) => column.name === name);
  notices.push(
    `The address names the column ${shown(name)}, which ${isText ? 'is text' : 'this table does not have'}.`,
  );
  return null;
}
