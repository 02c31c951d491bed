import { cpuIn } from './cpu-in-page.ts';

await cpuIn('firefox');
