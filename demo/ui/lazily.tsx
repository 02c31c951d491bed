import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';

/** A part of the page that is loaded when it is first shown: nothing stands there until then. */
export function lazily(load: () => Promise<ComponentType>): ComponentType {
  const loaded = signal<ComponentType | null>(null);
  return function Lazy() {
    useEffect(() => {
      // Where it cannot be loaded the page goes on without; it is tried again when it is next shown.
      load().then(
        (part) => {
          loaded.value = part;
        },
        () => undefined,
      );
    }, []);
    const Part = loaded.value;
    return Part === null ? null : <Part />;
  };
}
