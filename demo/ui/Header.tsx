/** What this is, in the first five seconds: a sentence, what to do, and that nothing leaves the machine. */
import { BUILTIN } from '../tables/builtin-list.ts';
import { openSource } from './actions.ts';
import { Copyable } from './Copyable.tsx';
import { openFile } from './opening.ts';
import { source } from './state.ts';

/** The built page has one; pages that are served from their sources have none. */
const hasPolicy = document.querySelector('meta[http-equiv="Content-Security-Policy"]') !== null;

export function Header() {
  const shown = source.value;
  return (
    <header>
      <div class="brand">
        <strong>{__PACKAGE__.name}</strong>
        <span class="for-wide">{__PACKAGE__.version}</span>
        <span class="for-wide">{__PACKAGE__.license} licence</span>
        {/* test/package holds it to that. */}
        <span
          class="for-wide"
          title="What a page of k-means loads, minified and compressed by gzip; mixtures add 11 kB"
        >
          under 41 kB
        </span>
        <span class="for-wide">
          <Copyable text={`npm i ${__PACKAGE__.name}`} />
        </span>
        <nav aria-label="Of the library">
          <a href="./api/index.html">API</a>
          <a href="#examples">Examples</a>
          {__PACKAGE__.repository && <a href={__PACKAGE__.repository}>Source</a>}
        </nav>
      </div>
      <h1>Cluster your own data, in your own browser</h1>
      <p class="lead">
        <span class="for-wide">
          Open, drop or paste a table: k-means and Gaussian mixtures group its rows, millions in seconds, on the GPU or
          all cores of the CPU.{' '}
        </span>
        <span class="for-narrow">
          Groups the rows of your own CSV, Parquet or Excel file, or the pixels of an image.{' '}
        </span>
        <strong>Nothing is uploaded</strong>
        <span class="for-wide">
          : files are read and clustered on this machine
          {hasPolicy && ', and the page’s own policy allows connections to its own site alone'}
        </span>
        .
      </p>
      <div class="openers">
        <label class="button primary">
          Open a file…
          <input id="file" type="file" class="unseen" onChange={({ currentTarget }) => openFile(currentTarget)} />
        </label>
        <span class="muted for-wide">or try</span>
        {BUILTIN.map(({ id, title, about }) => (
          <button
            type="button"
            key={id}
            title={about}
            data-builtin={id}
            aria-pressed={shown?.kind === 'builtin' && shown.id === id}
            onClick={() => openSource({ kind: 'builtin', id, rows: null }, true)}
          >
            {title}
          </button>
        ))}
        <span class="muted for-wide">
          CSV, TSV, Parquet, Arrow, NPY, JSON lines, xlsx or an image; drop it anywhere, or paste a table.
        </span>
      </div>
    </header>
  );
}
