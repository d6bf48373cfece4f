import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { asProblem, keys, type Watchlist } from '@/api';
import { reasonOf, Time, useFormats, useT } from '@/i18n';
import { useSession } from '@/session';
import { Button, EmptyState, ErrorState, Section, SkeletonLines, toast } from '@/ui';
import { reject, release, watchlistsQuery } from './queries';

/** The watch lists with their editions; who may settles one that waits. */
export function Watchlists() {
  const t = useT();
  const query = useQuery(watchlistsQuery);
  const problem = query.isError && !query.data ? asProblem(query.error) : null;
  if (problem) {
    return (
      <ErrorState
        title={t('common.load_failed')}
        detail={reasonOf(t, problem)}
        requestId={problem.requestId}
        requestLabel={t('common.request')}
        retryLabel={t('common.retry')}
        onRetry={() => void query.refetch()}
      />
    );
  }
  if (!query.data) return <SkeletonLines lines={3} label={t('common.loading')} />;
  return (
    <Section title={t('screening.lists')} flush>
      {query.data.data.length === 0 ? (
        <EmptyState title={t('screening.no_lists')}>
          <code className="wrap-anywhere">ballerine watchlist load</code>
        </EmptyState>
      ) : (
        <ul aria-label={t('screening.lists')}>
          {query.data.data.map((list) => (
            <Line key={list.name} list={list} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Line({ list }: { list: Watchlist }) {
  const t = useT();
  const { number } = useFormats();
  const { current, waiting } = list;
  const changes = current?.changes;
  return (
    <li className="flex flex-col gap-2 border-t px-3 py-2.5 first:border-t-0">
      <div>
        <p className="font-medium wrap-anywhere">
          {list.name} <span className="text-sm font-normal text-muted">{current?.edition}</span>
        </p>
        {current && (
          <p className="text-sm text-muted">
            {t('screening.entries', { count: number(current.entries) })} · <Time value={current.loaded_at} /> ·{' '}
            <bdi>{current.loaded_by.name || current.loaded_by.id}</bdi>
            {changes && ` · +${number(changes.added)} ~${number(changes.changed)} −${number(changes.removed)}`}
          </p>
        )}
      </div>
      {waiting && <Waiting list={list.name} waiting={waiting} />}
    </li>
  );
}

function Waiting({ list, waiting }: { list: string; waiting: NonNullable<Watchlist['waiting']> }) {
  const t = useT();
  const { number } = useFormats();
  const { can, me } = useSession();
  const queries = useQueryClient();
  const settle = useMutation({
    mutationFn: (how: typeof release) => how({ list, edition: waiting.edition }),
    onError: (error: unknown) => {
      const problem = asProblem(error);
      if (!problem.signedOut) toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.watchlists }),
  });
  const own = waiting.loaded_by.id === me.user.id;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md border border-warning p-2 text-sm">
      <TriangleAlert aria-hidden="true" className="size-4 text-warning" />
      <p className="min-w-0 flex-1 basis-64 wrap-anywhere">
        {t('screening.waiting', { edition: waiting.edition, count: number(waiting.entries) })}{' '}
        <bdi>{waiting.loaded_by.name || waiting.loaded_by.id}</bdi>, <Time value={waiting.loaded_at} />
      </p>
      {can('watchlists:write') && (
        <div className="flex gap-1.5">
          {!own && (
            <Button
              size="sm"
              loading={settle.isPending && settle.variables === release}
              onClick={() => settle.mutate(release)}
            >
              {t('screening.release')}
            </Button>
          )}
          <Button
            size="sm"
            loading={settle.isPending && settle.variables === reject}
            onClick={() => settle.mutate(reject)}
          >
            {t('screening.reject')}
          </Button>
        </div>
      )}
    </div>
  );
}
