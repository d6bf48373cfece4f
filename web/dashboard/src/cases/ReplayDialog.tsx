import { useQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { answer, asProblem, client, keys, type PolicyDecision, type Replay } from '@/api';
import { Time, useFormats, useLocale } from '@/i18n';
import { Button, cx, Dialog, EmptyState, SkeletonLines } from '@/ui';
import type { PolicyAnswer } from './checks';
import { PanelError } from './PanelError';
import { type PolicyVerdict, type ReplayChange, type Replayed, reasonsThen, replayed } from './replay';
import { useT } from './texts';
import { wordsOf } from './words';

/** A decision of a policy made again over what it saw: what it was, what it would be now, and each difference in words. */
export function ReplayDialog({ policy, onClose }: { policy: PolicyAnswer; onClose: () => void }) {
  const t = useT();
  const path = { id: policy.policy, decision: policy.decision };
  const found = useQuery({
    queryKey: keys.replay(path.id, path.decision),
    queryFn: async ({ signal }) => {
      const [decision, replay] = await Promise.all([
        answer(client.GET('/v1/policies/{id}/decisions/{decision}', { params: { path }, signal })),
        answer(client.POST('/v1/policies/{id}/decisions/{decision}/replay', { params: { path }, signal })),
      ]);
      return { decision, replay };
    },
    staleTime: 0,
    gcTime: 0, // opened again it is made again
    retry: false,
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="lg"
      reading
      title={t('replay.title', { policy: wordsOf(policy.policy) })}
      description={t('replay.detail')}
      closeLabel={t('common.close')}
      footer={<Button onClick={onClose}>{t('common.close')}</Button>}
    >
      {found.isPending ? (
        <SkeletonLines lines={6} label={t('replay.running')} />
      ) : found.isError ? (
        <NotReplayed error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <Result decision={found.data.decision} replay={found.data.replay} />
      )}
    </Dialog>
  );
}

/** A replay that is refused is no fault: what it takes is not there any more. */
function NotReplayed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useT();
  const problem = asProblem(error);
  if (problem.code !== 'not_ready') return <PanelError error={error} onRetry={onRetry} />;
  const why = problem.errors[0]?.code ?? '';
  return <EmptyState title={t('replay.refused')}>{t.maybe(`replay.refused_${why}`, problem.detail)}</EmptyState>;
}

function Result({ decision, replay }: { decision: PolicyDecision; replay: Replay }) {
  const t = useT();
  const { number } = useFormats();
  const result = replayed(decision, replay);
  const { language } = useLocale();
  const words = useWords(reasonsThen(decision, language));
  const { corrected } = replay;
  const verdict = replay.identical ? 'replay.identical' : corrected ? 'replay.corrected' : 'replay.differs';
  const revision = replay.identical ? null : (corrected?.now ?? null);
  const row = (label: string, was: ReactNode, is: ReactNode, differs: boolean) => (
    <tr className="border-b align-top last:border-0">
      <th scope="row" className="py-1.5 pr-3 text-left font-normal text-muted">
        {label}
      </th>
      <td className="py-1.5 pr-3">{was}</td>
      <td className={cx('py-1.5', differs && 'font-medium')}>{is}</td>
    </tr>
  );
  const both = (label: string, show: (one: PolicyVerdict) => ReactNode, same: (one: PolicyVerdict) => string) =>
    row(
      label,
      show(result.was),
      result.is ? show(result.is) : '—',
      result.is !== null && same(result.is) !== same(result.was),
    );
  return (
    <div className="flex flex-col gap-4 text-sm">
      <p
        role="status"
        className={cx(
          'flex gap-2 rounded-md border p-2.5 font-medium',
          replay.identical ? 'border-success bg-success-soft' : 'border-warning bg-warning-soft',
        )}
      >
        {replay.identical ? (
          <CircleCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-success" />
        ) : (
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />
        )}
        {t(verdict)}
      </p>
      <table className="w-full table-fixed">
        <thead className="text-left text-xs text-muted">
          <tr className="border-b">
            <th scope="col" className="w-24 py-1.5 pr-3 font-medium sm:w-32">
              <span className="sr-text">{t('replay.what')}</span>
            </th>
            <th scope="col" className="py-1.5 pr-3 font-medium">
              {t('replay.then')} · <Time value={decision.at} form="day" />
            </th>
            <th scope="col" className="py-1.5 font-medium">
              {t('replay.now')}
            </th>
          </tr>
        </thead>
        <tbody>
          {both(
            t('replay.outcome'),
            (one) => words.outcome(one.outcome),
            (one) => one.outcome,
          )}
          {both(
            t('cases.risk'),
            (one) => t('replay.risk', { severity: words.severity(one.severity), score: number(one.score) }),
            (one) => `${one.severity} ${one.score}`,
          )}
          {both(
            t('replay.reasons'),
            (one) =>
              one.fired.length === 0 ? (
                t('cases.risk_no_reasons')
              ) : (
                <ul className="list-disc pl-4">
                  {one.fired.map((rule) => (
                    <li key={rule}>{words.rule(rule)}</li>
                  ))}
                </ul>
              ),
            (one) => one.fired.join(),
          )}
          {row(t('replay.version'), words.version(decision), words.version(decision), false)}
          {row(
            t('replay.revision'),
            number(decision.engine),
            revision === null ? t('replay.revision_same') : number(revision),
            revision !== null,
          )}
        </tbody>
      </table>
      {!replay.identical && <Changes result={result} words={words} />}
      {corrected && (
        <p className="text-muted" lang="en">
          {corrected.message}
        </p>
      )}
    </div>
  );
}

type Words = ReturnType<typeof useWords>;

/** What a decision of a policy is called, in the reader's language. */
function useWords(reasons: Map<string, string>) {
  const t = useT();
  return {
    outcome: (outcome: string) => t.maybe(`decision.${outcome}`, wordsOf(outcome)),
    severity: (severity: string) => t.maybe(`risk.${severity}`, wordsOf(severity)),
    rule: (rule: string) => reasons.get(rule) || wordsOf(rule),
    status: (status: string) => t.maybe(`cases.rule_${status}`, t('replay.rule_none')),
    version: ({ version, trial }: PolicyDecision) => (version > 0 ? String(version) : trial ? t('replay.draft') : '—'),
  };
}

function Changes({ result, words }: { result: Replayed; words: Words }) {
  const t = useT();
  const { number } = useFormats();
  const sentence = (change: ReplayChange) => {
    switch (change.kind) {
      case 'outcome':
        return t('replay.change_outcome', { was: words.outcome(change.was), is: words.outcome(change.is) });
      case 'severity':
        return t('replay.change_severity', { was: words.severity(change.was), is: words.severity(change.is) });
      case 'score':
        return t('replay.change_score', { was: number(change.was), is: number(change.is) });
      case 'appeared':
        return t('replay.change_appeared', { rule: words.rule(change.rule) });
      case 'gone':
        return t('replay.change_gone', { rule: words.rule(change.rule) });
      case 'rule':
        return t('replay.change_rule', {
          rule: wordsOf(change.rule),
          was: words.status(change.was),
          is: words.status(change.is),
        });
      case 'error':
        return t('replay.change_error', { code: change.code });
    }
  };
  return (
    <section aria-label={t('replay.differences')}>
      <h3 className="mb-1 font-semibold">{t('replay.differences')}</h3>
      <ul className="list-disc pl-4">
        {result.changes.map((change) => {
          const words = sentence(change);
          return <li key={words}>{words}</li>;
        })}
      </ul>
      {result.others.length > 0 && (
        <details className="mt-1">
          <summary className="min-h-6 cursor-pointer text-muted">
            {t('replay.others', { count: result.others.length })}
          </summary>
          <ul className="pl-4">
            {result.others.map((location) => (
              <li key={location}>
                <code className="text-xs wrap-anywhere">{location}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      {result.cut && <p className="mt-1 text-muted">{t('replay.cut')}</p>}
    </section>
  );
}
