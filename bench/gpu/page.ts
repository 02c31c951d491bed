/** The benchmark as a page: its table grows case by case, and ends with a file to keep. */
import { within } from '../measure.ts';
import { GPU_CASES } from './cases.ts';
import type { GpuContender } from './contender.ts';
import { HOW_TO_INSTALL } from './peers/web-peers.ts';
import { adapterLine, FOOTNOTE, HEADINGS, kernelLine, rowsOf, variantsLine } from './rows.ts';
import { OPENING_MS, runSuite, type SuiteOptions, type SuiteReport } from './suite.ts';

export interface PageReport extends SuiteReport {
  readonly browser: string;
  readonly peers: readonly { readonly name: string; readonly about: string }[];
  readonly missing: readonly string[];
}

declare global {
  /** Left by the script of the contenders, where the page has one. */
  var openGpuPeers: Readonly<Record<string, () => Promise<GpuContender>>> | undefined;
  var runGpuBenchmark: (options: SuiteOptions & { readonly withPeers: boolean }) => Promise<PageReport>;
}

function add<Tag extends keyof HTMLElementTagNameMap>(parent: Node, tag: Tag, text = ''): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.appendChild(element);
  return element;
}

globalThis.runGpuBenchmark = async ({ withPeers, ...options }) => {
  const output = document.querySelector('output')!;
  output.replaceChildren();
  const peers: GpuContender[] = [];
  const missing: string[] = [];
  if (withPeers && globalThis.openGpuPeers === undefined) missing.push(`peers: ${HOW_TO_INSTALL}`);
  for (const [name, open] of Object.entries((withPeers && globalThis.openGpuPeers) || {})) {
    try {
      peers.push(await within(OPENING_MS, open()));
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message}`);
    }
  }
  const told = add(output, 'p', 'asking for an adapter …');
  const table = add(output, 'table');
  const head = add(table, 'tr');
  for (const heading of ['', ...HEADINGS]) add(head, 'th', heading);
  const suite = await runSuite(navigator.gpu, peers, options, {
    adapter: (adapter) => {
      told.textContent = adapterLine(adapter);
    },
    case(outcome) {
      const title = add(add(table, 'tr'), 'th', outcome.title);
      title.colSpan = HEADINGS.length + 1;
      for (const cells of rowsOf(outcome)) {
        const row = add(table, 'tr');
        for (const cell of cells) add(row, 'td', cell);
      }
      for (const line of [kernelLine(outcome), variantsLine(outcome), ...outcome.failures]) {
        if (line !== null) add(add(table, 'tr'), 'td', line).colSpan = HEADINGS.length + 1;
      }
    },
  });
  const about = peers.map((peer) => ({ name: peer.name, about: peer.about }));
  const report = { browser: navigator.userAgent, peers: about, missing, ...suite };
  add(output, 'pre', FOOTNOTE);
  const link = add(output, 'a', 'All of it as JSON');
  link.download = 'gpu.json';
  link.href = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: 'application/json' }));
  return report;
};

const form = document.querySelector('form')!;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const chosen = new FormData(form);
  const button = form.querySelector('button')!;
  button.disabled = true;
  const options = {
    cases: GPU_CASES.map(({ name }) => name).filter((name) => chosen.has(name)),
    small: chosen.has('small'),
    withPeers: chosen.has('peers'),
  };
  runGpuBenchmark(options)
    .catch((error) => add(document.querySelector('output')!, 'p', String(error)))
    .finally(() => (button.disabled = false));
});
for (const { name } of GPU_CASES) {
  const label = add(form.querySelector('fieldset')!, 'label', ` ${name} `);
  const box = document.createElement('input');
  Object.assign(box, { type: 'checkbox', name, checked: true });
  label.prepend(box);
}
form.querySelector('button')!.disabled = false;
