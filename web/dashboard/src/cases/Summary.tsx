import { useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { type Case, notesQuery, type WorkflowDetail } from '@/api';
import { Time, useFormats, useT } from '@/i18n';
import { Button, Chip, cx } from '@/ui';
import { useActorName } from './actors';
import { useWantedTitle } from './CollectPanel';
import { policyAnswers } from './checks';
import { RiskReason, redacted } from './Foreign';
import { answeredChecks, mismatches, missingDocuments, openChecks, troubleIn, unrated } from './facts';
import { HitTable } from './HitTable';
import { Incidents } from './Incidents';
import { useNamesOf } from './names';
import { Outcome } from './Outcome';
import { useReasonText } from './reasons';
import { wordsOf } from './words';

/** What a reviewer has to know before anything else: why the case is here, what is known, and what is open. */
export function Summary({
  one,
  workflow,
  unread,
  onOpen,
  onChanged,
}: {
  one: Case;
  workflow: WorkflowDetail | undefined;
  unread: ReadonlySet<string>;
  onOpen: (tab: string) => void;
  onChanged: (fresh: Case) => void;
}) {
  const t = useT();
  const incidents = one.incidents ?? [];
  const hits = one.needs?.hits ?? [];
  const open = openChecks(one).length > 0 || unrated(one);
  const trouble = open || hits.length > 0 || incidents.length > 0 || one.needs?.proposed;
  const former = hits.filter((hit) => hit.former_since).length;
  return (
    <section
      aria-label={t('cases.summary')}
      className={cx('mx-3 mt-3 rounded-lg border bg-surface text-sm', trouble && 'border-warning')}
    >
      <div className="grid md:grid-cols-3 md:divide-x">
        <Why one={one} />
        <KnownFacts one={one} unread={unread} onOpen={onOpen} />
        {one.status === 'active' ? (
          <Open one={one} workflow={workflow} />
        ) : (
          <Part title={t('cases.summary_outcome')}>
            <Outcome one={one} />
          </Part>
        )}
      </div>
      {hits.length > 0 && (
        <div className="border-t">
          <h2 className="flex gap-2 px-3 pt-2 font-semibold">
            <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />
            {t('cases.attention_hits', { count: hits.length })}
          </h2>
          {former > 0 && <p className="px-3">{t('cases.attention_former', { count: former })}</p>}
          <HitTable one={one} />
        </div>
      )}
      {incidents.length > 0 && (
        <div className="flex flex-col gap-2 border-t p-3">
          <Incidents one={one} onChanged={onChanged} />
        </div>
      )}
    </section>
  );
}

/** Text of either direction within a sentence. */
const apart = (text: string) => `\u2068${text}\u2069`;

function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="min-w-0 border-b p-3 last:border-b-0 md:border-b-0">
      <h2 id={id} className="mb-1 text-xs font-medium text-muted">
        {title}
      </h2>
      {children}
    </section>
  );
}

const icons = {
  good: <CircleCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-success" />,
  bad: <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-danger" />,
  open: <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />,
};

function Line({ icon, children }: { icon: keyof typeof icons; children: ReactNode }) {
  return (
    <li className="flex gap-2">
      {icons[icon]}
      <span className="min-w-0">{children}</span>
    </li>
  );
}

/** The reasons of the policy; where there are none, for what the case waits. */
function Why({ one }: { one: Case }) {
  const t = useT();
  const reasons = one.risk?.reasons ?? [];
  const names = useNamesOf(one, reasons.length === 0 && Boolean(one.waiting?.work));
  const answers = policyAnswers(one.context);
  return (
    <Part title={t('cases.summary_why')}>
      {reasons.length > 0 ? (
        <ul className="flex flex-col gap-1">
          {reasons.map((reason) => (
            <Line key={reason} icon="open">
              <RiskReason reason={reason} answers={answers} />
            </Line>
          ))}
        </ul>
      ) : (
        <p>
          {one.waiting ? t(`cases.waits_for_${one.waiting.for}`) : t('cases.risk_no_reasons')}
          {one.waiting?.work && one.waiting.for !== 'children' && ` (${names.work(one.waiting.work)})`}
        </p>
      )}
    </Part>
  );
}

