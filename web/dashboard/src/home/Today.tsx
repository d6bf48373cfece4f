import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useFormats, useT } from '@/i18n';
import type { QueueSearch } from '@/queue/search';
import { useOutcomeNames } from '@/queue/stateNames';
import { days as range, statisticsQuery } from './queries';
import { daysUntil, ended, outcomesOf } from './series';

/** What has changed since yesterday: what came and went today, beside the day before. The days are those of the statistics, in UTC. */
export function Today() {
  const t = useT();
  const { number, list } = useFormats();
  const statistics = useQuery(statisticsQuery).data;
  const outcomeName = useOutcomeNames(outcomesOf(statistics?.data ?? []));
  if (!statistics) return null;
  const [yesterday, today] = daysUntil(statistics.data, range, statistics.as_of).slice(-2);
  if (!yesterday || !today) return null;
  const outcomes = outcomesOf([today]).map((outcome) =>
    t('home.outcome_count', {
      outcome: outcomeName(outcome),
      number: number(today.completed[outcome] ?? 0),
    }),
  );
  const lines: { key: string; label: string; value: number; before: number; more?: string; search?: QueueSearch }[] = [
    {
      key: 'started',
      label: t('home.started'),
      value: today.started,
      before: yesterday.started,
      search: { status: 'all', sort: '-created_at' },
    },
    {
      key: 'ended',
      label: t('home.ended'),
      value: ended(today),
      before: ended(yesterday),
      more: outcomes.length > 0 ? list(outcomes) : undefined,
      search: { status: 'completed', sort: '-updated_at' },
    },
    { key: 'decided', label: t('home.decided'), value: today.decided, before: yesterday.decided },
  ];
  return (
    <section aria-labelledby="today" className="rounded-lg border bg-surface px-3 py-2">
      <h2 id="today" className="text-sm font-semibold">
        {t('home.since_yesterday')} <span className="text-xs font-normal text-muted">{t('home.today_utc')}</span>
      </h2>
      <dl className="mt-1 grid gap-x-6 gap-y-1 text-sm md:grid-cols-3">
        {lines.map((line) => (
          <div key={line.key} className="flex flex-wrap items-baseline gap-x-1.5">
            <dt className="text-muted">
              {line.search ? (
                <Link to="/queue" search={line.search} className="inline-block py-1 text-accent-ink hover:underline">
                  {line.label}
                </Link>
              ) : (
                <span className="inline-block py-1">{line.label}</span>
              )}
            </dt>
            <dd className="flex flex-wrap items-baseline gap-x-1.5">
              <span className="font-semibold tabular-nums">{number(line.value)}</span>
              <span className="text-xs text-muted">{t('home.yesterday', { number: number(line.before) })}</span>
              {line.more && <span className="text-xs text-muted">{line.more}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
