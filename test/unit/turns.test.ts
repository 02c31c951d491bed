import { afterEach, describe, expect, it, vi } from 'vitest';
import { upload } from '../../src/cpu/dataset.ts';
import { KMEANS } from '../../src/cpu/families/kmeans.ts';
import { CallingThread } from '../../src/cpu/threads/place.ts';
import { GaussianMixtureModel, gaussianMixture, kmeans, selectModel } from '../../src/index.ts';
import type { PointsInput, SurveyedPoints, SurveyOptions } from '../../src/points.ts';
import { Random } from '../../src/random.ts';
import type { Steps } from '../../src/steps.ts';
import { surveyPoints } from '../../src/survey.ts';

/** Ten times what the library promises: machines that run tests are busy. */
const LONGEST_GAP = 200;

/** The longest time in which a 1 ms interval did not fire, in milliseconds, while `work` ran. */
async function longestGap(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const interval = setInterval(look, 1);
  try {
    await work();
  } finally {
    look();
    clearInterval(interval);
  }
  return longest;
}

function uniform(n: number, d: number): { data: Float32Array; shape: [number, number] } {
  const random = new Random(1);
  return { data: Float32Array.from({ length: n * d }, () => random.uniform()), shape: [n, d] };
}

describe('work that is short, but long in a row, hears a signal', () => {
  const small = uniform(100, 2);
  const work: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    'starts of k-means': (signal) => kmeans(small, { k: 3, nInit: 1e6, backend: 'cpu', signal }),
    'starts of a mixture': (signal) => gaussianMixture(small, { k: 3, nInit: 1e6, backend: 'cpu', signal }),
    'iterations of a mixture': (signal) =>
      gaussianMixture(small, { k: 3, temperature: Array(1e5).fill(1), backend: 'cpu', signal }),
    'models that are compared': (signal) => selectModel(small, { k: Array(1000).fill(3), backend: 'cpu', signal }),
    'fits of k-means that are compared': (signal) =>
      selectModel(small, { model: 'kmeans', k: Array(1000).fill(3), backend: 'cpu', signal }),
    'calls in a row': async (signal) => {
      while (!signal.aborted) await kmeans(small, { k: 3, backend: 'cpu' });
      throw signal.reason;
    },
  };

  it.each(Object.keys(work))('%s', { retry: 3 }, async (name) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    // Soon, though what is asked for would take minutes.
    setTimeout(() => controller.abort(reason), 60);
    const gap = await longestGap(() => expect(work[name](controller.signal)).rejects.toBe(reason));
    expect(gap).toBeLessThan(LONGEST_GAP);
  });
});

describe('work that is long lets the event loop in', () => {
  const many = 1e6;
  const work: Record<string, () => Promise<unknown>> = {
    'covariances of many features': () =>
      gaussianMixture(uniform(20, 600), { k: 1, backend: 'cpu', init: 'random-from-data', maxIterations: 1 }),
    'tied covariances of many features': () =>
      gaussianMixture(uniform(20, 600), {
        ...{ k: 1, covarianceType: 'tied', backend: 'cpu', init: 'random-from-data', maxIterations: 1 },
      }),
    'empty clusters among many rows of two values': () => {
      const data = Float32Array.from({ length: many }, (_, i) => i % 2);
      const init = [[0.5], [9], [10], [11], [12]];
      return kmeans({ data, shape: [many, 1] }, { k: 5, init, maxIterations: 1, backend: 'cpu' });
    },
    'a weighted draw of rows': () => {
      const sampleWeight = new Float32Array(many).fill(1).map((_, i) => 1 + (i % 7));
      return kmeans(uniform(many, 1), { k: 2, init: 'random', maxIterations: 1, backend: 'cpu', sampleWeight });
    },
    'responsibilities of many rows': async () => {
      const model = GaussianMixtureModel.fromParameters({
        ...{ covarianceType: 'tied-spherical', weights: Array(8).fill(1 / 8), covariances: [0.01] },
        means: Array.from({ length: 8 }, (_, c) => [c / 8]),
      });
      await model.predictProba(uniform(many, 1), { backend: 'cpu' });
    },
    'a draw of many rows': () => {
      const signal = AbortSignal.timeout(1000);
      return kmeans(uniform(many, 1), { k: many, backend: 'cpu', signal }).catch(() => undefined);
    },
  };

  // Again where the machine did something else.
  it.each(Object.keys(work))('%s', { retry: 3 }, async (name) => {
    expect(await longestGap(work[name])).toBeLessThan(LONGEST_GAP);
  });
});

