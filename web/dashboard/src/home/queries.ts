import { queryOptions } from '@tanstack/react-query';
import { answer, type CaseFilters, client, keys } from '@/api';

/** How many cases a list of the home page shows. */
export const shown = 8;

/** How many days the charts go back. */
export const days = 30;

/** The first cases of a list, kept fresh while the page is seen. */
export const firstCases = (name: 'mine' | 'soonest', filters: CaseFilters) =>
  queryOptions({
    queryKey: [...keys.allCases, 'home', name] as const,
    queryFn: async ({ signal }) =>
      (
        await answer(
          client.GET('/v1/cases', { params: { query: { ...filters, view: 'summary', limit: shown } }, signal }),
        )
      ).data,
    refetchInterval: 10_000,
  });

export const statisticsQuery = queryOptions({
  queryKey: keys.statistics(days),
  queryFn: () => answer(client.GET('/v1/statistics', { params: { query: { days } } })),
  staleTime: 60_000,
  refetchInterval: 5 * 60_000,
});
