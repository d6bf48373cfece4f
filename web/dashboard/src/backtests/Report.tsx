import { TriangleAlert } from 'lucide-react';
import type { BacktestReport } from '@/api';
import { useFormats } from '@/i18n';
import { cx } from '@/ui';
import { changedRules, outcomes } from './counts';
import { useT } from './texts';

const words = (id: string) => {
  const text = id.replaceAll(/[-_]+/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** What a draft would have decided: how many decisions flip, and whether the draft is the cause. */
export function Report({ report }: { report: BacktestReport }) {
  const t = useT();
  const { number, percent } = useFormats();
  const outcome = (name: string) => t.maybe(`decision.${name}`, words(name));
  const table = outcomes(report);
  const rules = changedRules(report);
  const errors = Object.entries(report.errors);
  const earlier = report.earlier_revision ?? 0;
  return (
    <div className="mt-3 flex flex-col gap-4 text-sm">
      <p className="text-base font-medium">
        {report.flipped === 0
          ? t('backtests.no_flips', { count: report.evaluated })
          : t('backtests.flips', {
              count: report.flipped,
              all: number(report.evaluated),
              share: percent(report.flip_rate),
            })}
      </p>
      {earlier > 0 && (
        <p role="note" className="flex gap-2 rounded-md border border-warning bg-warning-soft p-2.5">
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />
          <span>
            <span className="font-medium">{t('backtests.earlier', { count: earlier })}</span>{' '}
            {t('backtests.earlier_detail')}
          </span>
        </p>
      )}
      {(report.skipped > 0 || errors.length > 0) && (
        <ul className="list-disc pl-4">
          {report.skipped > 0 && <li>{t('backtests.skipped', { count: report.skipped })}</li>}
          {errors.map(([code, count]) => (
            <li key={code}>{t('backtests.errors', { count, code })}</li>
          ))}
        </ul>
      )}
      {table.rows.length > 0 && (
        <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t('backtests.outcomes')}>
          <table className="w-full">
            <caption className="pb-1 text-left font-semibold">{t('backtests.outcomes')}</caption>
            <thead className="text-xs text-muted">
              <tr className="border-b">
                <th scope="col" className="py-1.5 pr-3 text-left font-medium whitespace-nowrap">
                  {t('backtests.was')}
                </th>
                {table.names.map((name) => (
                  <th key={name} scope="col" className="px-3 py-1.5 text-right font-medium">
                    {t('backtests.is', { outcome: outcome(name) })}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row) => (
                <tr key={row.was} className="border-b last:border-0">
                  <th scope="row" className="py-1.5 pr-3 text-left font-normal whitespace-nowrap">
                    {outcome(row.was)}
                  </th>
                  {row.counts.map((one) => (
                    <td
                      key={one.is}
                      className={cx(
                        'px-3 py-1.5 text-right tabular-nums',
                        one.count === 0 ? 'text-faint' : one.flipped && 'font-semibold text-warning',
                      )}
                    >
                      {number(one.count)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p>{t('backtests.score', { was: number(report.score.was, 1), is: number(report.score.is, 1) })}</p>
      {rules.length > 0 && (
        <table className="w-full">
          <caption className="pb-1 text-left font-semibold">{t('backtests.rules')}</caption>
          <thead className="text-xs text-muted">
            <tr className="border-b">
              <th scope="col" className="py-1.5 pr-3 text-left font-medium">
                {t('backtests.rule')}
              </th>
              <th scope="col" className="px-3 py-1.5 text-right font-medium">
                {t('backtests.then')}
              </th>
              <th scope="col" className="px-3 py-1.5 text-right font-medium">
                {t('backtests.draft')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rules.map((one) => (
              <tr key={one.rule} className="border-b last:border-0">
                <th scope="row" className="py-1.5 pr-3 text-left font-normal wrap-anywhere">
                  {words(one.rule)}
                </th>
                <td className="px-3 py-1.5 text-right tabular-nums">{number(one.was)}</td>
                <td className="px-3 py-1.5 text-right tabular-nums">{number(one.is)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
