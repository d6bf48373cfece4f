import { Check, MessageSquareReply, Undo2, X } from 'lucide-react';
import { useState } from 'react';
import type { CaseDocument } from '@/api';
import { useActorName } from '@/cases/actors';
import { useReasonText } from '@/cases/reasons';
import { useBefore } from '@/cases/useBefore';
import { Time, useLocale } from '@/i18n';
import { useSession } from '@/session';
import { Button, Chip, Field, Section, Select, Textarea } from '@/ui';
import { useT } from './texts';
import { tones } from './tones';

export interface DocumentDecisionInput {
  decision: 'approved' | 'rejected' | 'revision';
  reason?: string;
  comment?: string;
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

/** The decision about a document: the one that stands, and what may be decided. */
export function Decide({
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
  onDecide: (documentId: string, decision: DocumentDecisionInput) => Promise<void>;
  onUndo: (documentId: string) => Promise<void>;
}) {
  const t = useT();
  const [asking, setAsking] = useState<'rejected' | 'revision' | null>(null);
  const [busy, setBusy] = useState(false);
  const kind = useKindName()(document);
  const ready = document.status !== 'awaiting_upload' && document.status !== 'refused';
  const send = async (input: DocumentDecisionInput) => {
    setBusy(true);
    try {
      await onDecide(document.id, input);
      setAsking(null);
    } catch {
      // the error was shown already; the input stays
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section title={t('documents.decision')}>
      <div className="flex flex-col gap-2.5">
        <CurrentDecision document={document} canDecide={canDecide} onUndo={onUndo} />
        {!canDecide || !ready ? (
          <p className="text-sm text-muted">{!ready ? t('documents.not_ready') : why}</p>
        ) : asking ? (
          <Reason
            asking={asking}
            kind={kind}
            codes={codes}
            busy={busy}
            onCancel={() => setAsking(null)}
            onSend={(input) => void send(input)}
          />
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

/** The current decision, and who may undo it. */
function CurrentDecision({
  document,
  canDecide,
  onUndo,
}: {
  document: CaseDocument;
  canDecide: boolean;
  onUndo: (documentId: string) => Promise<void>;
}) {
  const t = useT();
  const nameOf = useActorName();
  const reasonText = useReasonText();
  const { me } = useSession();
  const before = useBefore(document.undo?.until);
  const undoable = canDecide && before && document.undo?.by.id === me.user.id;
  if (!document.decision) return null;
  return (
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
  );
}

/** Why a document is rejected, or has to be sent again. */
function Reason({
  asking,
  kind,
  codes,
  busy,
  onCancel,
  onSend,
}: {
  asking: 'rejected' | 'revision';
  kind: string;
  codes: string[] | null;
  busy: boolean;
  onCancel: () => void;
  onSend: (input: DocumentDecisionInput) => void;
}) {
  const t = useT();
  const reasonText = useReasonText();
  const [reason, setReason] = useState('');
  const [comment, setComment] = useState('');
  const [missing, setMissing] = useState(false);
  return (
    <form
      noValidate
      className="flex flex-col gap-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        setMissing(reason === '');
        if (reason !== '') onSend({ decision: asking, reason, comment: comment.trim() || undefined });
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
        <Button variant="ghost" onClick={onCancel}>
          {t('common.cancel')}
        </Button>
        <Button type="submit" variant={asking === 'rejected' ? 'danger' : 'primary'} loading={busy}>
          {t(asking === 'rejected' ? 'documents.reject' : 'documents.ask', { kind })}
        </Button>
      </div>
    </form>
  );
}
