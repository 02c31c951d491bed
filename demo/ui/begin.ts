/** What the page does when it is opened: what its address says, else the flights. */

import { loadedWhole } from '../offline/loaded.ts';
import { openKeeper } from '../offline/register.ts';
import { fromAddress, OWN_FILE } from '../results/address.ts';
import { BUILTIN } from '../tables/builtin-list.ts';
import { loadedByWorker, openSource } from './actions.ts';
import { link, message, notices, settings } from './state.ts';

export async function begin(): Promise<void> {
  const said = fromAddress(location.search, [OWN_FILE, ...BUILTIN.map(({ id }) => id)]);
  settings.value = said.link.settings;
  notices.value = said.notices;
  link.value = said.link;
  if (said.link.source === OWN_FILE) {
    message.value = 'Open the file that this link was made for: its columns, scalings and settings are kept here.';
  } else {
    const { id } = BUILTIN.find(({ id }) => id === said.link.source) ?? BUILTIN[0];
    await openSource({ kind: 'builtin', id, rows: null }, true);
  }
  // Nothing is more urgent once the page is drawn.
  await new Promise((resolve) => setTimeout(resolve));
  const keeper = await openKeeper();
  await keeper?.keep([...loadedWhole(), ...(await loadedByWorker())]);
}
