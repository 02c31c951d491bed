/**
 * Dawn bounds every loop whose end it cannot see with a 64-bit counter: five instructions a trip, and no driver unrolls such
 * a loop. It sees the end of `for (var left = n; left > 0u; left--)`, and of loops upwards in steps of one to a constant,
 * unless the body writes the variable.
 */
import { expect, it, test } from 'vitest';

const FILES = Object.entries(
  import.meta.glob<string>('../../shaders/**/*.wgsl', { query: '?raw', import: 'default', eager: true }),
).map(([path, text]) => [path.replace('../../', ''), text] as const);

const DOWN = /^for \(var (\w+) = [^;]+; \1 > 0u; \1--\) \{$/;
const UP = /^for \(var (\w+) = [^;]+; \1 < (?:[A-Z_]+|\d+u|[-+*/() ])+; \1\+\+\) \{$/;

/** The loops of a file whose end is not seen: `line: code`. */
function openLoops(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*/, '').trim());
  return lines.flatMap((line, i) => {
    if (!/\b(for|while|loop)\b/.test(line)) return [];
    const variable = (DOWN.exec(line) ?? UP.exec(line))?.[1];
    const isSeen = variable !== undefined && !writes(bodyOf(lines, i), variable);
    return isSeen ? [] : [`${i + 1}: ${line}`];
  });
}

function bodyOf(lines: readonly string[], header: number): string {
  let depth = 1;
  let end = header + 1;
  for (; depth > 0 && end < lines.length; end++) {
    depth += lines[end].split('{').length - lines[end].split('}').length;
  }
  return lines.slice(header + 1, end).join('\n');
}

function writes(body: string, variable: string): boolean {
  return new RegExp(`(?<!\\.)\\b${variable}(\\+\\+|--| ([-+*/%&|^]|<<|>>)?= )`).test(body);
}

it.each(FILES)('%s', (_, text) => {
  expect(openLoops(text)).toEqual([]);
});

test.each([
  ['for (var j = 0u; j < part.d; j++) {'],
  ['for (var j = 0u; j < min(D, n); j++) {'],
  ['for (var j = 0u; j <= 7u; j++) {'],
  ['for (var j = 0u; j < 8u; j += 2u) {'],
  ['for (var half = 8u; half > 0u; half /= 2u) {'],
  ['for (var left = n; left > 1u; left--) {'],
  ['while (left > 0u) {'],
  ['loop {'],
  ['for (var left = n; left > 0u; left--) {\n  left = 2u;'],
  ['for (var j = 0u; j < D; j++) {\n  if (x) {\n  }\n  j++;'],
])('is seen: %s', (code) => {
  expect(openLoops(`fn f() {\n${code}\n}\n}`)).toHaveLength(1);
});

test.each([
  ['for (var left = part.d; left > 0u; left--) { // for each feature'],
  ['for (var i = first; i < 2u * (LANES + 1u); i++) {\n  if (i == 2u && x.i <= 3u) {\n  }'],
  ['// for (;;)'],
])('is not one: %s', (code) => {
  expect(openLoops(`${code}\n}\n i = 3u;`)).toEqual([]);
});
