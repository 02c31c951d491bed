/** Contenders in JavaScript, each with its library inside: a script of its own, for pages and for Node. */
import { openJax } from './jax.mjs';
import { openTfjs } from './tfjs.mjs';

globalThis.openGpuPeers = { tfjs: openTfjs, 'jax-js': openJax };
