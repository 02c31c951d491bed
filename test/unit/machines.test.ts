/** What a shard's process answers, and a fit of several, in this process: messages go from one side to the other. */
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CpuKMeans } from '../../src/cpu/kmeans.ts';
import { createEngine, gaussianMixture, type KMeansJSON, kmeans } from '../../src/index.ts';
import { type Asked, fitShardsBy, type ShardFitPlan, type ShardProgress } from '../../src/machines/drive.ts';
import { HeldRows } from '../../src/machines/held-rows.ts';
import { bytesOf, type Message, messagesIn } from '../../src/machines/messages.ts';
import { serve } from '../../src/machines/serve.ts';
import { Random } from '../../src/random.ts';

const engine = createEngine({ backend: 'cpu', threads: 1 });
afterAll(async () => (await engine).destroy());

const joined = (chunks: readonly Uint8Array[]) => Buffer.concat(chunks);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(messages: AsyncIterable<Message>): Promise<Message[]> {
  const read: Message[] = [];
  for await (const message of messages) read.push(message);
  return read;
}

/** Whoever answers these verbs, asked by bytes. */
function asked(verbs: HeldRows['verbs'] = {}): Asked {
  return {
    async ask(verb, request, ...parts) {
      const answered: Uint8Array[] = [];
      const question = joined(bytesOf({ header: { verb, ...request }, parts }));
      await serve(inChunks(question, 1000), async (bytes) => void answered.push(bytes), verbs);
      const [answer] = await all(messagesIn(inChunks(joined(answered), 777)));
      const { error } = answer.header as { error?: { name: string; message: string } };
      if (error) throw Object.assign(new Error(error.message), { name: error.name });
      return answer;
    },
  };
}

describe('messages', () => {
  const messages = [
    { header: { verb: 'one' }, parts: [] },
    { header: { verb: 'two', ü: 'ß' }, parts: [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)] },
  ];
  const bytes = joined(messages.flatMap((message) => bytesOf(message)));

  it('come out of a stream as they went in, however it is cut', async () => {
    for (const size of [1, 3, bytes.length]) {
      const read = await all(messagesIn(inChunks(bytes, size)));
      expect(read.map(({ parts }) => parts)).toEqual(messages.map(({ parts }) => parts));
      expect(read.map(({ header }) => header)).toMatchObject(messages.map(({ header }) => header));
    }
  });

  it('that are cut off are none', async () => {
    for (const end of [2, 10, bytes.length - 1]) {
      expect((await all(messagesIn(inChunks(bytes.subarray(0, end), 5)))).length).toBeLessThan(2);
    }
  });

  it('are not what other bytes are', async () => {
    const size = (text: string) => joined([Uint8Array.of(text.length, 0, 0, 0), new TextEncoder().encode(text)]);
    for (const wrong of [Uint8Array.of(255, 255, 255, 255), size('{]'), size('null'), size('{"sizes":[-1]}')]) {
      await expect(all(messagesIn(inChunks(wrong, 9)))).rejects.toThrow(RangeError);
    }
  });

  it('of another version, or of no verb, have an error as their answer', async () => {
    await expect(asked().ask('merge', { protocol: 2 })).rejects.toThrow(/of version 2, this is version 1/);
    await expect(asked().ask('merge_all', {})).rejects.toThrow(/no verb merge_all, but merge, frame/);
    await expect(asked().ask('frame', {}, Uint8Array.of(1))).rejects.toThrow(/not what toBytes gives/);
  });
});

