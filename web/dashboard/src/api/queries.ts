import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, client } from './client';
import { takeEarly } from './early';
import { keys } from './keys';
import type { Case, CaseFilters, Cause, Entry } from './types';

// Queries that more than one feature uses.

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: () => answer(client.GET('/v1/me')),
  staleTime: 5 * 60_000,
});

export const usersQuery = queryOptions({
  queryKey: keys.users,
  queryFn: async () => (await answer(client.GET('/v1/users'))).data,
  staleTime: 60_000,
});

export const queueQuery = queryOptions({
  queryKey: keys.queue,
  queryFn: async () => (await answer(client.GET('/v1/queue'))).data,
  refetchInterval: 3_000,
});

/** The newest open proposals: enough to count those that wait for a person. */
export const openProposalsQuery = queryOptions({
  queryKey: keys.openProposals,
  queryFn: ({ signal }) =>
    answer(client.GET('/v1/proposals', { params: { query: { status: 'open', limit: 100 } }, signal })),
  refetchInterval: 30_000,
});

export const viewsQuery = queryOptions({
  queryKey: keys.views,
  queryFn: async () => (await answer(client.GET('/v1/views'))).data,
  staleTime: 30_000,
});

export const workflowsQuery = queryOptions({
  queryKey: keys.workflows,
  queryFn: async () => (await answer(client.GET('/v1/workflows'))).data,
  staleTime: 5 * 60_000,
});

export const workflowQuery = (id: string, version?: number) =>
  queryOptions({
    queryKey: keys.workflow(id, version),
    queryFn: () => answer(client.GET('/v1/workflows/{id}', { params: { path: { id }, query: { version } } })),
    staleTime: version === undefined ? 60_000 : Number.POSITIVE_INFINITY, // a published version never changes
  });

export const casesQuery = (filters: CaseFilters, limit = 50) =>
  infiniteQueryOptions({
    queryKey: keys.cases(filters, limit),
    queryFn: ({ pageParam, signal }) =>
      pageParam === undefined
        ? takeEarly(keys.cases(filters, limit), () => firstCases(filters, limit, signal))
        : casesPage(filters, limit, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

const casesPage = (filters: CaseFilters, limit: number, cursor?: string, signal?: AbortSignal) =>
  answer(client.GET('/v1/cases', { params: { query: { ...filters, view: 'summary', limit, cursor } }, signal }));

/** The first cases of a list. */
export const firstCases = (filters: CaseFilters, limit: number, signal?: AbortSignal) =>
  casesPage(filters, limit, undefined, signal);

/** A case by its id. */
export const readCase = (id: string) => answer(client.GET('/v1/cases/{id}', { params: { path: { id } } }));

/** The other cases that may be about the same person. */
export const relatedQuery = (one: Pick<Case, 'id'>) =>
  queryOptions({
    queryKey: ['cases', 'related', one.id],
    queryFn: () => answer(client.GET('/v1/cases/{id}/related', { params: { path: { id: one.id } } })),
  });

export const notesQuery = (id: string) =>
  queryOptions({
    queryKey: keys.notes(id),
    queryFn: async () => (await answer(client.GET('/v1/cases/{id}/notes', { params: { path: { id } } }))).data,
  });

/** The incidents of a case with the input of their work, for those who repair them. */
export const incidentsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.incidents(id),
    queryFn: async ({ signal }) =>
      (await answer(client.GET('/v1/cases/{id}/incidents', { params: { path: { id } }, signal }))).data,
  });

export const tasksQuery = (id: string) =>
  queryOptions({
    queryKey: keys.tasks(id),
    queryFn: async () => (await answer(client.GET('/v1/cases/{id}/tasks', { params: { path: { id } } }))).data,
  });

/** The case that started a case: cached under the child, with the other data of the child's page. */
export const parentQuery = (id: string, parent: string) =>
  queryOptions({
    queryKey: keys.parent(id),
    queryFn: ({ signal }) => answer(client.GET('/v1/cases/{id}', { params: { path: { id: parent } }, signal })),
  });

/** All cases that a case has started. */
export const childrenQuery = (id: string) =>
  queryOptions({
    queryKey: keys.children(id),
    queryFn: async ({ signal }) => {
      const found: Case[] = [];
      let cursor: string | undefined;
      do {
        const query = { parent: id, view: 'summary' as const, limit: 200, cursor };
        const page = await answer(client.GET('/v1/cases', { params: { query }, signal }));
        found.push(...page.data);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return found;
    },
  });

/** A history from its first entry to its last, or the entries of some causes only: for paper, and for the way of a case. */
export const fullHistoryQuery = (id: string, causes: readonly Cause[] = []) =>
  queryOptions({
    queryKey: [...keys.history(id, causes), 'whole'],
    queryFn: async ({ signal }) => {
      const found: Entry[] = [];
      let cursor: string | undefined;
      do {
        const query = { cause: causes.length > 0 ? [...causes] : undefined, limit: 200, cursor };
        const page = await answer(client.GET('/v1/cases/{id}/history', { params: { path: { id }, query }, signal }));
        found.push(...page.data);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return found;
    },
  });
