/**
 * Fits of rows on many machines over BullMQ and Redis, which are the caller's: workers hold shards in processes of their own,
 * and answer jobs.
 *
 * @module webgpu-clustering/bullmq
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { DelayedError, Queue, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { fitShardsBy, type ShardFitPlan } from '../machines/drive.ts';
import { type Request, ResidentShards } from '../machines/process.ts';

export type { ShardFitPlan, ShardProgress } from '../machines/drive.ts';

/** What workers and fits have in common. */
export interface ShardQueueOptions {
  /** A connection of ioredis, made with `maxRetriesPerRequest: null`. */
  readonly redis: Redis;
  /** Name of the queue, and of all keys. Default `'webgpu-clustering'`. */
  readonly queue?: string;
  /** What starts the package. Default `['npx', 'webgpu-clustering']`. */
  readonly command?: readonly string[];
}

/** Options of {@link serveShards}. */
export interface ShardWorkerOptions extends ShardQueueOptions {
  /** Shards that compute at once. Default 1. */
  readonly concurrency?: number;
  /** A worker that is silent for so many milliseconds is dead, and others take its shards. Default 30,000. */
  readonly lockDuration?: number;
}

/** Options of {@link fitShards}. */
export interface ShardFitOptions extends ShardQueueOptions, ShardFitPlan {
  /** Name of the fit: where one of that name was interrupted it goes on. Default a new one. */
  readonly fit?: string;
}

/** What holds shards. */
export interface ShardWorker {
  /** Ends its processes, behind the jobs that it has. */
  close(): Promise<void>;
}

const QUEUE = 'webgpu-clustering';
const COMMAND = ['npx', 'webgpu-clustering'];
/** A worker that has taken a job whose shard another one holds takes none meanwhile, so that the other one can. */
const REST_MS = 3;
/** Times that a job's process may end, and its worker be lost. */
const ATTEMPTS = 5;
/** What an interrupted fit leaves goes behind a day. */
const KEPT_S = 86_400;

/** Holds shards, whichever come, and answers for them until it is closed. They stay with their worker while it lives. */
export async function serveShards(options: ShardWorkerOptions): Promise<ShardWorker> {
  const { redis, queue = QUEUE, command = COMMAND, concurrency = 1, lockDuration = 30_000 } = options;
  const me = randomUUID();
  const shards = new ResidentShards(command);
  const held = new Set<string>();
  const worker = new Worker(
    queue,
    async (job, token) => {
      const { shard, header, answers, given, field } = job.data;
      const holder = `${queue}/holder/${shard.join(' ')}`;
      const isFree = await redis.set(holder, me, 'PX', lockDuration, 'NX');
      if (!isFree && (await redis.get(holder)) !== me) {
        await job.moveToDelayed(Date.now() + 1, token);
        await setTimeout(REST_MS);
        throw new DelayedError();
      }
      held.add(holder);
      const parts = given ? [(await redis.hgetBuffer(answers, given))!] : [];
      const answer = await shards.of(shard).ask(header.verb, header, ...parts);
      // By its name, so that an answer that comes twice is one answer.
      await redis.hset(answers, field, Buffer.from(answer.parts[0] ?? []));
      return answer.header;
    },
    { connection: redis, concurrency, lockDuration, stalledInterval: lockDuration, maxStalledCount: ATTEMPTS },
  );
  worker.on('error', console.error);
  const renewal = setInterval(
    () => held.forEach((holder) => void redis.pexpire(holder, lockDuration)),
    lockDuration / 3,
  );
  await worker.waitUntilReady();
  return {
    async close() {
      clearInterval(renewal);
      await worker.close();
      await Promise.all([shards.close(), ...Array.from(held, (holder) => redis.del(holder))]);
    },
  };
}

/**
 * Fits the rows of all shards, by the workers of the queue.
 *
 * @param shards arguments of a process each, as in `['points.parquet', '--columns', 'a,b', '--rows', '0:1000']`; their rows lie
 *   one behind the other
 * @returns the model as JSON, for `KMeansModel.fromJSON` or `GaussianMixtureModel.fromJSON`
 */
export async function fitShards(shards: readonly (readonly string[])[], options: ShardFitOptions): Promise<unknown> {
  const { redis, queue = QUEUE, command = COMMAND, fit = randomUUID(), ...plan } = options;
  const [state, answers] = ['state', 'answers'].map((what) => `${queue}/${fit}/${what}`);
  const run = randomUUID();
  const jobs = new Queue(queue, { connection: redis });
  const listening = redis.duplicate();
  const events = new QueueEvents(queue, { connection: listening });
  const local = new ResidentShards(command);
  const keep = (bytes: Uint8Array) => redis.multi().set(state, Buffer.from(bytes), 'EX', KEPT_S).del(answers).exec();
  try {
    const asked = { count: shards.length, each, keep };
    const model = await fitShardsBy(asked, local.of([]), plan, await redis.getBuffer(state));
    await redis.del(state, answers);
    return model;
  } finally {
    await Promise.all([local.close(), jobs.close(), events.close()]);
    listening.disconnect();
  }

  async function each(step: string, headers: readonly Request[], bytes: Uint8Array | null) {
    const given = bytes && `${step}/given`;
    await redis.hset(answers, `${step}/given`, Buffer.from(bytes ?? []));
    await redis.expire(answers, KEPT_S);
    const fields = headers.map(({ verb }, s) => `${step}/${verb}/${s}`);
    const opts = { attempts: ATTEMPTS, removeOnComplete: { age: 60 } };
    const asked = headers.map((header, s) => ({
      name: String(header.verb),
      data: { shard: shards[s], header, answers, given, field: fields[s] },
      opts: { ...opts, jobId: `${run}-${fields[s].replaceAll('/', '-')}` },
    }));
    const added = await jobs.addBulk(asked);
    const answered = await Promise.all(added.map((job) => job.waitUntilFinished(events)));
    const bodies = await Promise.all(fields.map((field) => redis.hgetBuffer(answers, field)));
    return answered.map((header, s) => ({ header, parts: [bodies[s]!] }));
  }
}
