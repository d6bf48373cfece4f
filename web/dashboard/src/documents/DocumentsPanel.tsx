import {
  Check,
  CircleAlert,
  CircleCheck,
  CircleHelp,
  Files,
  MessageSquareReply,
  ScanFace,
  Undo2,
  X,
} from 'lucide-react';
import { useId, useMemo, useState } from 'react';
import type { Case, CaseDocument, WorkflowDetail } from '@/api';
import { useActorName } from '@/cases/actors';
import { useReasonText } from '@/cases/reasons';
import { useBefore } from '@/cases/useBefore';
import { Time, useFormats, useLocale, useT } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { useShortcuts } from '@/keyboard';
import { useSession } from '@/session';
import { Button, Chip, cx, EmptyState, Field, Section, Segmented, Select, Textarea, type Tone } from '@/ui';
import {
  byKind,
  type Comparison,
  compare,
  type DocumentGroup,
  findingsOf,
  manyDocuments,
  ordered,
  replaced,
} from './compare';
import { Faces } from './Faces';
import { Viewer } from './Viewer';

export interface DocumentDecisionInput {
  decision: 'approved' | 'rejected' | 'revision';
  reason?: string;
  comment?: string;
}

export interface DocumentsPanelProps {
  one: Case;
  workflow: WorkflowDetail | undefined;
  canDecide: boolean;
  why: string;
  onDecide: (documentId: string, decision: DocumentDecisionInput) => Promise<void>;
  /** Takes the newest decision about a document back. */
  onUndo: (documentId: string) => Promise<void>;
}

const tones: Record<string, Tone> = {
  awaiting_upload: 'neutral',
  received: 'info',
  checked: 'accent',
  refused: 'danger',
  approved: 'success',
  rejected: 'danger',
  revision: 'warning',
};
const faces = ['selfie', 'face', 'portrait', 'liveness'];

