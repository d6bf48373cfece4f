import { useSyncExternalStore } from 'react';

// Lists name the entries that are stored and cannot be read. Every list goes through the client, so that this is noted there once, and no
// page can forget to show it.

/** What could not be read of one list. */
export interface UnreadableList {
  /** The list's path: "/v1/proposals". */
  path: string;
  ids: string[];
}

const noted = new Map<string, UnreadableList>(); // by address: each page and each filter is a list of its own
const listeners = new Set<() => void>();
let snapshot: readonly UnreadableList[] = [];

function idsIn(body: unknown): string[] | null {
  if (body === null || typeof body !== 'object' || !('data' in body) || !Array.isArray(body.data)) return null;
  const named = 'unreadable' in body && Array.isArray(body.unreadable) ? body.unreadable : [];
  return named.filter((id): id is string => typeof id === 'string');
}

/** Lists by path, each id once. */
function merged(): UnreadableList[] {
  const lists = new Map<string, Set<string>>();
  for (const { path, ids } of noted.values()) lists.set(path, new Set([...(lists.get(path) ?? []), ...ids]));
  return [...lists].map(([path, ids]) => ({ path, ids: [...ids] }));
}

/** Records which entries an answer reports as unreadable. A list that can be read again is removed. */
export function noteUnreadable(address: string, body: unknown) {
  const ids = idsIn(body);
  if (ids === null || (ids.length === 0 && !noted.has(address))) return;
  if (ids.length > 0) noted.set(address, { path: new URL(address, location.origin).pathname, ids });
  else noted.delete(address);
  snapshot = merged();
  for (const listener of listeners) listener();
}

/** The lists that have entries which cannot be read. */
export function useUnreadable(): readonly UnreadableList[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}
