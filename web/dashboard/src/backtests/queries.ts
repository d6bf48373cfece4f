import { queryOptions } from '@tanstack/react-query';
import { answer, client, idempotencyKey, keys } from '@/api';

export const policiesQuery = queryOptions({
  queryKey: keys.policies,
  queryFn: async ({ signal }) => (await answer(client.GET('/v1/policies', { signal }))).data,
  staleTime: 60_000,
});

/** The newest runs of a policy. */
export const runsQuery = (policy: string) =>
  queryOptions({
    queryKey: keys.backtests(policy),
    queryFn: ({ signal }) =>
      answer(
        client.GET('/v1/policies/{id}/backtest-runs', {
          params: { path: { id: policy }, query: { limit: 50 } },
          signal,
        }),
      ),
    refetchInterval: 5_000,
  });

/** A run with its report; asked for again until it has ended. */
export const runQuery = (policy: string, run: string) =>
  queryOptions({
    queryKey: keys.backtest(policy, run),
    queryFn: ({ signal }) =>
      answer(client.GET('/v1/policies/{id}/backtest-runs/{run}', { params: { path: { id: policy, run } }, signal })),
    refetchInterval: (query) => (query.state.data && query.state.data.status !== 'running' ? false : 1_000),
  });

/** Tries the live version on the decisions of its policy: differences are then due to corrections alone. */
export async function testLive(policy: string, version: number, comment: string) {
  const { source } = await answer(
    client.GET('/v1/policies/{id}/versions/{version}', { params: { path: { id: policy, version } } }),
  );
  return answer(
    client.POST('/v1/policies/{id}/backtest-runs', {
      params: { path: { id: policy }, header: { 'Idempotency-Key': idempotencyKey() } },
      body: { source: source ?? '', examples: 0, comment },
    }),
  );
}
