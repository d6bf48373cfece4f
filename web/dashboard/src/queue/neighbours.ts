import type { QueueSearch } from './search';

// The list that somebody came to a case from: what "next" and "previous" mean on its page.

interface Remembered {
  ids: string[];
  search: QueueSearch;
}

const key = 'ballerine.list';

export function rememberList(ids: string[], search: QueueSearch) {
  sessionStorage.setItem(key, JSON.stringify({ ids: ids.slice(0, 500), search } satisfies Remembered));
}

export function rememberedList(): Remembered {
  try {
    const value = JSON.parse(sessionStorage.getItem(key) ?? '') as Remembered;
    return Array.isArray(value.ids) ? value : { ids: [], search: {} };
  } catch {
    return { ids: [], search: {} };
  }
}

/** The cases before and after one in a list. One that is not in it is followed by the first. */
export function neighbours(ids: readonly string[], id: string): { previous?: string; next?: string } {
  const at = ids.indexOf(id);
  if (at < 0) return { next: ids.find((one) => one !== id) };
  return { previous: ids[at - 1], next: ids[at + 1] };
}

/** Takes a case out of the remembered list: it was decided. */
export function forgetCase(id: string) {
  const { ids, search } = rememberedList();
  rememberList(
    ids.filter((one) => one !== id),
    search,
  );
}
