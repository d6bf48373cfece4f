import { useQuery } from '@tanstack/react-query';
import { answer, client, keys } from '@/api';
import { useT } from '@/i18n';
import { Button } from '@/ui';
import { filtersOf, type QueueSearch, statusOf } from './search';

const most = 100;

/** What a search has found among the cases that are closed: the queue shows open ones. */
export function ClosedMatches({ search, onShow }: { search: QueueSearch; onShow: () => void }) {
  const t = useT();
  const asked = Boolean(search.q) && statusOf(search) === 'active';
  const filters = {
    ...filtersOf({ ...search, status: 'all' }),
    tag: undefined,
    incident: undefined,
    overdue: undefined,
    second_person: undefined,
    escalated: undefined,
    snoozed: undefined,
  };
  const found = useQuery({
    queryKey: [...keys.allCases, 'closed', filters] as const,
    queryFn: ({ signal }) =>
      answer(client.GET('/v1/cases', { params: { query: { ...filters, view: 'summary', limit: most } }, signal })),
    enabled: asked,
    staleTime: 10_000,
  }).data;
  const closed = asked ? (found?.data.filter((one) => one.status !== 'active').length ?? 0) : 0;
  if (closed === 0) return null;
  return (
    <Button size="sm" variant="ghost" onClick={onShow}>
      {t(found?.next_cursor ? 'queue.closed_more' : 'queue.closed_match', { count: closed })}
    </Button>
  );
}
