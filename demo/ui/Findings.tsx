import { Agreement } from './Agreement.tsx';
import { Comparing } from './Comparing.tsx';
import { Runs } from './Runs.tsx';
import { runs } from './state.ts';
import { TakeHome } from './TakeHome.tsx';

/** What there is behind a run: others to compare it with, what is taken home, and how fast this machine is. */
export function Findings() {
  return (
    <div class="findings">
      <Runs />
      {runs.value.length > 1 && <Agreement />}
      <TakeHome />
      <Comparing />
    </div>
  );
}
