import type { QueryClient } from '@tanstack/react-query';
import { callEarly, firstCases, keys, notesQuery, queueQuery, readCase, relatedQuery, usersQuery } from './api';
import { filtersOf, pageSize, readQueueSearch } from './queue/search';

/** Asks for what the page of an address shows first, while its code and the session are still being loaded. */
export function startPage(
  { pathname, search }: { pathname: string; search: Record<string, unknown> },
  queries: QueryClient,
): void {
  const id = /^\/cases\/([^/]+)$/.exec(pathname)?.[1];
  if (id) {
    callEarly(keys.case(id), () => readCase(id));
    void queries.prefetchQuery(notesQuery(id));
    void queries.prefetchQuery(relatedQuery({ id }));
  }
  // A link to a view is only its id: its filters are not known yet.
  if (pathname === '/queue' && !search['view']) {
    const filters = filtersOf(readQueueSearch(search));
    callEarly(keys.cases(filters, pageSize), () => firstCases(filters, pageSize));
  }
  if (id || pathname === '/queue') {
    void queries.prefetchQuery(queueQuery);
    void queries.prefetchQuery(usersQuery);
  }
}
