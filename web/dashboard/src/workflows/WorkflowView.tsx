import { useQuery } from '@tanstack/react-query';
import { ArrowRight, Circle, CircleDot, Clock } from 'lucide-react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { type Case, type Cause, type WorkflowDetail, wholeHistoryQuery } from '@/api';
import { eventName } from '@/cases/events';
import { Time, useFormats, useT } from '@/i18n';
import { stateName } from '@/queue/chips';
import { Chip, Section, Segmented, SkeletonLines } from '@/ui';
import { type NextStep, nextSteps, visitsOf } from './path';

const Graph = lazy(() => import('./Graph').then((m) => ({ default: m.Graph })));

// What can move a case from one state to another.
const moves: Cause[] = ['started', 'event', 'decision', 'timer', 'outcome', 'undone', 'cancelled'];

/** The workflow of a case: as an ordered list, or drawn. */
export function WorkflowView({ workflow, one }: { workflow: WorkflowDetail; one: Case }) {
  const t = useT();
  const [mode, setMode] = useState<'list' | 'graph'>(() =>
    matchMedia('(min-width: 64rem)').matches ? 'graph' : 'list',
  );
  const history = useQuery({ ...wholeHistoryQuery(one.id, moves), placeholderData: (old) => old });
  const visits = useMemo(() => visitsOf(history.data ?? []), [history.data]);
  const steps = useMemo(() => nextSteps(workflow, one), [workflow, one]);
  const titles = useMemo(
    () => new Map(workflow.states.filter((state) => state.title).map((state) => [state.path, state.title])),
    [workflow],
  );
  const name = (path: string) => t.maybe(`state.${path}`, stateName(path, titles));
  return (
    <Section
      title={workflow.title || workflow.id}
      actions={
        <Segmented
          label={t('workflows.view')}
          value={mode}
          onValueChange={(value) => setMode(value === 'graph' ? 'graph' : 'list')}
          options={[
            { value: 'graph', label: t('workflows.graph') },
            { value: 'list', label: t('workflows.list') },
          ]}
        />
      }
    >
      {mode === 'graph' ? (
        <Suspense fallback={<SkeletonLines lines={8} label={t('common.loading')} />}>
          <Graph workflow={workflow} one={one} visits={visits} steps={steps} name={name} />
        </Suspense>
      ) : (
        <ol className="flex flex-col">
          {visits.map((visit, n) => {
            const now = n === visits.length - 1 && one.status === 'active';
            return (
              <li key={`${visit.at}${visit.state}`} className="flex gap-2.5 pb-2.5">
                {now ? (
                  <CircleDot aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-accent" />
                ) : (
                  <Circle aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-faint" />
                )}
                <div>
                  <p className={now ? 'font-semibold' : undefined}>
                    {name(visit.state)} {now && <Chip tone="accent">{t('workflows.here')}</Chip>}
                  </p>
                  <p className="text-xs text-muted">
                    <Time value={visit.at} />
                    {visit.event && ` · ${t.maybe(`decision.${visit.event}`, eventName(visit.event))}`}
                  </p>
                </div>
              </li>
            );
          })}
          {steps.map((step) => (
            <Step key={`${step.kind}${step.event}${step.after}${step.to}`} step={step} name={name} />
          ))}
          {visits.length === 0 && steps.length === 0 && <li className="text-muted">{t('common.loading')}</li>}
        </ol>
      )}
    </Section>
  );
}

function Step({ step, name }: { step: NextStep; name: (path: string) => string }) {
  const t = useT();
  const { period } = useFormats();
  const how =
    step.kind === 'after'
      ? t('workflows.after', { time: period(step.after ?? '') })
      : step.event
        ? t.maybe(`decision.${step.event}`, step.event)
        : t(`workflows.kind_${step.kind}`);
  return (
    <li className="flex gap-2.5 pb-2 text-muted">
      {step.kind === 'after' ? (
        <Clock aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      ) : (
        <ArrowRight aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      )}
      <div>
        <p>
          {name(step.to)} <span className="text-xs">· {how}</span>
        </p>
        {step.allowed === false && (
          <p className="text-xs text-danger">{t('workflows.not_now', { reason: step.reason ?? step.guard ?? '' })}</p>
        )}
        {step.allowed !== false && step.guard && <p className="text-xs">{t('workflows.if', { guard: step.guard })}</p>}
      </div>
    </li>
  );
}
