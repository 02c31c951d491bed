/** The examples of README.md and of the doc comments in src: each is to be run alone, as pasted. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Example {
  /** Where it is from: a file, and which of its examples, from 1. */
  readonly name: string;
  readonly source: string;
}

/** The README's blocks of code that begin with an import. */
export async function readmeExamples(): Promise<Example[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  return numbered('README.md', readme.matchAll(/^```(?:ts|js)\n(import .*?)^```$/gms));
}

/** What stands below `@example`. */
export async function commentExamples(): Promise<Example[]> {
  const files = (await readdir(join(root, 'src'), { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  const examples = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(root, 'src', file), 'utf8');
      const blocks = Array.from(text.matchAll(/^ *\* @example\n *\* ```ts\n(.*?)^ *\* ```$/gms));
      if (blocks.length !== text.split('@example').length - 1) {
        throw new Error(`src/${file}: an @example must be followed by a line \`\`\`ts, and end with a line \`\`\``);
      }
      return numbered(`src/${file}`, blocks).map(({ name, source }) => ({ name, source: withoutStars(source) }));
    }),
  );
  return examples.flat();
}

/** The lines that an example says it prints: what is behind `//` at the end of `console.log`, several parted by `|`. */
export function promisedLines(source: string): string[] {
  return Array.from(source.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm), ([, said]) => said.split(' | ')).flat();
}

function numbered(file: string, blocks: Iterable<RegExpMatchArray>): Example[] {
  return Array.from(blocks, ([, source], i) => ({ name: `${i + 1} of ${file}`, source }));
}

function withoutStars(comment: string): string {
  return comment.replace(/^ *\* ?/gm, '');
}
