import { useSignal } from '@preact/signals';

/** Text to paste elsewhere, and the button that copies it. */
export function Copyable({ text, block = false }: { readonly text: string; readonly block?: boolean }) {
  const copied = useSignal('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = 'Copied';
    } catch {
      copied.value = 'Select the text to copy it';
    }
    setTimeout(() => {
      copied.value = '';
    }, 2000);
  };
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
      <button type="button" class="small" onClick={copy}>
        Copy
      </button>
      <span role="status" class="muted">
        {copied.value}
      </span>
    </span>
  );
}
