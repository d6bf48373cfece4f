import { useMutation } from '@tanstack/react-query';
import { Check, MessageSquareReply, Undo2, X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { type ApiProblem, answer, asProblem, type Case, client, etag, type Present, type WorkflowDetail } from '@/api';
import { explanationIn, reasonOf, useExplanation, useT } from '@/i18n';
import { useShortcuts } from '@/keyboard';
import { useSession } from '@/session';
import { Button, cx, Field, Select, Textarea, toast } from '@/ui';
import { AskForMore } from './AskForMore';
import { type Decision, decisionsOf, needsReason, titleIn, withNames, withWanted } from './decisions';
import type { CaseDraft } from './draft';
import { Hits } from './Hits';
import { useReasonText } from './reasons';
import { useBefore } from './useBefore';

/** How long a decision can be taken back, in seconds. */
export const undoSeconds = 8;

export interface DecisionPanelProps {
  one: Case;
  workflow: WorkflowDetail | undefined;
  draft: CaseDraft;
  change: (part: Partial<CaseDraft>) => void;
  clear: () => void;
  onDecided: (fresh: Case, event: string) => void;
  onStale: (problem: ApiProblem) => void;
  /** Somebody else is deciding the case. */
  onClaimed: (holder: Present['claim']) => void;
  onUndone: (fresh: Case) => void;
}

const icons = {
  approve: <Check className="size-4" />,
  reject: <X className="size-4" />,
  ask: <MessageSquareReply className="size-4" />,
  other: null,
};
const shortcuts: Record<string, string> = { approve: 'a', reject: 'r', ask: 'v' };

/** Who is deciding the case, as a refused decision names them. */
function holderIn({ details }: ApiProblem): Present['claim'] {
  const text = (name: string) => (typeof details[name] === 'string' ? details[name] : '');
  return { user: text('user'), name: text('name'), since: text('since'), until: text('since') };
}

/** What needs deciding now: the decisions that the workflow has here, each with what it takes or why it is not possible. */
export function DecisionPanel({
  one,
  workflow,
  draft,
  change,
  clear,
  onDecided,
  onStale,
  onClaimed,
  onUndone,
}: DecisionPanelProps) {
  const t = useT();
  const reasonText = useReasonText();
  const explain = useExplanation();
  const { can, me } = useSession();
  const decisions = decisionsOf(one, workflow);
  const chosen = decisions.find((decision) => decision.event === draft.event);
  const allowed = can('cases:decide');
  const form = useRef<HTMLFormElement>(null);
  const why = useId();
  const [missing, setMissing] = useState(false);

  const decide = useMutation({
    mutationFn: (decision: Decision) =>
      answer(
        client.POST('/v1/cases/{id}/decisions', {
          params: { path: { id: one.id }, header: { 'If-Match': etag(one.version) } },
          body: {
            event: decision.event,
            reason: draft.reason || undefined,
            comment: draft.comment.trim() || undefined,
            hits: answersTo(decision),
            undo_seconds: undoSeconds,
            ...(decision.tone === 'ask'
              ? {
                  message: withWanted(draft.message, draft.wanted ?? [], titleOfKind) || undefined,
                  documents: draft.asked.map((asked) => ({
                    id: asked.id,
                    decision: 'revision' as const,
                    reason: asked.reason,
                  })),
                }
              : {}),
          },
        }),
      ),
    onSuccess: (fresh, decision) => {
      clear();
      onDecided(fresh, decision.event);
    },
    onError: (error) => {
      const problem = asProblem(error);
      if (problem.status === 412) onStale(problem);
      else if (problem.code === 'claimed') onClaimed(holderIn(problem));
      else if (!problem.signedOut)
        toast({ title: t('common.failed'), description: whyRefused(problem), tone: 'danger' });
    },
  });
  const answersTo = (decision: Decision) => {
    if (decision.tone !== 'approve' && decision.tone !== 'reject') return undefined;
    const answers = [...(one.needs?.hits ?? []), ...(one.needs?.cleared ?? [])].flatMap((hit) => {
      const assessment = draft.hits?.[hit.id];
      const comment = assessment === 'match' ? draft.hitComments?.[hit.id]?.trim() || undefined : undefined;
      return assessment ? [{ hit: hit.id, answer: assessment, comment }] : [];
    });
    return answers.length > 0 ? answers : undefined;
  };
  const titleOfKind = (kind: string) =>
    t('cases.ask_line', { title: t.maybe(`kind.${kind}`, titleIn(workflow, kind)), reason: t('cases.ask_wanted') });
  const nameOf = (event: string) => t.maybe(`decision.${event}`, event);
  const whyRefused = (problem: ApiProblem) => {
    const explanation = explanationIn(problem.details);
    const reason = problem.errors.find((field) => field.code === 'guard')?.message ?? null;
    if (explanation) return withNames(explain({ reason, explanation }), one, nameOf);
    return reasonOf(t, problem);
  };
  const undoable = useBefore(one.undo?.until);
  const undo = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/undo', {
          params: { path: { id: one.id }, header: { 'If-Match': etag(one.version) } },
        }),
      ),
    onSuccess: onUndone,
    onError: (error) =>
      toast({
        title: t('cases.undo_failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      }),
  });

  const choose = (decision: Decision | undefined) => {
    if (!decision || !allowed || !decision.allowed) return;
    setMissing(false);
    if (decision.event === draft.event) return;
    change({ event: decision.event, reason: '' });
  };
  const hasCodes = Boolean(chosen?.reasons);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first field is another when the reason codes have come
  useEffect(() => {
    if (draft.event) form.current?.querySelector<HTMLElement>('select, textarea')?.focus();
  }, [draft.event, hasCodes]);
  const whyNot = (decision: Decision) =>
    decision.supplied ? t('cases.supplied_cannot_approve') : withNames(explain(decision), one, nameOf);
  const toneOf = (tone: string) => decisions.find((decision) => decision.tone === tone && !decision.exception);
  useShortcuts(
    t('cases.decision'),
    (['approve', 'reject', 'ask'] as const).map((tone) => ({
      keys: shortcuts[tone] ?? '',
      label: t(`cases.key_${tone}`),
      enabled: allowed && toneOf(tone)?.allowed === true,
      run: () => choose(toneOf(tone)),
    })),
  );

  const mayUndo = Boolean(one.undo) && undoable && one.undo?.by.id === me.user.id;
  useShortcuts(t('cases.decision'), [
    { keys: 'z', label: t('keyboard.undo'), enabled: mayUndo && !undo.isPending, run: () => undo.mutate() },
  ]);
  if (one.undo && mayUndo) {
    return (
      <div className="flex flex-wrap items-center gap-3" role="status">
        <p>{t('cases.undo_open', { decision: t.maybe(`decision.${one.undo.event}`, one.undo.event) })}</p>
        <Button icon={<Undo2 className="size-4" />} loading={undo.isPending} shortcut="z" onClick={() => undo.mutate()}>
          {t('cases.undo')}
        </Button>
      </div>
    );
  }
  if (decisions.length === 0) {
    return (
      <p className="text-muted">
        {one.status !== 'active'
          ? t('cases.closed')
          : one.tags.includes('manual_review') && !allowed
            ? t('cases.role_cannot_decide')
            : t('cases.nothing_to_decide')}
      </p>
    );
  }
  // What it takes to approve this case; the server refuses less.
  const needs = chosen?.tone === 'approve' ? one.needs : undefined;
  const asked = chosen?.tone === 'approve' || chosen?.tone === 'reject' ? one.needs : undefined;
  const matches = answersTo(chosen ?? ({ tone: 'other' } as Decision))?.filter((hit) => hit.answer === 'match') ?? [];
  const fourEyes = needs !== undefined && (needs.four_eyes || matches.length > 0);
  const proposed = one.needs?.proposed;
  const own = proposed?.by.id === me.user.id;
  // Documents that are asked for again carry their own reasons.
  const reasonNeeded =
    needs?.reason ||
    (chosen !== undefined &&
      needsReason(chosen) &&
      !(chosen.tone === 'ask' && draft.asked.length + (draft.wanted?.length ?? 0) > 0));
  const submit = () => {
    if (!chosen) return;
    const incomplete =
      (reasonNeeded && !draft.reason) ||
      (needs?.reason && !draft.comment.trim()) ||
      (chosen.tone === 'ask' && draft.asked.some((asked) => !asked.reason)) ||
      (needs?.hits ?? []).some((hit) => !draft.hits?.[hit.id]) ||
      (needs && matches.some((hit) => !hit.comment));
    setMissing(Boolean(incomplete));
    if (!incomplete) decide.mutate(chosen);
  };
  return (
    <div className="flex flex-col gap-2">
      <div role="group" aria-label={t('cases.decision')} className="grid grid-cols-2 gap-1.5 sm:flex sm:flex-wrap">
        {decisions.map((decision) => {
          const possible = allowed && decision.allowed;
          const tip = !allowed ? t('cases.role_cannot_decide') : whyNot(decision);
          return (
            <Button
              key={decision.event}
              icon={icons[decision.tone]}
              aria-pressed={decision.event === draft.event}
              aria-disabled={!possible || undefined}
              aria-describedby={possible ? undefined : `${why}-${decision.event}`}
              title={possible ? undefined : tip}
              shortcut={decision.exception ? undefined : shortcuts[decision.tone]}
              onClick={() => choose(decision)}
              className={cx(
                'aria-disabled:cursor-not-allowed aria-disabled:opacity-55',
                'max-sm:last:odd:col-span-2 max-sm:h-auto max-sm:min-h-8 max-sm:whitespace-normal',
                decision.exception && 'max-sm:col-span-2',
                decision.event === draft.event &&
                  (decision.tone === 'approve'
                    ? 'border-success bg-success-soft text-success enabled:hover:bg-success-soft'
                    : decision.tone === 'reject'
                      ? 'border-danger bg-danger-soft text-danger enabled:hover:bg-danger-soft'
                      : 'border-accent bg-accent-soft text-accent-ink enabled:hover:bg-accent-soft'),
              )}
            >
              {t.maybe(`decision.${decision.event}`, decision.event)}
            </Button>
          );
        })}
      </div>
      {decisions
        .filter((decision) => !allowed || !decision.allowed)
        .map((decision) => (
          <p key={decision.event} id={`${why}-${decision.event}`} className="text-xs text-muted">
            {t('cases.not_possible', {
              decision: t.maybe(`decision.${decision.event}`, decision.event),
              reason: allowed ? whyNot(decision) : t('cases.role_cannot_decide'),
            })}
          </p>
        ))}
      {proposed && own && (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <p className="text-sm text-muted">{t('cases.four_eyes_wait')}</p>
          <Button size="sm" icon={<Undo2 className="size-4" />} loading={undo.isPending} onClick={() => undo.mutate()}>
            {t('cases.withdraw')}
          </Button>
        </div>
      )}
      {chosen && allowed && !(own && chosen.event === proposed?.event) && (
        <form
          noValidate
          ref={form}
          className="flex max-w-5xl flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
          onKeyDown={(event) => {
            if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
              event.preventDefault();
              submit();
            } else if (event.key === 'Escape') {
              change({ event: '' });
            }
          }}
        >
          {needs && needs.because.length > 0 && (
            <p className="text-sm">
              {t('cases.needs_because', {
                because: needs.because.map((why) => t(`cases.because_${why}`)).join(', '),
              })}
            </p>
          )}
          {asked && asked.hits.length + (asked.cleared?.length ?? 0) > 0 && (
            <Hits
              hits={asked.hits}
              cleared={asked.cleared ?? []}
              draft={draft}
              change={change}
              approving={needs !== undefined}
              missing={missing && needs !== undefined}
            />
          )}
          <div className="grid items-start gap-3 md:grid-cols-2">
            <Field
              label={t('cases.reason')}
              required={Boolean(reasonNeeded)}
              error={missing && reasonNeeded && !draft.reason ? t('cases.reason_missing') : undefined}
            >
              {(control) =>
                chosen.reasons ? (
                  <Select
                    {...control}
                    value={draft.reason}
                    onValueChange={(reason) => change({ reason })}
                    placeholder={reasonNeeded ? t('cases.reason_choose') : t('cases.reason_none')}
                    options={chosen.reasons.map((code) => ({ value: code, label: reasonText(code) }))}
                  />
                ) : (
                  <Textarea
                    {...control}
                    className="min-h-8"
                    rows={1}
                    maxLength={200}
                    value={draft.reason}
                    onChange={(event) => change({ reason: event.target.value })}
                  />
                )
              }
            </Field>
            <Field
              label={t('cases.comment')}
              hint={t('cases.comment_hint')}
              required={needs?.reason === true}
              error={missing && needs?.reason && !draft.comment.trim() ? t('cases.comment_missing') : undefined}
            >
              {(control) => (
                <Textarea
                  {...control}
                  rows={2}
                  maxLength={10_000}
                  value={draft.comment}
                  onChange={(event) => change({ comment: event.target.value })}
                />
              )}
            </Field>
          </div>
          {chosen.tone === 'ask' && (
            <AskForMore one={one} workflow={workflow} draft={draft} change={change} missing={missing} />
          )}
          {fourEyes && (
            <p className="text-sm text-muted">{t(proposed ? 'cases.four_eyes_second' : 'cases.four_eyes_first')}</p>
          )}
          <div className="flex items-center justify-end gap-2">
            <Button variant="ghost" onClick={() => change({ event: '' })}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              variant={chosen.tone === 'reject' ? 'danger' : 'primary'}
              loading={decide.isPending}
              shortcut="Ctrl ⏎"
            >
              {fourEyes
                ? t(proposed ? 'cases.confirm' : 'cases.propose')
                : t.maybe(`decide.${chosen.event}`, t.maybe(`decision.${chosen.event}`, chosen.event))}
            </Button>
          </div>
        </form>
      )}
    </div>
  );
}
