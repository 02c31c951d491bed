/** The script of a thread, as it is inlined. */
import { reside } from './worker.ts';

reside();
