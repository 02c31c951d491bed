import { useEffect } from 'preact/hooks';
import { ClusterForm } from './ClusterForm.tsx';
import { Columns } from './Columns.tsx';
import { Figures } from './Figures.tsx';
import { Footer } from './Footer.tsx';
import { Header } from './Header.tsx';
import { HowMany } from './HowMany.tsx';
import { lazily } from './lazily.tsx';
import { isOver } from './opening.ts';
import { PictureCard } from './PictureCard.tsx';
import { Progress } from './Progress.tsx';
import { prepared, run, settings, status, steps } from './state.ts';

const Clusters = lazily(async () => (await import('./Clusters.tsx')).Clusters);
const Findings = lazily(async () => (await import('./Findings.tsx')).Findings);

/**
 * The page. The element #result tells the state in `data-status`, and of the run, as far as it has come, `data-model`,
 * `data-engine`, `data-points`, `data-iterations` and `data-objective`.
 */
export function App() {
  const ended = status.value === 'running' ? null : run.value;
  const last = ended === null ? steps.value.at(-1) : { iteration: ended.iterations, objective: ended.objective };
  useEffect(() => {
    document.body.classList.toggle('over', isOver.value);
  }, [isOver.value]);
  return (
    <>
      <Header />
      <main
        id="result"
        data-status={status.value}
        data-model={ended?.settings.model ?? settings.value.model}
        data-engine={ended?.backend}
        data-points={prepared.value?.n}
        data-iterations={last?.iteration}
        data-objective={last?.objective}
      >
        <Progress />
        <div class="seen">
          <PictureCard />
          <Figures />
        </div>
        <div class="controls">
          <ClusterForm />
          <HowMany />
          <Columns />
        </div>
        <div class="told">
          {/* Its place is kept, so that what is beside and below stays where it is. */}
          {run.value === null && (
            <section class="card none-yet">
              <h2>Clusters</h2>
              <p class="muted">What sets each cluster apart from the others is told here, once they are found.</p>
            </section>
          )}
          {run.value !== null && <Clusters />}
        </div>
        {run.value !== null && <Findings />}
      </main>
      <Footer />
    </>
  );
}
