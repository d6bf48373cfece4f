import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { type Case, type TaskRun, tasksQuery } from '@/api';
import { Time, useFormats, useLocale, useT } from '@/i18n';
import { useSession } from '@/session';
import { Button, Chip, Section, SkeletonLines } from '@/ui';
import { type Attempts, attemptsOf, policyAnswers, type Result, resultsOf } from './checks';
import { HitTable } from './HitTable';
import { hitsOf } from './hits';
import { PlaceNames, useNamesOf } from './names';
import { PanelError } from './PanelError';
import { PolicySection } from './PolicySection';
import { ResultSection } from './ResultSection';
import { resultName } from './resultNames';
import { wordsOf } from './words';

const ExchangeDialog = lazy(() => import('./ExchangeDialog').then((it) => ({ default: it.ExchangeDialog })));

/** Rules, vendors and tasks: what was checked, how it ended, how long it took. */
export function ChecksPanel({
  one,
  everything = false,
}: {
  one: Case;
  /** Nothing is collapsed, as on paper. */
  everything?: boolean;
}) {
  const t = useT();
  const tasks = useQuery(tasksQuery(one.id));
  const names = useNamesOf(one);
  const answers = policyAnswers(one.context);
  // What approving asks about is in the summary, above all tabs.
  const hits = one.needs?.hits.length ? [] : hitsOf(one);
  return (
    <div className="flex flex-col gap-3">
      {hits.length > 0 && (
        <Section title={t('cases.attention_hits', { count: hits.length })} flush>
          <HitTable one={one} />
        </Section>
      )}
      <PlaceNames value={names.place}>
        {answers.map((policy) => (
          <PolicySection key={policy.work} policy={policy} everything={everything} />
        ))}
      </PlaceNames>
      {resultsOf(one.context, tasks.data ?? []).map((result) => (
        <ResultSection key={result.work} result={withoutHits(result)} />
      ))}
      <Section title={t('cases.tasks')} flush>
        {tasks.isPending ? (
          <SkeletonLines label={t('common.loading')} />
        ) : tasks.isError ? (
          <PanelError error={tasks.error} onRetry={() => void tasks.refetch()} />
        ) : tasks.data.length === 0 ? (
          <p className="p-3 text-muted">{t('cases.no_tasks')}</p>
        ) : (
          <ul aria-label={t('cases.tasks')}>
            {attemptsOf(tasks.data).map((work) => (
              <Attempt key={work.work} caseId={one.id} work={work} open={everything} />
            ))}
          </ul>
        )}
      </Section>
    </div>
  );
}

/** A result without the matches that are shown above; an empty list of matches is shown with the result. */
function withoutHits(result: Result): Result {
  return { ...result, tables: result.tables.filter((table) => table.name !== 'hits' || table.rows.length === 0) };
}

const outcomeTone = (outcome: string) => (outcome === 'done' ? 'success' : outcome === 'failed' ? 'danger' : 'neutral');

/** All attempts at one check in one line; each of them behind it. */
function Attempt({ caseId, work, open }: { caseId: string; work: Attempts; open: boolean }) {
  const t = useT();
  const { duration } = useFormats();
  const { language } = useLocale();
  const errorText = (code: string) => t.maybe(`error.${code}`, wordsOf(code));
  const { last, runs } = work;
  const [shown, show] = useState<TaskRun>();
  return (
    <li className="border-b last:border-0">
      <details open={open} className="group">
        <summary className="flex min-h-9 flex-wrap items-center gap-x-2 gap-y-1 px-3 py-1.5 text-sm hover:bg-hover">
          <ChevronRight
            aria-hidden="true"
            className="size-4 shrink-0 text-faint transition-transform group-open:rotate-90"
          />
          <span className="font-medium">
            {work.source === 'document'
              ? t('cases.check_document')
              : (runs.findLast((run) => run.titles)?.titles?.['']?.[language] ??
                resultName(work.source, '', language) ??
                wordsOf(work.name))}
          </span>
          {work.source !== 'document' && (
            <span className="text-xs text-muted">{t.maybe(`source.${work.source}`, work.source)}</span>
          )}
          <Chip tone={outcomeTone(last.outcome)}>{t.maybe(`outcome.${last.outcome}`, wordsOf(last.outcome))}</Chip>
          {last.error && <span className="text-muted">{errorText(last.error)}</span>}
          <span className="flex-1" />
          <span className="text-muted">
            {t('cases.attempts', { count: runs.length })} <Time value={last.started_at} />
          </span>
        </summary>
        <table className="mx-3 mb-2 w-[calc(100%-1.5rem)] text-sm">
          <thead className="text-left text-xs text-muted">
            <tr className="border-b">
              {(['outcome', 'duration', 'when'] as const).map((column) => (
                <th key={column} scope="col" className="py-1 pr-3 font-medium">
                  {t(`cases.task_${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id} className="border-b last:border-0">
                <td className="py-1 pr-3">
                  {t.maybe(`outcome.${run.outcome}`, wordsOf(run.outcome))}
                  {run.error && <span className="text-muted"> · {errorText(run.error)}</span>}
                  {run.call && <CallLine caseId={caseId} run={run} onShow={() => show(run)} />}
                </td>
                <td className="py-1 pr-3 tabular-nums">{duration(run.duration / 1e9)}</td>
                <td className="py-1 pr-3">
                  <Time value={run.started_at} form="moment" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      {shown && (
        <Suspense fallback={null}>
          <ExchangeDialog caseId={caseId} run={shown} onClose={() => show(undefined)} />
        </Suspense>
      )}
    </li>
  );
}

/** An attempt at a vendor: the vendor and the way it was called, its status and price, and the exchange. */
function CallLine({ caseId, run, onShow }: { caseId: string; run: TaskRun; onShow: () => void }) {
  const t = useT();
  const { tag } = useLocale();
  const { can } = useSession();
  const call = run.call;
  if (!call) return null;
  const origin = call.origin;
  const facts = [
    run.name,
    call.via && t.maybe(`via.${call.via}`, call.via),
    call.status !== undefined && `HTTP ${call.status}`,
    call.price &&
      new Intl.NumberFormat(tag, { style: 'currency', currency: call.price.currency }).format(call.price.amount),
    call.exchange?.kept === false && t('cases.exchange_unkept'),
  ];
  return (
    <span className="block text-xs text-muted">
      {facts.filter(Boolean).join(' · ')}
      {origin && origin.case !== caseId && (
        <>
          {' · '}
          <Link to="/cases/$caseId" params={{ caseId: origin.case }} search={{ tab: 'checks' }} className="underline">
            {t('cases.exchange_origin')}
          </Link>
        </>
      )}
      {call.exchange?.kept && can('documents:read') && (
        <Button variant="ghost" size="sm" className="no-print" onClick={onShow}>
          {t('cases.exchange_show')}
        </Button>
      )}
    </span>
  );
}
