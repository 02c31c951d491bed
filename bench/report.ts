import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

declare const __VERSIONS__: Readonly<Record<string, string>>;

/** Where and with what something was measured. */
export function circumstances() {
  return {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    logicalProcessors: availableParallelism(),
    packages: __VERSIONS__,
  };
}

/** Writes a result as JSON, named by benchmark and date, in place of an earlier one of that name, and returns its path. */
export function writeReport(folder: string, report: { readonly benchmark: string; readonly date: string }): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${report.benchmark}-${report.date.slice(0, 19).replaceAll(':', '')}.json`);
  const written = `${path}.part`;
  writeFileSync(written, `${JSON.stringify(report, null, 2)}\n`);
  // Whoever stops the process meanwhile finds the earlier one, whole.
  renameSync(written, path);
  return path;
}
