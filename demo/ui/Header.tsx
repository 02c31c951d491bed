/** What this is, in the first five seconds: a sentence, what to do, and that nothing leaves the machine. */
import { BUILTIN } from '../tables/builtin-list.ts';
import { openSource } from './actions.ts';
import { Copyable } from './Copyable.tsx';
import { openFile } from './opening.ts';

export function Header() {
  return (
    <header>
      <p class="brand">
        <strong>{__PACKAGE__.name}</strong>
        <span>{__PACKAGE__.version}</span>
        <span>{__PACKAGE__.license} licence</span>
        <Copyable text={`npm i ${__PACKAGE__.name}`} />
        <nav aria-label="Of the library">
          <a href="./api/index.html">API</a>
          <a href="#examples">Examples</a>
          {__PACKAGE__.repository && <a href={__PACKAGE__.repository}>Source</a>}
        </nav>
      </p>
      <h1>Cluster your own data, in your own browser</h1>
      <p class="lead">
        Drop a table anywhere on this page. K-means and Gaussian mixtures group its rows, millions of them in seconds,
        on the GPU through WebGPU or on all cores of the CPU. <strong>Nothing is uploaded:</strong> files are read and
        clustered on this machine, the page’s own policy forbids it to send anything, and it works offline.
      </p>
      <div class="openers">
        <label class="button primary">
          Open a file…
          <input id="file" type="file" class="unseen" onChange={({ currentTarget }) => openFile(currentTarget)} />
        </label>
        <span class="muted">
          CSV, TSV, Parquet, Arrow, NPY, JSON lines, xlsx or an image; or paste a table. Or try:
        </span>
        {BUILTIN.map(({ id, title, about }) => (
          <button
            type="button"
            key={id}
            title={about}
            data-builtin={id}
            onClick={() => openSource({ kind: 'builtin', id, rows: null }, true)}
          >
            {title}
          </button>
        ))}
      </div>
    </header>
  );
}
