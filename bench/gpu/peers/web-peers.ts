/** The script of the contenders in JavaScript, beside the benchmark's. */
export const WEB_PEERS = 'gpu-peers.js';

export const HOW_TO_INSTALL = 'npm ci --ignore-scripts --prefix test/neighbours';
