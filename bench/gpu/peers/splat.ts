/** The k-means of splat-transform, which its package does not export: a copy of its bundle does. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Conversation } from '../../python.ts';
import type { GpuContender } from '../contender.ts';
import { byConversation } from './conversation.ts';
import driver from './splat-driver.mjs?raw';

/** A folder of its own, with the Node that the package asks for. */
const FOLDERS = ['bench/.splat', '.splat'];
const HOW_TO_INSTALL = `npm install --prefix ${FOLDERS[0]} node@24 @playcanvas/splat-transform@3.7.0`;

/** Columns that its kernel keeps in registers: beyond, its compilation does not end in time. */
const MOST_COLUMNS = 128;

/** @throws {Error} where it is not installed: the message says how. */
export function openSplat(): GpuContender {
  const folder = FOLDERS.map((name) => resolve(name)).find((path) => existsSync(`${path}/node_modules`));
  if (folder === undefined) throw new Error(HOW_TO_INSTALL);
  const home = `${folder}/node_modules/@playcanvas/splat-transform`;
  const bundle = `${home}/dist/cli-with-exports.mjs`;
  writeFileSync(bundle, `${readFileSync(`${home}/dist/cli.mjs`, 'utf8')}\nexport { createDevice, GpuKmeans };\n`);
  const own = `${folder}/node_modules/.bin/node`;
  const command = existsSync(own) ? own : process.execPath;
  const { version } = JSON.parse(readFileSync(`${home}/package.json`, 'utf8'));
  const args = ['--input-type=module', '--eval', driver, pathToFileURL(bundle).href];
  const { close, ...contender } = byConversation(new Conversation(command, args));
  return {
    ...contender,
    name: 'splat-transform',
    about: `version ${version}: half precision where the adapter has it`,
    takes: ({ d, covarianceType }) => covarianceType === null && d <= MOST_COLUMNS,
    close() {
      close();
      rmSync(bundle, { force: true });
    },
  };
}
