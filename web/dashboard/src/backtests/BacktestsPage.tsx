import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { asProblem, type BacktestRun, keys } from '@/api';
import { reasonOf, Time, useFormats } from '@/i18n';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, Chip, EmptyState, ErrorState, Field, Section, Select, SkeletonLines, type Tone, toast } from '@/ui';
import { policiesQuery, runQuery, runsQuery, testLive } from './queries';
import { Report } from './Report';
import { useT } from './texts';

const tones: Record<BacktestRun['status'], Tone> = {
  running: 'info',
  done: 'success',
  failed: 'danger',
  cancelled: 'neutral',
};

/** What drafts of policies would have decided, for those who may backtest. */
export function BacktestsPage() {
  const t = useT();
  const { can } = useSession();
  useTitle(t('shell.backtests'));
  if (!can('policies:backtest')) return <EmptyState page title={t('common.not_allowed')} />;
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 md:p-6">
      <div>
        <h1 className="text-xl font-semibold">{t('shell.backtests')}</h1>
        <p className="text-sm text-muted">{t('backtests.detail')}</p>
      </div>
      <Policies />
    </div>
  );
}

/** What could not be read, with a way to try again. */
function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useT();
  const problem = asProblem(error);
  return (
    <ErrorState
      title={t('common.load_failed')}
      detail={reasonOf(t, problem)}
      requestId={problem.requestId}
      requestLabel={t('common.request')}
      retryLabel={t('common.retry')}
      onRetry={onRetry}
    />
  );
}

function Policies() {
  const t = useT();
  const navigate = useNavigate({ from: '/backtests' });
  const search = useSearch({ from: '/signed-in/backtests' });
  const queries = useQueryClient();
  const policies = useQuery(policiesQuery);
  const policy = policies.data?.find((one) => one.id === search.policy) ?? policies.data?.[0];
  const start = useMutation({
    mutationFn: (chosen: { id: string; version: number }) =>
      testLive(chosen.id, chosen.version, t('backtests.live_comment', { version: chosen.version })),
    onSuccess: (run) => {
      void queries.invalidateQueries({ queryKey: keys.backtests(run.policy) });
      void navigate({ search: { policy: run.policy, run: run.id } });
    },
    onError: (error) =>
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      }),
  });
  if (policies.isError) return <Failed error={policies.error} onRetry={() => void policies.refetch()} />;
  if (!policies.data) return <SkeletonLines lines={5} label={t('common.loading')} />;
  if (!policy) return <EmptyState title={t('backtests.no_policies')} />;
  return (
    <>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('backtests.policy')}>
          {(control) => (
            <Select
              {...control}
              value={policy.id}
              onValueChange={(id) => void navigate({ search: { policy: id } })}
              options={policies.data.map((one) => ({ value: one.id, label: one.title || one.id }))}
            />
          )}
        </Field>
        <Button
          icon={<Play className="size-3.5" />}
          loading={start.isPending}
          onClick={() => start.mutate({ id: policy.id, version: policy.version })}
        >
          {t('backtests.live')}
        </Button>
      </div>
      {search.run && <Run policy={policy.id} id={search.run} />}
      <Runs policy={policy.id} chosen={search.run} />
    </>
  );
}

function Runs({ policy, chosen }: { policy: string; chosen: string | undefined }) {
  const t = useT();
  const { number } = useFormats();
  const runs = useQuery(runsQuery(policy));
  return (
    <Section title={t('backtests.runs')} flush>
      {runs.isError ? (
        <Failed error={runs.error} onRetry={() => void runs.refetch()} />
      ) : !runs.data ? (
        <SkeletonLines label={t('common.loading')} />
      ) : runs.data.data.length === 0 ? (
        <EmptyState title={t('backtests.none')}>{t('backtests.none_detail')}</EmptyState>
      ) : (
        <ul aria-label={t('backtests.runs')}>
          {runs.data.data.map((run) => (
            <li key={run.id} className="border-t first:border-t-0">
              <Link
                to="/backtests"
                search={{ policy, run: run.id }}
                aria-current={run.id === chosen ? 'true' : undefined}
                className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 hover:bg-hover aria-[current]:bg-selected"
              >
                <Chip tone={tones[run.status]}>{t(`backtests.status_${run.status}`)}</Chip>
                <span className="min-w-0 flex-1 basis-48 font-medium">
                  <bdi>{run.comment || t('backtests.draft')}</bdi>
                </span>
                <Time value={run.created_at} className="text-sm text-muted" />
              </Link>
            </li>
          ))}
          {runs.data.next_cursor && (
            <li className="border-t px-3 py-2 text-sm text-muted">
              {t('backtests.newest', { count: number(runs.data.data.length) })}
            </li>
          )}
        </ul>
      )}
    </Section>
  );
}

function Run({ policy, id }: { policy: string; id: string }) {
  const t = useT();
  const { percent } = useFormats();
  const run = useQuery(runQuery(policy, id));
  if (run.isError) return <Failed error={run.error} onRetry={() => void run.refetch()} />;
  if (!run.data) return <SkeletonLines label={t('common.loading')} />;
  const { status, report, failure, comment, created_at } = run.data;
  return (
    <Section
      title={<bdi>{comment || t('backtests.draft')}</bdi>}
      actions={<Chip tone={tones[status]}>{t(`backtests.status_${status}`)}</Chip>}
    >
      <p className="text-sm text-muted">
        {t('backtests.started')} <Time value={created_at} /> ·{' '}
        {t('backtests.decisions', { count: report?.decisions ?? run.data.decisions })}
      </p>
      {status === 'running' && <p role="status">{t('backtests.progress', { share: percent(run.data.progress) })}</p>}
      {failure && <p className="text-danger">{failure.message}</p>}
      {report && <Report report={report} />}
    </Section>
  );
}
