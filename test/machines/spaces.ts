/** Machines made of one: each has a network of its own, with a cable between them. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

export interface TwoMachines {
  readonly addresses: readonly [string, string];
  /** What starts a command on one of them. */
  on(machine: 0 | 1, command: readonly string[]): readonly [command: string, args: string[]];
  start(machine: 0 | 1, command: readonly string[], options: SpawnOptions): void;
  /** Ends all that was started, and takes the machines down. */
  close(): Promise<void>;
}

const ADDRESSES = ['10.87.0.1', '10.87.0.2'] as const;

/** It takes Linux, its "ip" and a superuser: others have two addresses of one machine. */
export function twoMachines(): TwoMachines {
  const spaces = [0, 1].map((i) => `webgpu-clustering-${process.pid}-${i}`);
  const reason = connected(spaces);
  if (reason !== null) console.log(`no networks for two machines: ${reason}`);
  const on: TwoMachines['on'] = (machine, [command, ...args]) =>
    reason !== null ? [command, args] : ['ip', ['netns', 'exec', spaces[machine], command, ...args]];
  const started: ChildProcess[] = [];
  return {
    addresses: reason === null ? ADDRESSES : ['127.0.0.1', '127.0.0.2'],
    on,
    start(machine, command, options) {
      started.push(spawn(...on(machine, command), options));
    },
    async close() {
      for (const child of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill();
        await once(child, 'exit');
      }
      remove(spaces);
    },
  };
}

/** Why not, if they are not. */
function connected(spaces: readonly string[]): string | null {
  const ip = (...args: string[]) => {
    const { status, error, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  };
  try {
    for (const space of spaces) ip('netns', 'add', space);
    ip('link', 'add', 'cable', 'netns', spaces[0], 'type', 'veth', 'peer', 'name', 'cable', 'netns', spaces[1]);
    spaces.forEach((space, i) => {
      ip('-n', space, 'addr', 'add', `${ADDRESSES[i]}/24`, 'dev', 'cable');
      for (const link of ['lo', 'cable']) ip('-n', space, 'link', 'set', link, 'up');
    });
    return null;
  } catch (error) {
    remove(spaces);
    return (error as Error).message;
  }
}

function remove(spaces: readonly string[]): void {
  for (const space of spaces) spawnSync('ip', ['netns', 'del', space]);
}
