import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { asProblem, keys, type Watchlist } from '@/api';
import { reasonOf, Time, useFormats } from '@/i18n';
import { useSession } from '@/session';
import { Button, EmptyState, ErrorState, Section, SkeletonLines, toast } from '@/ui';
import { reject, release, remove, rescreen, retain, watchlistsQuery } from './queries';
import { useT } from './texts';

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
      {list.rescreening && <Again list={list.name} run={list.rescreening} />}
      {list.removal && <Removal list={list.name} removal={list.removal} />}
    </li>
  );
}

/** What a command about a whole list answers, or why it is refused. */
function useCommand() {
  const t = useT();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onError: (error: unknown) => {
      const problem = asProblem(error);
      if (!problem.signedOut) toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.watchlists }),
  });
}

/** How far kept subjects have been screened again. */
function Again({ list, run }: { list: string; run: NonNullable<Watchlist['rescreening']> }) {
  const t = useT();
  const { number } = useFormats();
  const { can } = useSession();
  const command = useCommand();
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
      <p className="min-w-0 flex-1 basis-64 text-muted wrap-anywhere">
        {t(`screening.run_${run.state}`, { edition: run.edition ?? '' })} ·{' '}
        {t('screening.again_looked', { count: number(run.looked) })} ·{' '}
        {t('screening.again_opened', { count: run.opened })}
        {run.waiting > 0 && ` · ${t('screening.again_waiting', { count: number(run.waiting) })}`} ·{' '}
        <Time value={run.ended_at ?? run.noted_at} />
        {(run.failed > 0 || run.error) && (
          <span className="block text-danger">
            {run.failed > 0 && t('screening.again_failed', { count: run.failed })}{' '}
            {run.error && <code>{run.error}</code>}
          </span>
        )}
      </p>
      {can('watchlists:write') && run.state !== 'running' && (
        <Button size="sm" loading={command.isPending} onClick={() => command.mutate(() => rescreen(list))}>
          {t('screening.again')}
        </Button>
      )}
    </div>
  );
}

/** Somebody wants the list removed. */
function Removal({ list, removal }: { list: string; removal: NonNullable<Watchlist['removal']> }) {
  const t = useT();
  const { can, me } = useSession();
  const command = useCommand();
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md border border-warning p-2 text-sm">
      <TriangleAlert aria-hidden="true" className="size-4 text-warning" />
      <p className="min-w-0 flex-1 basis-64 wrap-anywhere">
        {t('screening.removal')} <bdi>{removal.by.name || removal.by.id}</bdi>, <Time value={removal.at} />
      </p>
      {can('watchlists:write') && (
        <div className="flex gap-1.5">
          {removal.by.id !== me.user.id && (
            <Button
              size="sm"
              variant="danger"
              loading={command.isPending}
              onClick={() => command.mutate(() => remove(list))}
            >
              {t('screening.remove')}
            </Button>
          )}
          <Button size="sm" loading={command.isPending} onClick={() => command.mutate(() => retain(list))}>
            {t('screening.retain')}
          </Button>
        </div>
      )}
    </div>
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
