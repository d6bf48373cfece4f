import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleMinus, CircleX, RotateCw } from 'lucide-react';
import { type RefObject, useMemo, useState } from 'react';
import {
  answer,
  asProblem,
  type Case,
  type CaseFilters,
  client,
  idempotencyKey,
  keys,
  notesQuery,
  tasksQuery,
  type WorkflowDetail,
} from '@/api';
import { Time, useFormats, useT } from '@/i18n';
import { labelOf } from '@/queue/schema';
import { useSession } from '@/session';
import { Avatar, Button, Chip, EmptyState, ErrorState, Field, Section, SkeletonLines, Textarea, toast } from '@/ui';
import { useActorName } from './actors';
import { CaseRow } from './CaseRow';
import { inputText, policyAnswers, type Result, type RuleStep, resultsOf } from './checks';
import type { CaseDraft } from './draft';
import { knownChildren } from './family';
import { type DataField, dataFields } from './fields';

/** An error of a panel, with a way to try again. */
export function PanelError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useT();
  const problem = asProblem(error);
  return (
    <ErrorState
      title={t('common.load_failed')}
      detail={problem.detail || t('common.unreachable')}
      requestId={problem.requestId}
      requestLabel={t('common.request')}
      retryLabel={t('common.retry')}
      onRetry={onRetry}
    />
  );
}

function FieldValue({ field }: { field: DataField }) {
  const t = useT();
  const formats = useFormats();
  if (field.value === null) return <span className="text-faint">—</span>;
  if (field.kind === 'date') return formats.date(field.value);
  if (field.kind === 'boolean') return field.value === 'true' ? t('common.yes') : t('common.no');
  return <bdi className="whitespace-pre-wrap">{field.value}</bdi>;
}

