/** What the page does when it is opened: what its address says, else the flights. */

import { loadedWhole } from '../offline/loaded.ts';
import { openKeeper } from '../offline/register.ts';
import { fromAddress } from '../results/address.ts';
import { BUILTIN } from '../tables/builtin-list.ts';
import { loadedByWorker, openSource } from './actions.ts';
import { link, notices, settings } from './state.ts';

export async function begin(): Promise<void> {
  const said = fromAddress(
    location.search,
    BUILTIN.map(({ id }) => id),
  );
  settings.value = said.link.settings;
  notices.value = said.notices;
  link.value = said.link;
  await openSource(
    { kind: 'builtin', id: BUILTIN.find(({ id }) => id === said.link.source)?.id ?? BUILTIN[0].id, rows: null },
    true,
  );
  // Nothing is more urgent by now.
  const keeper = await openKeeper();
  await keeper?.keep([...loadedWhole(), ...(await loadedByWorker())]);
}
