/** The ways in: choosing, dropping and pasting. */
import { signal } from '@preact/signals';
import { openSource } from './actions.ts';

/** Whether something is held over the page. */
export const isOver = signal(false);

export function openFile(input: HTMLInputElement): void {
  const file = input.files?.[0];
  // The same file may be chosen again.
  input.value = '';
  if (file !== undefined) void openSource({ kind: 'file', file, name: file.name }, true);
}

export function listenForFiles(): void {
  let depth = 0;
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragenter', (event) => {
    if (carriesFiles(event)) isOver.value = ++depth > 0;
  });
  addEventListener('dragleave', (event) => {
    if (carriesFiles(event)) isOver.value = --depth > 0;
  });
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    isOver.value = false;
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) void openSource({ kind: 'file', file, name: file.name }, true);
  });
  addEventListener('paste', (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    const file = event.clipboardData?.files[0];
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (file !== undefined) void openSource({ kind: 'file', file, name: file.name || 'pasted' }, true);
    else if (text.trim() !== '') void openSource({ kind: 'file', file: new Blob([text]), name: 'pasted' }, true);
  });
}
