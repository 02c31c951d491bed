/** Machines made of one: each has a network of its own, with a cable between them. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

export interface TwoMachines {
  readonly addresses: readonly [string, string];
  /** What starts a command on one of them. */
  on(machine: 0 | 1, command: readonly string[]): readonly [string, string[]];
  start(machine: 0 | 1, command: readonly string[], options: SpawnOptions): ChildProcess;
  /** Ends all that was started, and takes the machines down. */
  close(): Promise<void>;
}

/** Two of them, or why there are none: it takes Linux, its "ip" and a superuser. */
export function twoMachines(): TwoMachines | string {
  const spaces = [0, 1].map((i) => `webgpu-clustering-${process.pid}-${i}`);
  const addresses = ['10.87.0.1', '10.87.0.2'] as const;
  const ip = (...args: string[]) => {
    const { status, error, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  };
  const remove = () => {
    for (const space of spaces) spawnSync('ip', ['netns', 'del', space]);
  };
  try {
    for (const space of spaces) ip('netns', 'add', space);
    ip('link', 'add', 'cable', 'netns', spaces[0], 'type', 'veth', 'peer', 'name', 'cable', 'netns', spaces[1]);
    spaces.forEach((space, i) => {
      ip('-n', space, 'addr', 'add', `${addresses[i]}/24`, 'dev', 'cable');
      for (const link of ['lo', 'cable']) ip('-n', space, 'link', 'set', link, 'up');
    });
  } catch (error) {
    remove();
    return (error as Error).message;
  }
  const started: ChildProcess[] = [];
  const on: TwoMachines['on'] = (machine, command) => ['ip', ['netns', 'exec', spaces[machine], ...command]];
  return {
    addresses,
    on,
    start(machine, command, options) {
      const child = spawn(...on(machine, command), options);
      started.push(child);
      return child;
    },
    async close() {
      for (const child of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill();
        await once(child, 'exit');
      }
      remove();
    },
  };
}
