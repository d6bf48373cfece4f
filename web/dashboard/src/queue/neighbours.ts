import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { answer, client, keys } from '@/api';
import { filtersOf, type QueueSearch } from './search';

// The list from which the user opened a case: what "next" and "previous" mean on its page.

interface Remembered {
  ids: string[];
  search: QueueSearch;
  /** Those of them that were decided since: they keep their places, in case the decision is taken back. */
  decided: string[];
}

const key = 'ballerine.list';
const none: Remembered = { ids: [], search: {}, decided: [] };

export function rememberList(ids: string[], search: QueueSearch) {
  sessionStorage.setItem(key, JSON.stringify({ ids: ids.slice(0, 500), search, decided: [] } satisfies Remembered));
}

export function rememberedList(): Remembered {
  try {
    const value = JSON.parse(sessionStorage.getItem(key) ?? '') as Remembered;
    return Array.isArray(value.ids) ? { ...value, decided: value.decided ?? [] } : none;
  } catch {
    return none;
  }
}

/** The cases before and after one in a list, without those that were decided. One that is not in it is followed by the first. */
export function neighbours(
  ids: readonly string[],
  id: string,
  decided: readonly string[] = [],
): { previous?: string; next?: string } {
  const left = ids.filter((one) => one === id || !decided.includes(one));
  const at = left.indexOf(id);
  if (at < 0) return { next: left[0] };
  return { previous: left[at - 1], next: left[at + 1] };
}

function keep(change: (decided: string[]) => string[]) {
  const list = rememberedList();
  sessionStorage.setItem(key, JSON.stringify({ ...list, decided: change(list.decided) } satisfies Remembered));
}

/** Passes over a case of the remembered list: it was decided. */
export function forgetCase(id: string) {
  keep((decided) => [...decided.filter((one) => one !== id), id]);
}

/** Puts a case back in its place: its decision was taken back. */
export function restoreCase(id: string) {
  keep((decided) => decided.filter((one) => one !== id));
}

/** How many cases are searched for one that was opened by a link. */
const most = 200;

/**
 * The cases before and after one. Who came by a link, or in a new window, has no list: then it is the queue's, as its
 * address was last.
 */
export function useNeighbours(id: string): { previous?: string; next?: string } {
  const { ids, search } = rememberedList();
  const known = ids.includes(id);
  const queue = useQuery({
    queryKey: [...keys.allCases, 'neighbours', search] as const,
    queryFn: async ({ signal }) =>
      (
        await answer(
          client.GET('/v1/cases', {
            params: { query: { ...filtersOf(search), view: 'summary', limit: most } },
            signal,
          }),
        )
      ).data.map((one) => one.id),
    enabled: !known,
    staleTime: Number.POSITIVE_INFINITY, // a case that is decided keeps its place
  }).data;
  useEffect(() => {
    if (queue?.includes(id) && !rememberedList().ids.includes(id)) rememberList(queue, search);
  }, [queue, id, search]);
  return neighbours(known ? ids : (queue ?? ids), id, rememberedList().decided);
}
