import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, client, idempotencyKey, keys, type ProposalStatus } from '@/api';

/** Proposals of a status, or all of them, the newest first. */
export const proposalsQuery = (status: ProposalStatus | undefined) =>
  infiniteQueryOptions({
    queryKey: keys.proposals(status ?? 'all'),
    queryFn: ({ pageParam, signal }) =>
      answer(client.GET('/v1/proposals', { params: { query: { status, limit: 50, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: 10_000,
  });

/** A proposal with what it changes. It is asked for again while it is open: what it is based on may change. */
export const proposalQuery = (id: string) =>
  queryOptions({
    queryKey: keys.proposal(id),
    queryFn: ({ signal }) => answer(client.GET('/v1/proposals/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data && query.state.data.status !== 'open' ? false : 10_000),
  });

/** How a proposal ends. */
export type Ending = 'approve' | 'reject' | 'withdraw';

/** Ends a proposal, with a comment. */
export function end(id: string, how: Ending, words: string) {
  const params = { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } };
  switch (how) {
    case 'approve':
      return answer(client.POST('/v1/proposals/{id}/approval', { params, body: words ? { comment: words } : {} }));
    case 'reject':
      return answer(client.POST('/v1/proposals/{id}/rejection', { params, body: { reason: words } }));
    case 'withdraw':
      return answer(client.POST('/v1/proposals/{id}/withdrawal', { params }));
  }
}
