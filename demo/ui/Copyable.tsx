import { useSignal } from '@preact/signals';

/**
 * @param otherwise what to do where the browser does not copy
 * @returns what became of it, for a while
 */
export function useCopying(otherwise = 'Select the text to copy it') {
  const copied = useSignal('');
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = 'Copied';
    } catch {
      copied.value = otherwise;
    }
    setTimeout(() => {
      copied.value = '';
    }, 2000);
  };
  return { copied: copied.value, copy };
}

/** Text to paste elsewhere, and the button that copies it. */
export function Copyable({ text, block = false }: { readonly text: string; readonly block?: boolean }) {
  const { copied, copy } = useCopying();
  return (
    <span class={block ? 'copyable block' : 'copyable'}>
      {block ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: code is scrolled by keys too.
        <pre tabIndex={0}>
          <code>{text}</code>
        </pre>
      ) : (
        <code>{text}</code>
      )}
      <button type="button" class="small" onClick={() => copy(text)}>
        Copy
      </button>
      <span role="status" class="muted">
        {copied}
      </span>
    </span>
  );
}
