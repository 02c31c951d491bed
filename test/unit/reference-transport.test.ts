import { expect, it } from 'vitest';
import { Random } from '../../src/random.ts';
import { leastCost } from '../reference/transport.ts';

/** The least cost of all ways to place the rows from `row` on. */
function bruteForce(costs: readonly number[], room: readonly number[], row = 0): number {
  const k = room.length;
  if (row * k === costs.length) return 0;
  return Math.min(
    ...room.map((left, c) =>
      left === 0
        ? Infinity
        : costs[row * k + c] +
          bruteForce(
            costs,
            room.map((value, other) => value - (other === c ? 1 : 0)),
            row + 1,
          ),
    ),
  );
}

it('finds the least cost of all', () => {
  const random = new Random(21);
  for (let round = 0; round < 300; round++) {
    const k = 1 + random.below(4);
    const n = 1 + random.below(7);
    const room = Math.ceil(n / k) + random.below(2);
    const costs = Array.from({ length: n * k }, () => (round % 2 ? random.uniform() : random.below(3)));
    expect(leastCost(costs, k, room)).toBeCloseTo(bruteForce(costs, new Array(k).fill(room)), 9);
  }
});
