import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { answer, type CaseFilters, casesQuery, client } from '@/api';
import { append, type LiveList, merge, noRows, show } from './live';
import { pageSize } from './search';

/** How often the first page is read again while it is seen, in milliseconds. */
const interval = 3_000;

/** The cases of a list, page by page, kept up to date. `inUse` reports whether somebody is pointing at it. */
export function useQueueList(filters: CaseFilters, inUse: () => boolean) {
  const pages = useInfiniteQuery({ ...casesQuery(filters, pageSize), staleTime: Number.POSITIVE_INFINITY, gcTime: 0 });
  const live = useQuery({
    queryKey: ['cases', 'live', filters],
    queryFn: ({ signal }) =>
      answer(client.GET('/v1/cases', { params: { query: { ...filters, view: 'summary', limit: pageSize } }, signal })),
    refetchInterval: interval,
    enabled: pages.isSuccess,
    // The first page has just been read.
    staleTime: interval,
    initialData: () => pages.data?.pages[0],
    initialDataUpdatedAt: () => pages.dataUpdatedAt,
    gcTime: 0,
  });
  const [list, setList] = useState<LiveList>(noRows);
  const taken = useRef(0);
  const name = JSON.stringify(filters);
  const shown = useRef(name);

  useEffect(() => {
    if (!pages.data) return;
    if (shown.current !== name) {
      shown.current = name;
      taken.current = 0;
    }
    const from = taken.current;
    taken.current = pages.data.pages.length;
    const cases = pages.data.pages.slice(from).flatMap((page) => page.data);
    setList((old) => (from === 0 ? show(cases) : append(old, cases)));
  }, [pages.data, name]);

  const fresh = live.data;
  useEffect(() => {
    if (fresh) setList((old) => merge(old, fresh.data, !fresh.next_cursor, inUse()));
  }, [fresh, inUse]);

  const release = useCallback(() => {
    if (fresh) setList((old) => merge(old, fresh.data, !fresh.next_cursor, false));
  }, [fresh]);

  // What a filter hardly lets pass comes page by page: a page can be empty that is not the last.
  const seeking =
    pages.data !== undefined && pages.hasNextPage && pages.data.pages.every((page) => page.data.length === 0);
  const { fetchNextPage, isFetchingNextPage } = pages;
  useEffect(() => {
    if (seeking && !isFetchingNextPage) void fetchNextPage();
  }, [seeking, isFetchingNextPage, fetchNextPage]);

  const settled = shown.current === name && (list.rows.length > 0 || pages.isSuccess);
  return {
    rows: settled ? list.rows : [],
    waiting: list.waiting,
    release,
    loading: pages.isPending || (seeking && list.rows.length === 0),
    error: pages.error,
    retry: () => void pages.refetch(),
    hasMore: pages.hasNextPage,
    more: () => {
      if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage();
    },
    loadingMore: pages.isFetchingNextPage,
    refresh: () => void live.refetch(),
  };
}
