/** The page's worker: tables, engines, labels and pictures live here. */

import { answerCalls } from '../channel.ts';
import { loadedWhole } from '../offline/loaded.ts';
import type { PageCalls } from './calls.ts';
import { Desk } from './desk.ts';
import { holdLock } from './lost.ts';

const desk = new Desk();

answerCalls<PageCalls>({
  open: (source, caller) => desk.open(source, caller),
  prepare: (choices, caller) => desk.prepare(choices, caller),
  warm: (backend) => desk.warm(backend),
  cluster: (settings, caller) => desk.cluster(settings, caller),
  stop: () => desk.stop(),
  sweep: (asked, caller) => desk.sweep(asked, caller),
  show: (run) => desk.show(run),
  aim: (axes, caller) => desk.aim(axes, caller),
  centres: (_, caller) => desk.centres(caller),
  doubt: (_, caller) => desk.doubt(caller),
  expose: (exposure, caller) => desk.expose(exposure, caller),
  pick: (place) => desk.pick(place),
  choose: (area, caller) => desk.choose(area, caller),
  unchoose: () => desk.unchoose(),
  profile: (run, caller) => desk.profile(run, caller),
  rows: (asked) => desk.rows(asked),
  repaint: (asked, caller) => desk.repaint(asked, caller),
  take: (taken, caller) => desk.take(taken, caller),
  stay: (lock) => holdLock(lock),
  loaded: async () => loadedWhole(),
  agreement: (runs, caller) => desk.agreement(runs, caller),
  compare: (asked, caller) => desk.compare(asked, caller),
});