describe('a fit of shards', () => {
  const [n, d] = [3000, 3];
  const random = new Random(5);
  const data = Float64Array.from({ length: n * d }, (_, at) => (Math.floor(at / d) % 5) * 3 + random.normal());
  const points = { data, shape: [n, d] as [number, number] };
  const row = (i: number) => Array.from(data.subarray(i * d, (i + 1) * d));

  interface Storage {
    readonly keep?: (state: Uint8Array) => Promise<unknown>;
    readonly kept?: Uint8Array | null;
  }

  async function fitted(cuts: readonly number[], plan: ShardFitPlan, { keep, kept = null }: Storage = {}) {
    const shards = cuts.slice(1).map((end, s) => {
      const columns = Array.from({ length: d }, (_, j) =>
        Float64Array.from({ length: end - cuts[s] }, (_, i) => data[(cuts[s] + i) * d + j]),
      );
      return asked(new HeldRows(async () => ({ columns }), engine).verbs);
    });
    const each = (_: string, headers: readonly Readonly<Record<string, unknown>>[], state: Uint8Array | null) =>
      Promise.all(headers.map((header, s) => shards[s].ask(String(header.verb), header, ...(state ? [state] : []))));
    const shardsAsked = { count: shards.length, each, ...(keep && { keep }) };
    return (await fitShardsBy(shardsAsked, asked(), plan, kept)) as KMeansJSON & { lowerBound: number };
  }

  const CUTS = [
    [0, n],
    [0, 1, 18, 1500, 2999, n],
  ];

  it('has the centroids of one call to the bit, empty clusters and all', async () => {
    // Of equal centroids the second is nearest to nobody.
    const init = [row(0), row(0), row(0), row(1), row(2), [1e4, 0, 0]];
    const fit = { k: 6, init, tolerance: 0 };
    const expected = await kmeans(points, { ...fit, backend: 'cpu' });
    for (const cuts of CUTS) {
      const seen: ShardProgress[] = [];
      const plan = {
        kind: 'kmeans',
        ...fit,
        onIteration: (progress: ShardProgress) => void seen.push(progress),
      } as const;
      const { centroids, iterations, counts, inertia, converged } = await fitted(cuts, plan);
      expect(centroids).toEqual(Array.from(expected.centroids));
      expect({ iterations, converged, counts }).toEqual({
        ...{ iterations: expected.iterations, converged: true },
        counts: Array.from(expected.counts),
      });
      expect(Math.abs(inertia! / expected.inertia - 1)).toBeLessThanOrEqual(1e-12);
      expect(seen.map(({ rows }) => rows)).toEqual(Array(iterations).fill(n));
    }
  });

  it('keeps what a pass learns for the next one', async () => {
    const closed = vi.spyOn(CpuKMeans.prototype, 'close');
    const { iterations } = await fitted([0, n], { kind: 'kmeans', k: 3, init: [row(0), row(1), row(2)], tolerance: 0 });
    expect(iterations).toBeGreaterThan(2);
    expect(closed).not.toHaveBeenCalled();
    closed.mockRestore();
  });

  it('starts from the same sample of the rows, whoever holds them', async () => {
    const [whole, cut] = await Promise.all(CUTS.map((cuts) => fitted(cuts, { kind: 'kmeans', k: 5, seed: 3 })));
    expect(cut.centroids).toEqual(whole.centroids);
    const { inertia } = await kmeans(points, { k: 5, seed: 3 });
    expect(whole.inertia).toBeLessThanOrEqual(1.05 * inertia);
  });

  it('of a mixture has the bound of one call', async () => {
    const plan = { k: 3, covarianceType: 'diag', tolerance: 0, maxIterations: 5 } as const;
    const init = {
      weights: [0.2, 0.3, 0.5],
      means: [row(0), row(1), row(2)],
      covariances: Array.from({ length: 3 }, () => [1, 2, 3]),
    };
    const expected = await gaussianMixture(points, { ...plan, init, backend: 'cpu' });
    for (const cuts of CUTS) {
      const { lowerBound } = await fitted(cuts, { kind: 'mixture', ...plan, init });
      expect(Math.abs(lowerBound / expected.lowerBound - 1)).toBeLessThanOrEqual(1e-9);
    }
  });

  it('refuses what is no option, and an init of another shape', async () => {
    const plan = { kind: 'kmeans', k: 3, init: [row(0), row(1), row(2)] } as const;
    for (const [change, message] of [
      [{ tolerence: 1 }, /no option 'tolerence': did you mean 'tolerance'\?/],
      [{ sampleWeight: [1] }, /a fit of kind 'kmeans' has no option 'sampleWeight'/],
      [{ kind: 'mixture', covariance_type: 'diag' }, /did you mean 'covarianceType'\?/],
      [{ kind: 'trees' }, /kind must be/],
      [{ k: 0 }, /k must be/],
      [{ k: 4 }, /init has 3 clusters, k is 4/],
      [{ init: [[1], [2], [3]] }, /init has 1 features, the points have 3/],
    ] as const) {
      await expect(fitted([0, 1500, n], { ...plan, ...change } as never), String(message)).rejects.toThrow(message);
    }
  });

  it('goes on from a state of its own kind alone, by the rows that it began with', async () => {
    const plan = { kind: 'kmeans', k: 3, init: [row(0), row(1), row(2)], tolerance: 0 } as const;
    let kept: Uint8Array | null = null;
    const keep = async (state: Uint8Array) => void (kept = state);
    await fitted([0, 1500, n], { ...plan, maxIterations: 2 }, { keep });
    for (const [cuts, change, message] of [
      [[0, n], { k: 4, init: [row(0), row(1), row(2), row(3)] }, /kept has 3 clusters, k is 4/],
      [[0, n], { kind: 'mixture' }, /kept is of another kind of fit than 'mixture'/],
      [[0, 1000], {}, /the shards have 1000 rows, the fit began with 3000/],
    ] as const) {
      await expect(fitted(cuts, { ...plan, ...change } as never, { kept }), String(message)).rejects.toThrow(message);
    }
    const whole = await fitted([0, n], plan);
    const resumed = await fitted([0, n], plan, { kept });
    expect(resumed.centroids).toEqual(whole.centroids);
  });

  it('ends where its caller has enough', async () => {
    const onIteration = async ({ iteration }: ShardProgress) => (iteration === 2 ? 'stop' : undefined);
    const init = [row(0), row(5), row(10)];
    const plan = { kind: 'kmeans', k: 3, init, tolerance: 0, onIteration } as const;
    const { iterations, converged } = await fitted(CUTS[1], plan);
    expect([iterations, converged]).toEqual([2, false]);
  });
});
