/** What points take on their way into the engine, from a typed array and from rows, and how long the caller's thread has no turn. */
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave, median } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import type { Findings, Setting } from './section.ts';

export async function uploads(problem: KMeansProblem, { engines, runs }: Setting): Promise<Findings> {
  const { data, rows, n, d } = problem;
  const forms = { Float32Array: { data, shape: [n, d] as const }, 'number[][]': rows };
  const watch = watchTurns();
  const tasks = engines.flatMap(({ engine, name }) =>
    Object.entries(forms).map(([form, points]) => {
      const turns: number[] = [];
      const upload = async () => (await engine.upload(points)).destroy();
      return { name: `${name}, ${form}`, turns, upload, run: async () => turns.push(await watch.longestOf(upload)) };
    }),
  );
  for (const { upload } of tasks) await upload();
  const times = await interleave(
    tasks.map(({ run }) => run),
    runs,
  );
  watch.end();
  const table = formatTable(
    ['', 'ms, best', 'median', 'longest turn, ms, median', 'of all runs'],
    tasks.map(({ name, turns }, i) => [
      name,
      ...[Math.min(...times[i].ms), median(times[i].ms), median(turns), Math.max(...turns)].map(threeDigits),
    ]),
  );
  console.log(`\n${problem.title}, upload\n${table}`);
  return {
    report: {
      ...problem.size,
      times: Object.fromEntries(tasks.map(({ name }, i) => [name, times[i].ms])),
      longestTurns: Object.fromEntries(tasks.map(({ name, turns }) => [name, turns])),
    },
    outcomes: [],
  };
}

/** Milliseconds for which a timer of one millisecond did not come, at most, while something ran. */
function watchTurns() {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  // All the time: a timer that has only just been set comes one turn later.
  const timer = setInterval(look, 1);
  return {
    async longestOf(work: () => Promise<unknown>): Promise<number> {
      look();
      longest = 0;
      await work();
      look();
      return longest;
    },
    end: () => clearInterval(timer),
  };
}
