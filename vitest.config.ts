import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { RUNS_ALL } from './test/scope.ts';
import { inlined } from './vite.plugins.ts';

/** Software adapters are slow, and two of them may share a machine's two cores. */
const MINUTES = 60_000;

function project(name: string, include: string, globalSetup: string[] = [], minutes = 2): TestProjectConfiguration {
  const patience = minutes * MINUTES;
  return {
    extends: true,
    // Units read WGSL as it was written; adapters get it as it is published.
    plugins: [inlined(name === 'unit' ? 'written' : 'short')],
    test: { name, include: [include], globalSetup, pool: 'forks', testTimeout: patience, hookTimeout: patience },
  };
}

/** What takes minutes starts first, so that no core is idle at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => {
      const place = ['chrome', 'node', 'firefox', 'package', 'page'].indexOf(project.name);
      return place < 0 ? Infinity : place;
    };
    return [...files].sort((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  test: {
    // Files wait for browsers and devices: one worker a core, none of them kept free.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // Node does not find its module: `main` is none.
    server: { deps: { inline: ['wgsl_reflect'] } },
    projects: [
      // What it costs to add a covariance type or a metric changes seldom, and takes half a minute to find out.
      project('unit', RUNS_ALL ? 'test/unit/**/*.test.ts' : 'test/unit/**/!(additions).test.ts'),
      project('cpu', 'test/conformance/cpu*.test.ts'),
      project('node', 'test/conformance/node*.test.ts', ['test/conformance/node.setup.ts']),
      project('chrome', 'test/conformance/chrome*.test.ts'),
      project('firefox', 'test/conformance/firefox*.test.ts'),
      project('page', 'test/browser/**/*.test.ts', ['test/browser/page.setup.ts']),
      // So does the API site, which takes as long.
      project('package', RUNS_ALL ? 'test/package/**/*.test.ts' : 'test/package/**/!(docs).test.ts'),
      // Large packages, which `npm run test:all` installs.
      ...(RUNS_ALL ? [project('neighbours', 'test/neighbours/*.test.ts')] : []),
      // Clusters of processes, which take a core each.
      ...(RUNS_ALL ? [project('machines', 'test/machines/*.test.ts', ['test/machines/machines.setup.ts'], 10)] : []),
      // Minutes on software adapters.
      ...(RUNS_ALL ? [project('bench', 'test/bench/*.test.ts', ['test/conformance/node.setup.ts'], 10)] : []),
    ],
  },
});
