import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type RefObject, useState } from 'react';
import { answer, asProblem, type Case, client, idempotencyKey, keys, notesQuery } from '@/api';
import { reasonOf, Time, useT } from '@/i18n';
import { useSession } from '@/session';
import { Avatar, Button, Chip, Field, Section, SkeletonLines, Textarea, toast } from '@/ui';
import { useActorName } from './actors';
import type { CaseDraft } from './draft';
import { PanelError } from './PanelError';

/** Remarks for colleagues. */
export function NotesPanel({
  one,
  draft,
  change,
  box,
  unread,
}: {
  one: Case;
  draft: CaseDraft;
  change: (part: Partial<CaseDraft>) => void;
  box: RefObject<HTMLTextAreaElement | null>;
  /** The ids of notes that are new to the reader. */
  unread: ReadonlySet<string>;
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
      if (!problem.signedOut) toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
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
                    {nameOf(note.by)} · <Time value={note.at} />{' '}
                    {unread.has(note.id) && <Chip tone="accent">{t('cases.note_unread')}</Chip>}
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
