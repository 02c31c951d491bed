/** Scores of clusterings, beside scikit-learn's. */
import {
  adjustedRandScore,
  calinskiHarabaszScore,
  daviesBouldinScore,
  destroyDefaultEngines,
  type Metric,
  silhouetteSamples,
  silhouetteScore,
} from '../../../src/index.ts';
import { goldenBlobs, goldens } from '../../golden/golden.ts';
import stored from '../../golden/scores.json';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../case.ts';
import { asInput, upload } from './bounds.ts';
import { lend, withLentDevice } from './devices.ts';

export const scores: readonly ConformanceCase[] = [
  ...stored.sets.flatMap(({ name, scores, adjustedRand }) => [
    ...scores.map(({ labels, metric: metricName, ...expected }, i) =>
      withEngine(`scores of scikit-learn on ${name}, ${metricName}, labels ${i}`, async (engine, { backend }) => {
        const metric = metricName as Metric;
        const { data, n, d } = [...goldens, goldenBlobs].find((golden) => golden.name === name)!;
        // In an engine's dataset rows are float32; those of a call on the CPU are what the caller has.
        const isCpu = backend === 'cpu';
        const points = isCpu ? { data, shape: [n, d] } : await upload(engine, { data, n, d }, metric);
        const options = isCpu ? ({ backend, metric } as const) : {};
        const bound = isCpu ? 1e-10 : 1e-5;
        const near = (actual: number, wanted: number, what: string) =>
          atMost(Math.abs(actual - wanted) / Math.abs(wanted), bound, what);
        near(await silhouetteScore(points, labels, options), expected.silhouette, 'silhouette');
        near(await calinskiHarabaszScore(points, labels, options), expected.calinskiHarabasz, 'Calinski-Harabasz');
        near(await daviesBouldinScore(points, labels, options), expected.daviesBouldin, 'Davies-Bouldin');
        const samples = await silhouetteSamples(points, labels, options);
        equal(samples.length, n, 'samples');
        // Of differences: a silhouette may be about 0.
        expected.silhouettes.forEach((value, row) => {
          atMost(Math.abs(samples[row] - value), bound, `samples[${row}]`);
        });
      }),
    ),
    {
      name: `adjusted Rand score of scikit-learn on ${name}`,
      async run() {
        const difference = adjustedRandScore(scores[0].labels, scores[1].labels) - adjustedRand;
        atMost(Math.abs(difference), 1e-14, 'difference');
      },
    },
  ]),
  withEngine('silhouettes leave out rows of weight 0, however far', async (engine) => {
    const data = Float64Array.of(0, 1, 1e30, 8, 9, 10);
    const weights = Float32Array.of(1, 1, 0, 1, 1, 1);
    const dirty = await upload(engine, { data: Float32Array.from(data), n: 6, d: 1, weights });
    const clean = await upload(engine, { data: Float32Array.of(0, 1, 8, 9, 10), n: 5, d: 1 });
    const samples = await silhouetteSamples(dirty, [0, 0, 0, 1, 1, 1]);
    check(Number.isNaN(samples[2]), 'the absent row has a silhouette');
    const expected = await silhouetteSamples(clean, [0, 0, 1, 1, 1]);
    sameValues(
      samples.filter((_, row) => row !== 2),
      expected,
      'silhouettes',
    );
  }),
  withEngine('silhouettes of a sample are those of its rows', async (engine) => {
    const { data, n, d } = goldens[0];
    const labels = stored.sets[0].scores[0].labels;
    const dataset = await upload(engine, { data, n, d });
    const samples = await silhouetteSamples(dataset, labels, { sampleSize: 40, seed: 3 });
    const rows = Array.from(samples.keys()).filter((row) => !Number.isNaN(samples[row]));
    equal(rows.length, 40, 'rows');
    const part = Float32Array.from(rows.flatMap((row) => [...data.subarray(row * d, (row + 1) * d)]));
    const expected = await silhouetteSamples(
      await upload(engine, { data: part, n: 40, d }),
      rows.map((row) => labels[row]),
    );
    rows.forEach((row, i) => {
      atMost(Math.abs(samples[row] - expected[i]), 1e-6, `silhouette of row ${row}`);
    });
  }),
  withLentDevice('scores of points in a borrowed buffer are those of a copy', async ({ device, engine }) => {
    const { labels } = stored.sets.at(-1)!.scores[0];
    const lent = lend(device, goldenBlobs, 256);
    const copied = await engine.upload(asInput(goldenBlobs));
    const options = { backend: 'webgpu', device } as const;
    for (const score of [silhouetteScore, calinskiHarabaszScore, daviesBouldinScore]) {
      const expected = await score(copied, labels);
      atMost(Math.abs((await score(lent, labels, options)) - expected) / expected, 1e-5, score.name);
      // As a dataset of the engine's, too.
      const dataset = await engine.upload(lent);
      atMost(Math.abs((await score(dataset, labels)) - expected) / expected, 1e-5, `${score.name} of a dataset`);
    }
    const samples = await silhouetteSamples(lent, labels, options);
    equal(samples.length, goldenBlobs.n, 'samples');
    check(samples.every(Number.isFinite), 'a silhouette is missing');
    await destroyDefaultEngines();
    lent.buffer.destroy();
  }),
];
