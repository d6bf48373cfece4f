import { useQuery } from '@tanstack/react-query';
import { asProblem } from '@/api';
import { reasonOf, Time, useFormats, useT } from '@/i18n';
import { useOutcomeNames } from '@/queue/stateNames';
import { ErrorState, Section, Skeleton } from '@/ui';
import { Chart, type ChartTone } from './Chart';
import { days as range, statisticsQuery } from './queries';
import { daysUntil, ended, outcomesOf, roundSpan, roundTop, typicalSeconds } from './series';

const tones: Record<string, ChartTone> = { approved: 'success', rejected: 'danger', expired: 'muted' };

/** How many cases came and went, and how long people took to decide. */
export function Statistics() {
  const t = useT();
  const formats = useFormats();
  const statistics = useQuery(statisticsQuery);
  const outcomeName = useOutcomeNames(outcomesOf(statistics.data?.data ?? []));
  if (statistics.isError && !statistics.data) {
    const problem = asProblem(statistics.error);
    return (
      <Section title={t('home.statistics')}>
        <ErrorState
          title={t('common.load_failed')}
          detail={reasonOf(t, problem)}
          requestId={problem.requestId}
          requestLabel={t('common.request')}
          retryLabel={t('common.retry')}
          onRetry={() => void statistics.refetch()}
        />
      </Section>
    );
  }
  if (!statistics.data) {
    return (
      <div role="status" aria-label={t('common.loading')} className="grid gap-4 lg:grid-cols-2">
        <Skeleton className="h-56 rounded-lg" />
        <Skeleton className="h-56 rounded-lg" />
      </div>
    );
  }
  const days = daysUntil(statistics.data.data, range, statistics.data.as_of);
  const dates = days.map((day) => day.date);
  const started = days.map((day) => day.started);
  const over = days.map(ended);
  const medians = days.map((day) => day.decision_seconds?.median ?? null);
  const slow = days.map((day) => day.decision_seconds?.p90 ?? null);
  const typical = typicalSeconds(days);
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
  return (
    <section aria-labelledby="statistics" className="flex flex-col gap-2">
      <header className="flex flex-wrap items-baseline justify-between gap-2">
        <h2 id="statistics" className="text-sm font-semibold">
          {t('home.statistics_range', { count: range })}
        </h2>
        <p className="text-xs text-muted">
          {t('home.as_of')} <Time value={statistics.data.as_of} />
        </p>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Chart
          title={t('home.volume')}
          summary={t('home.volume_summary', { started: sum(started), ended: sum(over) })}
          dates={dates}
          top={roundTop(Math.max(...started, ...over, 0))}
          format={(value) => formats.number(value)}
          series={[
            { key: 'started', label: t('home.started'), values: started, form: 'column', tone: 'neutral' },
            ...outcomesOf(days).map((outcome) => ({
              key: `outcome ${outcome}`,
              label: outcomeName(outcome),
              values: days.map((day) => day.completed[outcome] ?? 0),
              form: 'column' as const,
              stack: 'ended',
              tone: tones[outcome] ?? 'info',
            })),
          ]}
          columns={[
            { key: 'started', label: t('home.started'), cell: (n) => formats.number(started[n] ?? 0) },
            { key: 'ended', label: t('home.ended'), cell: (n) => formats.number(over[n] ?? 0) },
            ...outcomesOf(days).map((outcome) => ({
              key: `outcome ${outcome}`,
              label: outcomeName(outcome),
              cell: (n: number) => formats.number(days[n]?.completed[outcome] ?? 0),
            })),
          ]}
        />
        <Chart
          title={t('home.decision_time')}
          summary={
            typical === null ? t('home.decision_none') : t('home.decision_summary', { time: formats.duration(typical) })
          }
          dates={dates}
          top={roundSpan(Math.max(60, ...slow.map((value) => value ?? 0), ...medians.map((value) => value ?? 0)))}
          format={(value) => (value === 0 ? '0' : formats.duration(value))}
          series={[
            { key: 'median', label: t('home.median'), values: medians, form: 'dot', tone: 'accent' },
            { key: 'p90', label: t('home.p90'), values: slow, form: 'reach', tone: 'neutral' },
          ]}
          columns={[
            { key: 'decided', label: t('home.decided'), cell: (n) => formats.number(days[n]?.decided ?? 0) },
            ...[
              { key: 'median', label: t('home.median'), values: medians },
              { key: 'p90', label: t('home.p90'), values: slow },
            ].map(({ key, label, values }) => ({
              key,
              label,
              cell: (n: number) => {
                const value = values[n] ?? null;
                return value === null ? '–' : formats.duration(value);
              },
            })),
          ]}
        />
      </div>
    </section>
  );
}