/** The documents of a case: viewed, compared with the declared data, decided one by one. */
export function DocumentsPanel({ one, workflow, canDecide, why, onDecide, onUndo }: DocumentsPanelProps) {
  const t = useT();
  const title = useTitle();
  // What the workflow calls a kind, in the reader's language.
  const longOf = ({ kind, title: original }: CaseDocument) =>
    title(workflow?.documents.find((one) => one.kind === kind) ?? { title: original }, kind);
  const titleOf = (document: CaseDocument) => [longOf(document), document.side].filter(Boolean).join(', ');
  const kindOf = (document: CaseDocument) => t.maybe(`kind.${document.kind}`, longOf(document));
  const shortOf = (document: CaseDocument) => [kindOf(document), document.side].filter(Boolean).join(', ');
  const groups = useMemo(() => {
    const all = ordered(one.documents ?? []);
    return all.length < manyDocuments ? [{ kind: '', documents: all }] : byKind(all);
  }, [one.documents]);
  const documents = useMemo(() => groups.flatMap((group) => group.documents), [groups]);
  const [chosen, setChosen] = useState('');
  const [mode, setMode] = useState<'one' | 'faces'>('one');
  const current = documents.find((document) => document.id === chosen) ?? documents[0];
  const at = current ? documents.indexOf(current) : -1;
  const selfie = documents.find((document) => faces.includes(document.kind));
  const portrait = documents.find(
    (document) =>
      !faces.includes(document.kind) &&
      document.content_type.startsWith('image/') &&
      (document.side ?? 'front') !== 'back',
  );
  const choose = (index: number) => {
    const next = documents[index];
    if (next) setChosen(next.id);
  };
  useShortcuts(t('cases.tab_documents'), [
    { keys: '[', label: t('documents.previous'), enabled: at > 0, run: () => choose(at - 1) },
    { keys: ']', label: t('documents.next'), enabled: at < documents.length - 1, run: () => choose(at + 1) },
    {
      keys: 'f',
      label: t('documents.faces'),
      enabled: Boolean(selfie && portrait),
      run: () => setMode(mode === 'faces' ? 'one' : 'faces'),
    },
  ]);
  if (!current) {
    return (
      <EmptyState icon={<Files className="size-6" />} title={t('documents.none')}>
        {workflow?.documents.some((kind) => kind.required) && t('documents.none_detail')}
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <div
          role="group"
          aria-label={t('cases.tab_documents')}
          className="flex min-w-0 flex-1 basis-72 flex-col gap-1.5"
        >
          {groups.map((group) => (
            <Pills
              key={group.kind}
              group={group}
              title={group.kind && group.documents[0] ? kindOf(group.documents[0]) : ''}
              all={one.documents ?? []}
              current={current}
              marked={mode === 'one'}
              nameOf={shortOf}
              onChoose={(id) => {
                setChosen(id);
                setMode('one');
              }}
            />
          ))}
        </div>
        {selfie && portrait && (
          <Segmented
            label={t('documents.view')}
            value={mode}
            onValueChange={(value) => setMode(value === 'faces' ? 'faces' : 'one')}
            options={[
              { value: 'one', label: t('documents.single') },
              {
                value: 'faces',
                label: (
                  <>
                    <ScanFace className="size-3.5" /> {t('documents.faces')}
                  </>
                ),
              },
            ]}
          />
        )}
      </div>
      {mode === 'faces' && selfie && portrait ? (
        <Faces caseId={one.id} portrait={portrait} selfie={selfie} titleOf={titleOf} />
      ) : (
        <div className="grid gap-3 xl:grid-cols-[minmax(0,1.15fr)_minmax(21rem,1fr)]">
          <Section title={titleOf(current)} flush className="self-start overflow-hidden">
            <Viewer caseId={one.id} document={current} label={titleOf(current)} />
          </Section>
          <div className="flex min-w-0 flex-col gap-3">
            <Compared rows={compare(one, current)} />
            <Findings document={current} />
            <Decide
              key={current.id}
              document={current}
              codes={workflow?.reasons['document'] ?? null}
              canDecide={canDecide}
              why={why}
              onDecide={onDecide}
              onUndo={onUndo}
            />
          </div>
        </div>
      )}
    </div>
  );
}

/** The documents of a case, or of one kind: then with the kind's name and how many there are. */
function Pills({
  group,
  title,
  all,
  current,
  marked,
  nameOf,
  onChoose,
}: {
  group: DocumentGroup;
  title: string;
  all: readonly CaseDocument[];
  current: CaseDocument;
  marked: boolean;
  nameOf: (document: CaseDocument) => string;
  onChoose: (id: string) => void;
}) {
  const t = useT();
  const heading = useId();
  return (
    <div className={cx(title && 'grid gap-x-2 gap-y-1 sm:grid-cols-[10rem_minmax(0,1fr)]')}>
      {title && (
        <h3 id={heading} className="flex items-center gap-1.5 self-start py-1 text-sm font-medium">
          <span className="min-w-0 truncate">{title}</span>
          <span className="rounded-full bg-hover px-1.5 text-xs leading-4.5 font-normal text-muted">
            {group.documents.length}
          </span>
        </h3>
      )}
      <ul
        aria-label={title ? undefined : t('cases.tab_documents')}
        aria-labelledby={title ? heading : undefined}
        className="flex min-w-0 flex-wrap gap-1.5"
      >
        {group.documents.map((document, n) => (
          <li key={document.id} className="shrink-0">
            <button
              type="button"
              aria-current={document.id === current.id || undefined}
              onClick={() => onChoose(document.id)}
              className={cx(
                'flex max-w-64 items-center gap-2 rounded-md border bg-surface text-left text-sm hover:bg-hover',
                title ? 'px-2 py-1' : 'px-2.5 py-1.5',
                document.id === current.id && marked && 'border-accent bg-selected',
                replaced(all, document) && 'border-dashed bg-transparent text-muted',
              )}
            >
              <span className="min-w-0 truncate">
                {title ? (
                  <>
                    <span className="sr-text">{title} </span>
                    {[document.side, String(n + 1)].filter(Boolean).join(' ')}
                  </>
                ) : (
                  nameOf(document)
                )}
              </span>
              <Chip tone={tones[document.status] ?? 'neutral'}>
                {t.maybe(`document.${document.status}`, document.status)}
              </Chip>
              {findingsOf(document).length > 0 && (
                <CircleAlert
                  aria-label={t('documents.findings', { count: findingsOf(document).length })}
                  className="size-4 shrink-0 text-warning"
                />
              )}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const marks = {
  match: <CircleCheck aria-hidden="true" className="size-4 text-success" />,
  differs: <CircleAlert aria-hidden="true" className="size-4 text-danger" />,
  unknown: <CircleHelp aria-hidden="true" className="size-4 text-faint" />,
};

function Compared({ rows }: { rows: Comparison[] }) {
  const t = useT();
  const formats = useFormats();
  if (rows.length === 0) return null;
  const shown = (row: Comparison, value: string | null) =>
    value === null ? '—' : row.field === 'date_of_birth' || row.field === 'expires' ? formats.date(value) : value;
  return (
    <Section title={t('documents.compared')} flush>
      <table className="w-full text-sm">
        <thead className="text-left text-xs text-muted">
          <tr className="border-b">
            <th scope="col" className="px-3 py-1.5 font-medium">
              {t('documents.field')}
            </th>
            <th scope="col" className="px-2 py-1.5 font-medium">
              {t('documents.declared')}
            </th>
            <th scope="col" className="px-2 py-1.5 font-medium">
              {t('documents.read')}
            </th>
            <th scope="col" className="w-8 px-2 py-1.5">
              <span className="sr-text">{t('documents.result')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.field} className={cx('border-b last:border-0', row.match === 'differs' && 'bg-danger-soft')}>
              <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap text-muted">
                {t(`documents.field_${row.field}`)}
              </th>
              <td className="px-2 py-1.5">
                <bdi>{shown(row, row.declared)}</bdi>
              </td>
              <td className="px-2 py-1.5">
                <bdi>{shown(row, row.read)}</bdi>
              </td>
              <td className="px-2 py-1.5" title={t(`documents.${row.match}`)}>
                {marks[row.match]}
                <span className="sr-text">{t(`documents.${row.match}`)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Findings({ document }: { document: CaseDocument }) {
  const t = useT();
  const findings = findingsOf(document);
  if (document.status === 'awaiting_upload') return null;
  return (
    <Section title={t('documents.checks')}>
      {findings.length === 0 ? (
        <p className="flex items-center gap-2 text-sm text-muted">
          {document.checks ? marks.match : marks.unknown}
          {document.checks ? t('documents.no_findings') : t('documents.not_checked')}
        </p>
      ) : (
        <ul className="flex flex-col gap-1.5 text-sm">
          {findings.map((finding) => (
            <li key={finding.code + finding.message} className="flex items-start gap-2">
              <CircleAlert
                aria-hidden="true"
                className={cx(
                  'mt-0.5 size-4 shrink-0',
                  finding.severity === 'high'
                    ? 'text-danger'
                    : finding.severity === 'medium'
                      ? 'text-warning'
                      : 'text-faint',
                )}
              />
              <span>
                <span className="sr-text">{t(`documents.severity_${finding.severity}`)}: </span>
                {t.maybe(`finding.${finding.code}`, t.maybe(`finding.mrz_${finding.code}`, finding.message))}
                {finding.source && <span className="text-muted"> · {t(`documents.source_${finding.source}`)}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** A document's kind within a sentence: "passport" in English, "Reisepass" in German. */
function useKindName(): (document: CaseDocument) => string {
  const t = useT();
  const { language } = useLocale();
  return (document) => {
    const name = t.maybe(`kind.${document.kind}`, document.title || document.kind);
    return language === 'en' && !/^[A-Z]{2}/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
  };
}

/** What is done to a document does not look like what is done to the case. */
const action = 'text-accent-ink underline underline-offset-4';

function Decide({
  document,
  codes,
  canDecide,
  why,
  onDecide,
  onUndo,
}: {
  document: CaseDocument;
  codes: string[] | null;
  canDecide: boolean;
  why: string;
  onDecide: DocumentsPanelProps['onDecide'];
  onUndo: DocumentsPanelProps['onUndo'];
}) {
  const t = useT();
  const nameOf = useActorName();
  const reasonText = useReasonText();
  const [asking, setAsking] = useState<'rejected' | 'revision' | null>(null);
  const [reason, setReason] = useState('');
  const [comment, setComment] = useState('');
  const [busy, setBusy] = useState(false);
  const [missing, setMissing] = useState(false);
  const { me } = useSession();
  const before = useBefore(document.undo?.until);
  const undoable = canDecide && before && document.undo?.by.id === me.user.id;
  const kind = useKindName()(document);
  const ready = document.status !== 'awaiting_upload' && document.status !== 'refused';
  const send = async (input: DocumentDecisionInput) => {
    setBusy(true);
    try {
      await onDecide(document.id, input);
      setAsking(null);
      setReason('');
      setComment('');
    } catch {
      // the error was shown already; the input stays
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section title={t('documents.decision')}>
      <div className="flex flex-col gap-2.5">
        {document.decision && (
          <div className="text-sm">
            <p>
              <Chip tone={tones[document.decision.decision] ?? 'neutral'}>
                {t.maybe(`document.${document.decision.decision}`, document.decision.decision)}
              </Chip>{' '}
              {document.decision.reason && reasonText(document.decision.reason)}
            </p>
            {document.decision.comment && (
              <p className="whitespace-pre-wrap">
                <bdi>{document.decision.comment}</bdi>
              </p>
            )}
            <p className="text-xs text-muted">
              {nameOf(document.decision.by)} · <Time value={document.decision.at} />
            </p>
            {undoable && (
              <Button
                size="sm"
                variant="ghost"
                className={action}
                icon={<Undo2 className="size-4" />}
                onClick={() => void onUndo(document.id)}
              >
                {t('documents.undo')}
              </Button>
            )}
          </div>
        )}
        {!canDecide || !ready ? (
          <p className="text-sm text-muted">{!ready ? t('documents.not_ready') : why}</p>
        ) : asking ? (
          <form
            noValidate
            className="flex flex-col gap-2.5"
            onSubmit={(event) => {
              event.preventDefault();
              setMissing(reason === '');
              if (reason !== '') void send({ decision: asking, reason, comment: comment.trim() || undefined });
            }}
          >
            <Field
              label={t('cases.reason')}
              required
              error={missing && reason === '' ? t('cases.reason_missing') : undefined}
            >
              {(control) =>
                codes ? (
                  <Select
                    {...control}
                    autoFocus
                    value={reason}
                    onValueChange={setReason}
                    placeholder={t('cases.reason_choose')}
                    options={codes.map((code) => ({ value: code, label: reasonText(code) }))}
                  />
                ) : (
                  <Textarea
                    {...control}
                    autoFocus
                    rows={1}
                    maxLength={200}
                    value={reason}
                    onChange={(event) => setReason(event.target.value)}
                  />
                )
              }
            </Field>
            <Field label={t('cases.comment')}>
              {(control) => (
                <Textarea
                  {...control}
                  rows={2}
                  maxLength={10_000}
                  value={comment}
                  onChange={(event) => setComment(event.target.value)}
                />
              )}
            </Field>
            <div className="flex justify-end gap-2">
              <Button variant="ghost" onClick={() => setAsking(null)}>
                {t('common.cancel')}
              </Button>
              <Button type="submit" variant={asking === 'rejected' ? 'danger' : 'primary'} loading={busy}>
                {t(asking === 'rejected' ? 'documents.reject' : 'documents.ask', { kind })}
              </Button>
            </div>
          </form>
        ) : (
          <div className="flex flex-wrap gap-1.5">
            <Button
              size="sm"
              variant="ghost"
              className={action}
              icon={<Check className="size-4" />}
              loading={busy}
              disabled={document.status === 'approved'}
              onClick={() => void send({ decision: 'approved' })}
            >
              {t('documents.approve', { kind })}
            </Button>
            <Button
              size="sm"
              variant="ghost"
              className={action}
              icon={<X className="size-4" />}
              onClick={() => setAsking('rejected')}
            >
              {t('documents.reject', { kind })}
            </Button>
            <Button
              size="sm"
              variant="ghost"
              className={action}
              icon={<MessageSquareReply className="size-4" />}
              onClick={() => setAsking('revision')}
            >
              {t('documents.ask', { kind })}
            </Button>
          </div>
        )}
      </div>
    </Section>
  );
}