/** Completed checks, differences, and what people have written. */
function KnownFacts({
  one,
  unread,
  onOpen,
}: {
  one: Case;
  unread: ReadonlySet<string>;
  onOpen: (tab: string) => void;
}) {
  const t = useT();
  const { date } = useFormats();
  const nameOf = useActorName();
  const reasonText = useReasonText();
  const notes = useQuery(notesQuery(one.id)).data ?? [];
  const latest = notes.at(-1);
  const differing = mismatches(one);
  const shown = (field: string, value: string | null) =>
    value === null ? '—' : field === 'date_of_birth' || field === 'expires' ? date(value) : value;
  const answered = answeredChecks(one);
  const documents = one.documents?.length ?? 0;
  const troubled = troubleIn(one).documents;
  return (
    <Part title={t('cases.summary_known')}>
      <ul className="flex flex-col gap-1">
        {one.checks.length > 0 && (
          <Line icon={answered === one.checks.length ? 'good' : 'open'}>
            {t('cases.summary_checks', { done: answered, all: one.checks.length })}
          </Line>
        )}
        {documents > 0 && (
          <Line icon={troubled ? 'open' : 'good'}>
            {t(troubled ? 'cases.summary_documents_findings' : 'cases.summary_documents', { count: documents })}
          </Line>
        )}
        {differing.map((row) => (
          <Line key={row.field} icon="bad">
            {t('cases.summary_differs', {
              field: t(`documents.field_${row.field}`),
              declared: apart(shown(row.field, row.declared)),
              read: apart(shown(row.field, row.read)),
            })}
          </Line>
        ))}
        {one.message && (
          <li className="text-muted">
            <span className="font-medium">{t('cases.message')}:</span>{' '}
            <bdi className="line-clamp-2 whitespace-pre-wrap">{one.message.text}</bdi>
            {(one.message.documents ?? []).map((asked) => (
              <span key={asked.id} className="block">
                {t('cases.ask_line', {
                  title: t.maybe(`kind.${asked.kind}`, wordsOf(asked.kind)),
                  reason: reasonText(asked.reason),
                })}
              </span>
            ))}
          </li>
        )}
        {latest && (
          <li>
            <Button size="sm" variant="ghost" className="-ml-2" onClick={() => onOpen('notes')}>
              {t('cases.summary_notes', { count: notes.length })}
              {unread.size > 0 && <Chip tone="accent">{t('cases.notes_new', { count: unread.size })}</Chip>}
            </Button>
            <p className="text-xs text-muted">
              {nameOf(latest.by)} · <Time value={latest.at} />
            </p>
            <p className="line-clamp-2 whitespace-pre-wrap">
              <bdi>{latest.text === redacted ? t('cases.hidden') : latest.text}</bdi>
            </p>
          </li>
        )}
      </ul>
      {one.checks.length === 0 && documents === 0 && !one.message && !latest && (
        <p className="text-muted">{t('cases.summary_nothing_known')}</p>
      )}
    </Part>
  );
}

/** Checks that have not answered, required documents that are missing, and a decision that waits for a second person. */
function Open({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const t = useT();
  const titleOf = useWantedTitle();
  const nameOf = useActorName();
  const open = openChecks(one);
  const names = useNamesOf(one, open.length > 0);
  const noRating = unrated(one);
  const proposed = one.needs?.proposed;
  const hits = one.needs?.hits.length ?? 0;
  const incidents = one.incidents?.length ?? 0;
  const missing = missingDocuments(one, workflow);
  const complete = open.length === 0 && missing.length === 0 && !noRating && !proposed && hits === 0 && incidents === 0;
  return (
    <Part title={t('cases.summary_open')}>
      {complete && (
        <p className="flex gap-2 text-muted">
          {icons.good}
          {t('cases.summary_nothing_open')}
        </p>
      )}
      {(open.length > 0 || noRating) && (
        <p className="mb-1 font-semibold text-warning">{t('cases.attention_unanswered')}</p>
      )}
      <ul className="flex flex-col gap-1">
        {open.map((check) => (
          <Line key={check.work} icon="open">
            {t(`cases.check_${check.status}`, {
              check: names.work(check.work),
            })}
          </Line>
        ))}
        {missing.map((wanted) => (
          <Line key={`${wanted.kind.kind}/${wanted.side}`} icon="open">
            {t('cases.summary_missing', { title: titleOf(wanted) })}
          </Line>
        ))}
        {noRating && <Line icon="open">{t('cases.check_unrated')}</Line>}
        {hits > 0 && <Line icon="open">{t('cases.summary_hits', { count: hits })}</Line>}
        {incidents > 0 && <Line icon="bad">{t('cases.summary_incidents', { count: incidents })}</Line>}
        {proposed && (
          <Line icon="open">
            <span className="font-semibold">
              {t('cases.attention_proposed', {
                name: nameOf(proposed.by),
                decision: t.maybe(`decided.${proposed.event}`, proposed.event),
              })}
            </span>
            <span className="block">
              {t.maybe(`reason.${proposed.reason}`, wordsOf(proposed.reason))} · <Time value={proposed.at} />
            </span>
            {proposed.comment && <bdi className="block whitespace-pre-wrap text-muted">{proposed.comment}</bdi>}
          </Line>
        )}
      </ul>
    </Part>
  );
}
