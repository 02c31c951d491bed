/** A worker of a queue, in a process of its own: its arguments are the module, the port of Redis and the command as JSON. */
import { Redis } from 'ioredis';

const [module, port, command] = process.argv.slice(2);
const { serveShards } = await import(module);
const redis = new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: null });
await serveShards({ redis, command: JSON.parse(command), lockDuration: 1000 });
console.log('ready');
