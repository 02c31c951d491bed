/** Files as sources, as the example reads them: the fit of their blocks is that of all rows. */
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clustered } from '../../demo/examples/streaming/clusters.mjs';
import { openFile } from '../../demo/examples/streaming/sources.mjs';
import { kmeans } from '../../src/index.ts';
import { FILES, FORMATS, rows } from '../golden/blocks.ts';

it.each(FORMATS)('%s', async (format) => {
  const path = join(tmpdir(), `source-${process.pid}.${format}`);
  await writeFile(path, FILES[format]());
  const opened = await openFile(await openAsBlob(path));
  const source = opened.source(opened.names);
  const init = Array.from({ length: 3 }, (_, c) => rows.map((column) => column[c]));
  const model = await kmeans(source, { k: 3, init, backend: 'cpu' });
  const expected = await kmeans({ columns: rows }, { k: 3, init, backend: 'cpu' });
  expect(model.centroids).toEqual(expected.centroids);
  let [blocks, read] = [0, 0];
  for await (const _ of source.blocks()) blocks++;
  expect(blocks).toBeGreaterThan(1);
  const { clusters, passes } = await clustered(opened.source(opened.names.slice(1)), {
    ...{ k: 3, exact: true },
    onRows: () => read++,
  });
  expect([clusters.length, clusters[0].centroid.length]).toEqual([3, rows.length - 1]);
  expect(read).toBe(passes * blocks);
});
