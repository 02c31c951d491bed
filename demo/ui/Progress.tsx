/** What happens now, what went wrong, and what to do about it. */

import { cancel, retry } from './actions.ts';
import { formatBytes } from './bytes.ts';
import { isSweeping, loading, message, notices, opened, problem, source, status, unmatched, wanted } from './state.ts';

export function Progress() {
  const bytes = loading.value;
  const table = opened.value;
  const asked = wanted.value;
  // What went wrong with a table that is there is no fault of its file.
  const isOfFile = status.value === 'error' && asked?.kind === 'file' && asked !== source.value;
  return (
    <div class="progress">
      <div class="progress-row">
        {table !== null && status.value !== 'reading' && <strong class="table-name">{table.name}</strong>}
        <p id="message" role="status">
          {message.value}
          {bytes !== null && bytes.loaded > 0 && (
            <span>
              {' '}
              {formatBytes(bytes.loaded)}
              {bytes.total > 0 && ` of ${formatBytes(bytes.total)}`}
            </span>
          )}
        </p>
        {bytes !== null && (
          <>
            <progress aria-label="Bytes read" {...(bytes.total > 0 ? { value: bytes.loaded, max: bytes.total } : {})} />
            <button type="button" onClick={cancel}>
              Cancel
            </button>
          </>
        )}
        {isSweeping.value && (
          <button type="button" onClick={cancel}>
            Stop looking
          </button>
        )}
      </div>
      {problem.value !== null && (
        <div class="problem" role="alert">
          <p id="problem">
            {isOfFile && <strong>{asked.name}: </strong>}
            {problem.value}
          </p>
          {status.value === 'error' && wanted.value !== null && (
            <button type="button" onClick={retry}>
              Try again
            </button>
          )}
        </div>
      )}
      <ul class="remarks">
        {[...new Set([...notices.value, ...unmatched.value])].map((remark) => (
          <li key={remark}>{remark}</li>
        ))}
      </ul>
    </div>
  );
}
