/**
 * The script of all workers: of a client's, which computes what the client is asked, and of the CPU engine's threads, where
 * they are not inlined. They hear messages of different types.
 */
import { reside } from '../cpu/threads/worker.ts';
import { serve } from './serve.ts';

reside();
serve();
