import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Copy, StickyNote } from 'lucide-react';
import { answer, asProblem, type Case, client, idempotencyKey, keys } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { useSession } from '@/session';
import { Button, toast } from '@/ui';
import type { CaseDraft } from './draft';
import { useReasonText } from './reasons';
import { wordsOf } from './words';

/** What was written for a decision that cannot be made any more: to be read, copied, or kept as a note. */
export function KeptDraft({ one, draft, onSaved }: { one: Case; draft: CaseDraft; onSaved: () => void }) {
  const t = useT();
  const { can } = useSession();
  const queries = useQueryClient();
  const text = useDraftText()(one, draft);
  const save = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/notes', {
          params: { path: { id: one.id }, header: { 'Idempotency-Key': idempotencyKey() } },
          body: { text: text.slice(0, 10_000) },
        }),
      ),
    onSuccess: () => {
      toast({ title: t('cases.draft_saved'), tone: 'success' });
      void queries.invalidateQueries({ queryKey: keys.notes(one.id) });
      void queries.invalidateQueries({ queryKey: keys.case(one.id), exact: true });
      onSaved();
    },
    onError: (error) => {
      const problem = asProblem(error);
      if (!problem.signedOut) toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
    },
  });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast({ title: t('cases.draft_copied'), tone: 'success' });
    } catch {
      toast({ title: t('cases.draft_not_copied'), tone: 'danger' });
    }
  };
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm font-medium">{t('cases.draft_yours')}</p>
      <blockquote className="max-h-48 overflow-y-auto border-l-2 border-accent bg-canvas px-3 py-2 text-sm whitespace-pre-wrap wrap-anywhere">
        <bdi>{text}</bdi>
      </blockquote>
      <div className="flex flex-wrap gap-1.5">
        <Button size="sm" icon={<Copy className="size-3.5" />} onClick={() => void copy()}>
          {t('cases.draft_copy')}
        </Button>
        {can('cases:write') && (
          <Button
            size="sm"
            icon={<StickyNote className="size-3.5" />}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            {t('cases.draft_note')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** A draft in words. */
function useDraftText(): (one: Case, draft: CaseDraft) => string {
  const t = useT();
  const reasonText = useReasonText();
  return (one, draft) => {
    const line = (label: string, text: string) => (text.trim() ? [`${label}: ${text.trim()}`] : []);
    const titleOf = (id: string) => {
      const document = one.documents?.find((each) => each.id === id);
      return document?.title || wordsOf(document?.kind ?? id);
    };
    return [
      ...line(t('cases.decision'), draft.event && t.maybe(`decision.${draft.event}`, wordsOf(draft.event))),
      ...line(t('cases.reason'), draft.reason && reasonText(draft.reason)),
      ...line(t('cases.comment'), draft.comment),
      ...line(t('cases.ask_message'), draft.message),
      ...draft.asked.map((asked) => `• ${titleOf(asked.id)}${asked.reason ? `: ${reasonText(asked.reason)}` : ''}`),
      ...(draft.wanted ?? []).map((kind) => `• ${t.maybe(`kind.${kind}`, wordsOf(kind))}`),
    ].join('\n');
  };
}

/** Whether there is something of a decision to keep. */
export function hasDecision(draft: CaseDraft): boolean {
  return [draft.event, draft.comment, draft.message].some((text) => text.trim() !== '') || draft.asked.length > 0;
}
