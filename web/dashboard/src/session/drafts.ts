import { useCallback, useEffect, useState } from 'react';

// Text that the user has started to write about a case. It survives a reload, the end of a session and an unreachable server; it
// is removed when it is sent, and when the person signs out.

const prefix = 'ballerine.draft.';

/** Whose drafts they are: another person in the same browser does not get them. */
const ownerKey = 'ballerine.draft-owner';

/** Removes all drafts. */
export function clearDrafts() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(prefix) || key === ownerKey) localStorage.removeItem(key);
    }
  } catch {
    // storage is switched off: there are none
  }
}

/** Sets who is signed in. Drafts of another person are removed. */
export function claimDrafts(person: string) {
  try {
    const owner = localStorage.getItem(ownerKey);
    if (owner === person) return;
    if (owner !== null) clearDrafts();
    localStorage.setItem(ownerKey, person);
  } catch {
    // storage is switched off: there are none
  }
}

export function readDraft<T>(name: string): Partial<T> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(prefix + name) ?? '{}');
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Partial<T>) : {};
  } catch {
    return {};
  }
}

export function writeDraft<T extends object>(name: string, draft: T) {
  const empty = Object.values(draft).every(
    (value) =>
      value === '' ||
      value === null ||
      value === undefined ||
      (Array.isArray(value) && value.length === 0) ||
      (typeof value === 'object' && value !== null && Object.keys(value).length === 0),
  );
  try {
    if (empty) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, JSON.stringify(draft));
  } catch {
    // storage is full or switched off: the draft lasts as long as the page
  }
}

/** State that is kept as a draft under a name. `dirty` reports whether it contains anything. */
export function useDraft<T extends object>(
  name: string,
  empty: T,
): { draft: T; change: (part: Partial<T>) => void; clear: () => void; dirty: boolean } {
  const [state, setState] = useState(() => ({ name, draft: { ...empty, ...readDraft<T>(name) } }));
  const current = state.name === name ? state.draft : { ...empty, ...readDraft<T>(name) };
  useEffect(() => {
    setState((old) => (old.name === name ? old : { name, draft: { ...empty, ...readDraft<T>(name) } }));
  }, [name, empty]);
  const change = useCallback(
    (part: Partial<T>) => {
      setState((old) => {
        const draft = { ...(old.name === name ? old.draft : { ...empty, ...readDraft<T>(name) }), ...part };
        writeDraft(name, draft);
        return { name, draft };
      });
    },
    [name, empty],
  );
  const clear = useCallback(() => {
    writeDraft(name, {});
    setState({ name, draft: empty });
  }, [name, empty]);
  const dirty = JSON.stringify(current) !== JSON.stringify(empty);
  return { draft: current, change, clear, dirty };
}
