import { useQuery } from '@tanstack/react-query';
import { ArrowRight, Circle, CircleDot, Clock } from 'lucide-react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { type Case, type Cause, fullHistoryQuery, type WorkflowDetail } from '@/api';
import { eventName } from '@/cases/events';
import { type CaseNames, useNamesOf } from '@/cases/names';
import { resultWord } from '@/cases/resultWords';
import { Time, useExplanation, useFormats, useLocale } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { useNamesIn } from '@/queue/stateNames';
import { Chip, Section, Segmented, SkeletonLines } from '@/ui';
import { conditionInWords } from './condition';
import { type NextStep, nextSteps, type Visit, visitsOf } from './path';
import { useT } from './texts';

type Place = CaseNames['place'];

/** Conditions in words: their places as the case names them, and their values in the reader's language. */
function useCondition(place: Place): (guard: string) => string {
  const t = useT();
  const { language } = useLocale();
  const value = (text: string) => t.maybe(`decision.${text}`, resultWord(text, language) ?? text.replaceAll('_', ' '));
  return (guard) => conditionInWords(guard, t, { place, value });
}

const Graph = lazy(() => import('./Graph').then((m) => ({ default: m.Graph })));

// What can move a case from one state to another.
const moves: Cause[] = ['started', 'event', 'decision', 'timer', 'outcome', 'undone', 'cancelled'];

/** The workflow of a case: as an ordered list, or drawn. */
export function WorkflowView({ workflow, one }: { workflow: WorkflowDetail; one: Case }) {
  const t = useT();
  const [mode, setMode] = useState<'list' | 'graph'>(() =>
    matchMedia('(min-width: 64rem)').matches ? 'graph' : 'list',
  );
  const history = useQuery({ ...fullHistoryQuery(one.id, moves), placeholderData: (old) => old });
  const visits = useMemo(() => visitsOf(history.data ?? []), [history.data]);
  const steps = useMemo(() => nextSteps(workflow, one), [workflow, one]);
  const title = useTitle();
  const names = useNamesOf(one);
  const name = useNamesIn(useMemo(() => [workflow], [workflow]));
  return (
    <Section
      title={title(workflow, workflow.id)}
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
          <Path visits={visits} name={name} />
          <Graph workflow={workflow} one={one} visits={visits} steps={steps} name={name} />
          <NextSteps steps={steps} name={name} place={names.place} />
          <Conditions workflow={workflow} name={name} names={names} />
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
                    {visit.event && ` · ${t.maybe(`decision.${visit.event}`, eventName(visit.event, names.work))}`}
                  </p>
                </div>
              </li>
            );
          })}
          {steps.map((step) => (
            <Step
              key={`${step.kind}${step.event}${step.after}${step.to}`}
              step={step}
              name={name}
              place={names.place}
            />
          ))}
          {visits.length === 0 && steps.length === 0 && <li className="text-muted">{t('common.loading')}</li>}
        </ol>
      )}
    </Section>
  );
}

/** The states that the case has been in, in their order: the numbers are those of the drawing. */
function Path({ visits, name }: { visits: Visit[]; name: (path: string) => string }) {
  const t = useT();
  return (
    <ol aria-label={t('workflows.path')} className="mb-2 flex flex-wrap items-center gap-x-1.5 gap-y-1 text-sm">
      {visits.map((visit, n) => (
        <li key={`${visit.at}${visit.state}`} className="flex items-center gap-1.5">
          {n > 0 && <ArrowRight aria-hidden="true" className="size-3.5 text-faint" />}
          <span
            aria-hidden="true"
            className="rounded-full bg-accent px-1.5 text-xs leading-5 font-semibold text-on-accent"
          >
            {n + 1}
          </span>
          {name(visit.state)} <Time value={visit.at} className="text-xs text-muted" />
        </li>
      ))}
    </ol>
  );
}

/** What can happen next, and on which condition. */
function NextSteps({ steps, name, place }: { steps: NextStep[]; name: (path: string) => string; place: Place }) {
  const t = useT();
  if (steps.length === 0) return null;
  return (
    <section aria-labelledby="next-steps" className="mt-3 border-t pt-2">
      <h3 id="next-steps" className="mb-1 text-sm font-semibold">
        {t('workflows.next')}
      </h3>
      <ul className="grid gap-x-4 md:grid-cols-2">
        {steps.map((step) => (
          <Step key={`${step.kind}${step.event}${step.after}${step.to}`} step={step} name={name} place={place} />
        ))}
      </ul>
    </section>
  );
}

/** The conditions of all ways, in words: there is no room for them in the drawing. */
function Conditions({
  workflow,
  name,
  names,
}: {
  workflow: WorkflowDetail;
  name: (path: string) => string;
  names: CaseNames;
}) {
  const inWords = useCondition(names.place);
  const t = useT();
  const guarded = workflow.transitions.filter((transition) => transition.guard && transition.to);
  if (guarded.length === 0) return null;
  return (
    <section aria-labelledby="conditions" className="mt-3 border-t pt-2">
      <h3 id="conditions" className="mb-1 text-sm font-semibold">
        {t('workflows.conditions')}
      </h3>
      <ul className="grid gap-x-6 gap-y-1 text-sm md:grid-cols-2">
        {guarded.map((one) => (
          <li key={`${one.from}→${one.to} ${one.kind} ${one.event} ${one.guard}`}>
            {one.from ? name(one.from) : t('workflows.any_state')} → {name(one.to)}{' '}
            <span className="text-muted">
              {one.event
                ? t.maybe(`decision.${one.event}`, eventName(one.event, names.work))
                : t(`workflows.kind_${one.kind}`)}
              , {t('workflows.if', { guard: inWords(one.guard ?? '') })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Step({ step, name, place }: { step: NextStep; name: (path: string) => string; place: Place }) {
  const t = useT();
  const { period } = useFormats();
  const explain = useExplanation();
  const conditionOf = useCondition(place);
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
          <p className="text-xs text-danger">
            {t('workflows.not_now', { reason: step.reason ? explain(step) : conditionOf(step.guard ?? '') })}
          </p>
        )}
        {step.allowed !== false && step.guard && (
          <p className="text-xs">{t('workflows.if', { guard: conditionOf(step.guard) })}</p>
        )}
      </div>
    </li>
  );
}
