/** The script of the library's threads, a file from the page's own origin: its policy forbids workers from blobs. */
import script from '../../src/cpu/threads/start.ts?file';

/** For `createEngine({ workerUrl })`. */
export const THREADS: string = script;
