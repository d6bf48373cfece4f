import type { Case, WorkflowDetail } from '@/api';
import { useT } from '@/i18n';
import { Checkbox, Field, Select, Textarea } from '@/ui';
import { askable, composeMessage, neverSent, titleIn, withWanted } from './decisions';
import type { CaseDraft } from './draft';
import { useReasonText } from './reasons';

/** Which documents are asked for again and why, and the one message that the applicant reads. */
export function AskForMore({
  one,
  workflow,
  draft,
  change,
  missing,
}: {
  one: Case;
  workflow: WorkflowDetail | undefined;
  draft: CaseDraft;
  change: (part: Partial<CaseDraft>) => void;
  /** Shows what is missing. */
  missing: boolean;
}) {
  const t = useT();
  const reasonText = useReasonText();
  const documents = askable(one.documents ?? []);
  const codes = workflow?.reasons['document'] ?? [];
  const wanted = draft.wanted ?? [];
  const never = neverSent(one, workflow);
  const titleOf = (kind: string) => t.maybe(`kind.${kind}`, titleIn(workflow, kind));
  const preview = composeMessage(
    withWanted(draft.message, wanted, (kind) =>
      t('cases.ask_line', { title: titleOf(kind), reason: t('cases.ask_wanted') }),
    ),
    draft.asked,
    documents,
    (title, reason) => t('cases.ask_line', { title, reason }),
    reasonText,
  );
  const set = (id: string, reason: string | null) => {
    const others = draft.asked.filter((asked) => asked.id !== id);
    change({ asked: reason === null ? others : [...others, { id, reason }] });
  };
  return (
    <div className="grid items-start gap-3 md:grid-cols-2">
      {documents.length > 0 && (
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 text-sm font-medium">{t('cases.ask_documents')}</legend>
          {documents.map((document) => {
            const asked = draft.asked.find((each) => each.id === document.id);
            const name = [
              document.title || document.kind,
              document.side && t.maybe(`side.${document.side}`, document.side),
            ]
              .filter(Boolean)
              .join(', ');
            return (
              <div key={document.id} className="flex flex-wrap items-center gap-2">
                <Checkbox
                  className="min-w-40 flex-1"
                  checked={asked !== undefined}
                  onCheckedChange={(on) =>
                    set(document.id, on ? (codes.length > 0 ? '' : 'document_not_usable') : null)
                  }
                >
                  {name}
                </Checkbox>
                {asked && codes.length > 0 && (
                  <Select
                    aria-label={t('cases.ask_reason', { name })}
                    fit
                    value={asked.reason}
                    aria-invalid={missing && !asked.reason ? true : undefined}
                    placeholder={t('cases.reason_choose')}
                    onValueChange={(reason) => set(document.id, reason)}
                    options={codes.map((code) => ({ value: code, label: reasonText(code) }))}
                  />
                )}
                {asked && missing && !asked.reason && (
                  <p className="w-full text-xs font-medium text-danger">{t('cases.reason_missing')}</p>
                )}
              </div>
            );
          })}
        </fieldset>
      )}
      {never.length > 0 && (
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 text-sm font-medium">{t('cases.ask_never')}</legend>
          {never.map((kind) => (
            <Checkbox
              key={kind}
              checked={wanted.includes(kind)}
              onCheckedChange={(on) =>
                change({ wanted: on ? [...wanted, kind] : wanted.filter((each) => each !== kind) })
              }
            >
              {titleOf(kind)}
            </Checkbox>
          ))}
        </fieldset>
      )}
      <div className="flex flex-col gap-3">
        <Field label={t('cases.ask_message')} hint={t('cases.ask_message_hint')}>
          {(control) => (
            <Textarea
              {...control}
              rows={3}
              maxLength={10_000}
              value={draft.message}
              onChange={(event) => change({ message: event.target.value })}
            />
          )}
        </Field>
        {preview && (
          <div>
            <p className="text-xs font-medium text-muted">{t('cases.ask_preview')}</p>
            <blockquote className="mt-1 whitespace-pre-wrap rounded-md border-l-2 border-accent bg-canvas px-3 py-2 text-sm">
              {preview}
            </blockquote>
          </div>
        )}
      </div>
    </div>
  );
}
