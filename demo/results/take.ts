/** What is taken home from a run: the table with its clusters, memberships, centroids, the model. */
import type { Features } from '../features/features.ts';
import { centreOf } from '../features/prepare.ts';
import type { Reading } from '../tables/reading.ts';
import type { Column, Table } from '../tables/table.ts';
import type { Taken } from '../work/calls.ts';
import type { KeptRun } from '../work/fits.ts';
import { numbersOf } from './numbers.ts';
import { repaintedPng } from './repaint.ts';
import { csvWithColumns, type ExtraColumn, tableAsCsv, tableAsParquet } from './table-file.ts';

/** Rows whose memberships are computed at a time. */
const ROWS = 2 ** 14;

export interface TakenFrom {
  readonly table: Table;
  /** The user's own; null where the page brought the table along. */
  readonly file: Blob | null;
  readonly features: Features;
  readonly kept: KeptRun;
  /** What clusters are called [k]; null: numbers, as on the page. */
  readonly names: readonly string[] | null;
}

export async function take(what: Taken['what'], from: TakenFrom, reading: Reading): Promise<Blob> {
  const { table, file, features, kept } = from;
  if (what === 'own' && file !== null && table.delimited !== undefined) {
    return csvWithColumns(file, { ...table, delimited: table.delimited }, [clusterColumn(from)], reading);
  }
  if (what === 'own' || what === 'csv') return tableAsCsv(table, [clusterColumn(from)], reading);
  if (what === 'parquet') return tableAsParquet(table, [clusterColumn(from)], reading);
  if (what === 'responsibilities') return memberships(features, kept, reading.signal);
  if (what === 'repainted') {
    return repaintedPng({ table, features, labels: kept.labels, palette: kept.run.palette }, reading.signal);
  }
  if (what === 'centroids') return centroids(table, kept);
  return model(table, kept);
}

/** Numbers from 1, as on the page, or names; nothing for rows that were left out. */
function clusterColumn({ features, kept, names }: TakenFrom): ExtraColumn {
  const number = numbersOf(kept.run);
  const values = kept.labels.map((label) => (names === null ? number[label] : label));
  return { name: 'cluster', values, rows: features.rows, ...(names === null ? {} : { words: names }) };
}

async function memberships({ n, d, data, rows }: Features, kept: KeptRun, signal: AbortSignal): Promise<Blob> {
  const { mixture } = kept;
  if (mixture === null) throw new RangeError('Only mixtures have memberships.');
  const order = orderOf(kept);
  const parts: string[] = [`row,${order.map((_, rank) => `cluster ${rank + 1}`).join(',')}\n`];
  for (let start = 0; start < n; start += ROWS) {
    const end = Math.min(n, start + ROWS);
    const points = { data: data.subarray(start * d, end * d), shape: [end - start, d] as const };
    const shares = await mixture.predictProba(points, { signal });
    let lines = '';
    for (let i = start; i < end; i++) {
      lines += (rows?.[i] ?? i) + 1;
      for (const component of order)
        lines += `,${Number(shares[(i - start) * order.length + component].toPrecision(7))}`;
      lines += '\n';
    }
    parts.push(lines);
  }
  return new Blob(parts, { type: 'text/csv' });
}

function orderOf({ run }: KeptRun): number[] {
  const number = numbersOf(run);
  return Array.from({ length: run.k }, (_, cluster) => cluster).sort((a, b) => number[a] - number[b]);
}

function centroids(table: Table, kept: KeptRun): Blob {
  const { run } = kept;
  const used = [...new Set(run.features.map(({ column }) => column))];
  const quoted = used.map((column) => `"${table.columns[column].name.replaceAll('"', '""')}"`);
  const lines = orderOf(kept).map((cluster, rank) => {
    const values = centreOf(run.features, run.means, cluster).map(({ column, value }) =>
      valueText(table.columns[column].measure, value),
    );
    return [rank + 1, run.counts[cluster], ...values].join(',');
  });
  return new Blob([`cluster,rows,${quoted.join(',')}\n${lines.join('\n')}\n`], { type: 'text/csv' });
}

const SECOND = 1000;

/** As the table has it: nobody reads a date as milliseconds. */
function valueText(measure: Column['measure'], value: number): string {
  if (measure !== 'date' && measure !== 'time') return String(value);
  const at = new Date(Math.round(measure === 'time' ? value * 60 : value / SECOND) * SECOND);
  if (Number.isNaN(at.getTime())) return '';
  return measure === 'time' ? at.toISOString().slice(11, 19) : at.toISOString().replace('.000', '');
}

/** To be read again by `fromJSON`; with what columns become before it can be asked. */
function model({ columns }: Table, { model, mixture, run }: KeptRun): Blob {
  const features = run.features.map((feature) => ({ ...feature, column: columns[feature.column].name }));
  const kind = mixture !== null ? 'GaussianMixtureModel' : 'KMeansModel';
  return new Blob([JSON.stringify({ kind, features, model: model.toJSON() }, null, 1)], { type: 'application/json' });
}