/** What was declared, field by field. */
export function DataPanel({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const t = useT();
  const tasks = useQuery(tasksQuery(one.id)).data;
  const fields = useMemo(() => {
    // What the workflow's own work has written is under Checks.
    const results = new Set([...policyAnswers(one.context), ...(tasks ?? [])].map((each) => each.work));
    // Where the children stand is not data that somebody has declared: FamilyPanel lists them, in the tab of related cases.
    if (knownChildren(one.context) > 0) results.add('children');
    return dataFields(one.context, workflow?.context_schema ?? {}, results);
  }, [one.context, workflow, tasks]);
  if (fields.length === 0) return <EmptyState title={t('cases.no_data')} />;
  return (
    <Section title={t('cases.tab_data')}>
      <div className="flex flex-col gap-3">
        {groupsOf(fields).map(({ name, members }) => (
          <div key={members[0]?.path}>
            {name && <h3 className="mb-1.5 border-b pb-0.5 text-xs font-medium text-faint">{name}</h3>}
            <dl className="grid gap-x-4 gap-y-1.5 sm:grid-cols-[minmax(10rem,16rem)_1fr]">
              {members.map((field) => (
                <div key={field.path} className="contents">
                  <dt className="text-muted">{field.label}</dt>
                  <dd className="min-w-0 wrap-anywhere">
                    <FieldValue field={field} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
    </Section>
  );
}

/** Fields that follow each other and belong to the same group. */
function groupsOf(fields: readonly DataField[]): { name: string; members: DataField[] }[] {
  const groups: { name: string; members: DataField[] }[] = [];
  for (const field of fields) {
    const name = field.group.join(' › ');
    const last = groups.at(-1);
    if (last?.name === name) last.members.push(field);
    else groups.push({ name, members: [field] });
  }
  return groups;
}

const statusIcons = {
  passed: <CircleX aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-danger" />,
  failed: <CircleCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-success" />,
  skipped: <CircleMinus aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />,
};

/** A rule's name as words. */
function sentenceOf(rule: string): string {
  const words = rule.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function readText(path: string, value: string | null): string {
  return value === null ? path : `${path}: ${value}`;
}

function Step({ step }: { step: RuleStep }) {
  const t = useT();
  const inputs = Object.entries(step.inputs);
  const words = sentenceOf(step.rule);
  return (
    <li className="flex gap-2">
      {statusIcons[step.status]}
      <div className="min-w-0">
        <p>
          <span className="sr-text">{t(`cases.rule_${step.status}`)}: </span>
          <span className={step.status === 'passed' ? 'font-medium' : undefined}>
            {step.status === 'failed' ? words : step.reason || words}
          </span>
        </p>
        <p className="text-xs text-faint">
          {t(`cases.rule_${step.status}`)}
          {step.status !== 'failed' && ` · ${step.rule}`}
          {inputs.length > 0 && ` · ${inputs.map(([path, value]) => readText(path, inputText(value))).join(' · ')}`}
        </p>
      </div>
    </li>
  );
}

/** Rules, vendors and tasks: what was checked, how it ended, how long it took. */
export function ChecksPanel({
  one,
  onChanged,
  everything = false,
}: {
  one: Case;
  onChanged: (fresh: Case) => void;
  /** Nothing is folded away, as on paper. */
  everything?: boolean;
}) {
  const t = useT();
  const formats = useFormats();
  const { can } = useSession();
  const tasks = useQuery(tasksQuery(one.id));
  const retry = useMutation({
    mutationFn: (incident: string) =>
      answer(client.POST('/v1/cases/{id}/incidents/{incident}/retry', { params: { path: { id: one.id, incident } } })),
    onSuccess: onChanged,
    onError: (error) =>
      toast({
        title: t('common.failed'),
        description: asProblem(error).detail || t('common.unreachable'),
        tone: 'danger',
      }),
  });
  const answers = policyAnswers(one.context);
  return (
    <div className="flex flex-col gap-3">
      {(one.incidents ?? []).map((incident) => (
        <Section
          key={incident.id}
          title={t('cases.incident', { work: incident.work })}
          actions={
            can('cases:operate') ? (
              <Button
                size="sm"
                icon={<RotateCw className="size-3.5" />}
                loading={retry.isPending}
                onClick={() => retry.mutate(incident.id)}
              >
                {t('common.retry')}
              </Button>
            ) : undefined
          }
        >
          <p className="text-danger">{incident.cause || incident.error}</p>
          <p className="text-sm text-muted">
            {t('cases.incident_detail', { attempts: incident.attempts })} · <Time value={incident.at} />
            {!can('cases:operate') && ` · ${t('cases.incident_operator')}`}
          </p>
        </Section>
      ))}
      {answers.map((policy) => (
        <Section
          key={policy.work}
          title={t('cases.policy', { policy: policy.policy, version: policy.version })}
          actions={
            <Chip tone="neutral">
              {t('cases.policy_outcome', {
                outcome: t.maybe(`decision.${policy.outcome}`, policy.outcome),
                score: policy.score,
              })}
            </Chip>
          }
        >
          <Steps trace={policy.trace} open={everything} />
        </Section>
      ))}
      {resultsOf(one.context, tasks.data ?? []).map((result) => (
        <ResultSection key={result.work} result={result} />
      ))}
      <Section title={t('cases.tasks')} flush>
        {tasks.isPending ? (
          <SkeletonLines label={t('common.loading')} />
        ) : tasks.isError ? (
          <PanelError error={tasks.error} onRetry={() => void tasks.refetch()} />
        ) : tasks.data.length === 0 ? (
          <p className="p-3 text-muted">{t('cases.no_tasks')}</p>
        ) : (
          <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t('cases.tasks')}>
            <table className="w-full text-sm">
              <thead className="text-left text-xs text-muted">
                <tr className="border-b">
                  {(['task', 'attempt', 'outcome', 'duration', 'when'] as const).map((column) => (
                    <th key={column} scope="col" className="px-3 py-1.5 font-medium">
                      {t(`cases.task_${column}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {tasks.data.map((run) => (
                  <tr key={run.id} className="border-b last:border-0">
                    <td className="px-3 py-1.5">
                      <span className="font-medium">{run.name || run.work}</span>{' '}
                      <span className="text-xs text-muted">{t.maybe(`source.${run.source}`, run.source)}</span>
                    </td>
                    <td className="px-3 py-1.5">{run.attempt}</td>
                    <td className="px-3 py-1.5">
                      <Chip tone={run.outcome === 'done' ? 'success' : run.outcome === 'failed' ? 'danger' : 'neutral'}>
                        {t.maybe(`outcome.${run.outcome}`, run.outcome)}
                      </Chip>{' '}
                      {run.error && <span className="text-xs text-muted">{run.error}</span>}
                    </td>
                    <td className="px-3 py-1.5 tabular-nums">{formats.duration(run.duration / 1e9)}</td>
                    <td className="px-3 py-1.5 text-muted">
                      <Time value={run.started_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
    </div>
  );
}

/** What a vendor has answered: its values, and lists of things as tables. */
function ResultSection({ result }: { result: Result }) {
  const t = useT();
  return (
    <Section title={t('cases.result', { work: sentenceOf(result.work) })} flush>
      {result.fields.length > 0 && (
        <dl className="grid gap-x-4 gap-y-1.5 p-3 text-sm sm:grid-cols-[minmax(10rem,16rem)_1fr]">
          {result.fields.map((field) => (
            <div key={field.path} className="contents">
              <dt className="text-muted">{[...field.group.slice(1), field.label].join(' › ')}</dt>
              <dd className="min-w-0">
                <FieldValue field={field} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {result.tables.map((table) => (
        <div
          key={table.name}
          className="overflow-x-auto border-t first:border-t-0"
          tabIndex={0}
          role="group"
          aria-label={table.label}
        >
          {table.rows.length === 0 ? (
            <p className="p-3 text-sm text-muted">{t('cases.result_empty', { name: table.label })}</p>
          ) : (
            <table className="w-full text-sm">
              <caption className="px-3 pt-2 text-left text-xs font-medium text-muted">
                {t('cases.result_count', { name: table.label, count: table.rows.length })}
              </caption>
              <thead className="text-left text-xs text-muted">
                <tr className="border-b">
                  {table.columns.map((column) => (
                    <th key={column} scope="col" className="px-3 py-1.5 font-medium">
                      {labelOf(column)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {table.rows.map((row, n) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: an answer of a vendor never changes its order
                  <tr key={n} className="border-b last:border-0">
                    {table.columns.map((column) => (
                      <td key={column} className="px-3 py-1.5">
                        <bdi>{inputText(row[column]) ?? '—'}</bdi>
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
      ))}
    </Section>
  );
}

/** The rules that matter for the outcome, and the others behind a fold. */
function Steps({ trace, open }: { trace: readonly RuleStep[]; open: boolean }) {
  const t = useT();
  const sorted = [...trace].sort((a, b) => rank(a) - rank(b));
  const quiet = sorted.filter((step) => step.status === 'failed');
  const list = (steps: RuleStep[]) => (
    <ul className="flex flex-col gap-2">
      {steps.map((step) => (
        <Step key={step.rule} step={step} />
      ))}
    </ul>
  );
  return (
    <div className="flex flex-col gap-2">
      {list(sorted.filter((step) => step.status !== 'failed'))}
      {quiet.length > 0 && (
        <details open={open}>
          <summary className="min-h-6 cursor-pointer text-sm text-muted">
            {t('cases.rules_quiet', { count: quiet.length })}
          </summary>
          <div className="pt-2">{list(quiet)}</div>
        </details>
      )}
    </div>
  );
}

function rank(step: RuleStep): number {
  return { passed: 0, skipped: 1, failed: 2 }[step.status];
}

/** Remarks for colleagues. */
export function NotesPanel({
  one,
  draft,
  change,
  box,
}: {
  one: Case;
  draft: CaseDraft;
  change: (part: Partial<CaseDraft>) => void;
  box: RefObject<HTMLTextAreaElement | null>;
}) {
  const t = useT();
  const { can } = useSession();
  const nameOf = useActorName();
  const queries = useQueryClient();
  const [key, setKey] = useState(idempotencyKey);
  const notes = useQuery(notesQuery(one.id));
  const add = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/notes', {
          params: { path: { id: one.id }, header: { 'Idempotency-Key': key } },
          body: { text: draft.note.trim() },
        }),
      ),
    onSuccess: () => {
      change({ note: '' });
      setKey(idempotencyKey());
      void queries.invalidateQueries({ queryKey: keys.notes(one.id) });
      void queries.invalidateQueries({ queryKey: keys.case(one.id), exact: true });
    },
    onError: (error) => {
      const problem = asProblem(error);
      if (!problem.unreachable) setKey(idempotencyKey());
      if (!problem.signedOut)
        toast({ title: t('common.failed'), description: problem.detail || t('common.unreachable'), tone: 'danger' });
    },
  });
  return (
    <Section title={t('cases.tab_notes')}>
      <div className="flex flex-col gap-3">
        {can('cases:write') && (
          <form
            noValidate
            className="flex flex-col gap-2 no-print"
            onSubmit={(event) => {
              event.preventDefault();
              if (draft.note.trim() && !add.isPending) add.mutate();
            }}
          >
            <Field label={t('cases.note')} hint={t('cases.note_hint')}>
              {(control) => (
                <Textarea
                  {...control}
                  ref={box}
                  rows={2}
                  maxLength={10_000}
                  value={draft.note}
                  onChange={(event) => change({ note: event.target.value })}
                  onKeyDown={(event) => {
                    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter')
                      event.currentTarget.form?.requestSubmit();
                    if (event.key === 'Escape') event.currentTarget.blur();
                  }}
                />
              )}
            </Field>
            <Button type="submit" className="self-end" loading={add.isPending} disabled={draft.note.trim() === ''}>
              {t('cases.note_add')}
            </Button>
          </form>
        )}
        {notes.isPending ? (
          <SkeletonLines label={t('common.loading')} />
        ) : notes.isError ? (
          <PanelError error={notes.error} onRetry={() => void notes.refetch()} />
        ) : notes.data.length === 0 ? (
          <p className="text-muted">{t('cases.no_notes')}</p>
        ) : (
          <ol className="flex flex-col gap-3">
            {[...notes.data].reverse().map((note) => (
              <li key={note.id} className="flex gap-2.5">
                <Avatar name={nameOf(note.by)} size="sm" title="" />
                <div className="min-w-0">
                  <p className="text-xs text-muted">
                    {nameOf(note.by)} · <Time value={note.at} />
                  </p>
                  <p className="whitespace-pre-wrap">
                    <bdi>{note.text}</bdi>
                  </p>
                </div>
              </li>
            ))}
          </ol>
        )}
      </div>
    </Section>
  );
}

/** Other cases about the same subject. */
export function RelatedPanel({ one }: { one: Case }) {
  const t = useT();
  const filters: CaseFilters = { subject: one.subject.id };
  const related = useQuery({
    queryKey: ['cases', 'related', one.subject.id],
    queryFn: async () =>
      (
        await answer(client.GET('/v1/cases', { params: { query: { ...filters, view: 'summary', limit: 50 } } }))
      ).data.filter((other) => other.id !== one.id),
  });
  return (
    <Section title={t('cases.tab_related')} flush>
      {related.isPending ? (
        <SkeletonLines label={t('common.loading')} />
      ) : related.isError ? (
        <PanelError error={related.error} onRetry={() => void related.refetch()} />
      ) : related.data.length === 0 ? (
        <p className="p-3 text-muted">{t('cases.no_related')}</p>
      ) : (
        <ul>
          {related.data.map((other) => (
            <CaseRow key={other.id} other={other} />
          ))}
        </ul>
      )}
    </Section>
  );
}