describe('an upload reads only so much between two looks at the clock', () => {
  /** The largest block of a shard's rows that is copied, and what is read of a row behind it. */
  const MOST_VALUES = 2 ** 16;

  /** Points [n, d] that count how often a value of theirs is read. */
  function counting(n: number, d: number) {
    const count = { values: 0 };
    const told = <T>(value: T) => {
      count.values++;
      return value;
    };
    const column = { length: n, get: (i: number) => told(1 + ((i * 7919) % 1009)) };
    const row = {} as ArrayLike<number>;
    Object.defineProperty(row, 'length', { get: () => told(d) });
    for (let j = 0; j < d; j++) Object.defineProperty(row, j, { get: () => told(j) });
    return { columns: { columns: Array(d).fill(column) as (typeof column)[] }, rows: Array(n).fill(row), count };
  }

  const frame = { shift: new Float64Array(3), scale: 2 ** 499, precise: false };
  const cases: Record<string, readonly [n: number, d: number, options?: SurveyOptions]> = {
    'many rows': [2 ** 17, 3],
    'wide rows, of which a sample has many values': [600, 2048],
    'rows that may be far, since they have no weight': [
      2 ** 17,
      3,
      { sampleWeight: new Float32Array(2 ** 17).fill(1, 0, 5) },
    ],
    'rows for a model, far from what it knows': [2 ** 16, 3, { frame }],
    'rows of unit length': [2 ** 17, 3, { metric: 'cosine' }],
  };

  it.each(Object.entries(cases))('%s', (_, [n, d, options]) => {
    const { columns, count } = counting(n, d);
    expectLooks(columns, count, options);
    expect(count.values).toBeGreaterThanOrEqual(2 * n * d);
  });

  it('many rows that are arrays of their own', () => {
    const [n, d] = [2 ** 17, 3];
    const { rows, count } = counting(n, d);
    expectLooks(rows, count);
    expect(count.values).toBeGreaterThanOrEqual(n + 2 * n * d);
  });

  function expectLooks(points: PointsInput, count: { readonly values: number }, options?: SurveyOptions): void {
    let most = 0;
    function looked<T>(steps: Steps<T>): T {
      for (;;) {
        const before = count.values;
        const { done, value } = steps.next();
        most = Math.max(most, count.values - before);
        if (done) return value as T;
      }
    }
    const surveyed = looked(surveyPoints(points, options)) as SurveyedPoints;
    const prepared = looked(surveyed.prepare('cpu'));
    looked(upload(prepared, [new CallingThread(false)], KMEANS)).destroy();
    expect(most).toBeLessThanOrEqual(MOST_VALUES);
  }
});

describe('turns come', () => {
  afterEach(() => vi.unstubAllGlobals());

  async function turn(stubbed: () => void, stubbedLater: () => void): Promise<void> {
    stubbed();
    vi.resetModules();
    const { turnIfDue } = await import('../../src/turns.ts');
    stubbedLater();
    turnIfDue();
    for (const start = performance.now(); performance.now() < start + 30; );
    const due = turnIfDue();
    expect(due).toBeInstanceOf(Promise);
    await due;
  }

  it('every 20 ms, of which what is done before the first look at the clock is a part', async () => {
    vi.resetModules();
    const { run } = await import('../../src/steps.ts');
    const { turnIfDue } = await import('../../src/turns.ts');
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const begun = [now];
    const pause = () => {
      const due = turnIfDue();
      if (due !== undefined) begun.push(now);
      return due;
    };
    await run(
      (function* () {
        for (let i = 0; i < 40; i++) {
          now += 4.5;
          yield;
        }
      })(),
      undefined,
      pause,
    );
    vi.restoreAllMocks();
    const worked = begun.map((start, turn) => (begun[turn + 1] ?? now) - start);
    expect(worked.length).toBeGreaterThan(8);
    expect(Math.max(...worked)).toBeLessThanOrEqual(20);
  });

  it('where there is neither setImmediate nor MessageChannel, as under jsdom', () =>
    turn(
      () => {
        vi.stubGlobal('setImmediate', undefined);
        vi.stubGlobal('MessageChannel', undefined);
      },
      () => undefined,
    ));

  it('where tests put timers in place that never fire', () =>
    turn(
      () => undefined,
      () => {
        for (const name of ['setImmediate', 'setTimeout', 'MessageChannel']) vi.stubGlobal(name, () => undefined);
      },
    ));
});
