import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type RefObject, useEffect, useState } from 'react';
import {
  answer,
  asProblem,
  type Case,
  client,
  idempotencyKey,
  keys,
  type Note,
  notesQuery,
  type User,
  usersQuery,
} from '@/api';
import { MentionBox } from '@/desk/MentionBox';
import { mentionsIn } from '@/desk/mentions';
import { NoteText } from '@/desk/NoteText';
import { useDeskT } from '@/desk/useDeskT';
import { reasonOf, Time, useT } from '@/i18n';
import { useSession } from '@/session';
import { Avatar, Button, Chip, Field, Section, SkeletonLines, toast } from '@/ui';
import { useActorName } from './actors';
import type { CaseDraft } from './draft';
import { redacted } from './Foreign';
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
  const { can, me } = useSession();
  const users = useQuery(usersQuery).data ?? [];
  const mentionable = users.filter((user) => user.id !== me.user.id && readsNotes(user));
  const nameOf = useActorName();
  const queries = useQueryClient();
  const [key, setKey] = useState(idempotencyKey);
  const notes = useQuery(notesQuery(one.id));
  const add = useMutation({
    mutationFn: () =>
      answer(
        client.POST('/v1/cases/{id}/notes', {
          params: { path: { id: one.id }, header: { 'Idempotency-Key': key } },
          body: { text: draft.note.trim(), mentions: mentionsIn(draft.note, mentionable) },
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
                <MentionBox
                  {...control}
                  box={box}
                  rows={2}
                  maxLength={10_000}
                  value={draft.note}
                  onText={(note) => change({ note })}
                  people={mentionable}
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
              <NoteItem
                key={note.id}
                one={one}
                note={note}
                name={nameOf(note.by)}
                unread={unread.has(note.id)}
                users={users}
                mentionable={mentionable}
                mine={can('cases:write') && note.by.kind === 'user' && note.by.id === me.user.id}
              />
            ))}
          </ol>
        )}
      </div>
    </Section>
  );
}

/** Whether a user may read what is written about cases. */
function readsNotes(user: User): boolean {
  return user.roles.some((role) => ['admin', 'manager', 'reviewer', 'auditor'].includes(role));
}

/** How long a note can be edited, in milliseconds. */
const editTime = 60_000;

/** Whether a note can still be edited. It is evaluated again when that ends. */
function useEditable(note: Note, mine: boolean): boolean {
  const end = Date.parse(note.at) + editTime;
  const [now, setNow] = useState(Date.now);
  const left = end - now;
  useEffect(() => {
    if (!mine || left <= 0) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(left, editTime));
    return () => clearTimeout(timer);
  }, [mine, left]);
  return mine && left > 0;
}

function NoteItem({
  one,
  note,
  name,
  unread,
  users,
  mentionable,
  mine,
}: {
  one: Case;
  note: Note;
  name: string;
  unread: boolean;
  users: readonly User[];
  mentionable: readonly User[];
  mine: boolean;
}) {
  const t = useT();
  const d = useDeskT();
  const queries = useQueryClient();
  const editable = useEditable(note, mine);
  const [text, setText] = useState<string | null>(null);
  const edit = useMutation({
    mutationFn: (changed: string) =>
      answer(
        client.PUT('/v1/cases/{id}/notes/{note}', {
          params: { path: { id: one.id, note: note.id } },
          body: { text: changed, mentions: mentionsIn(changed, mentionable) },
        }),
      ),
    onSuccess: () => {
      setText(null);
      void queries.invalidateQueries({ queryKey: keys.notes(one.id) });
      void queries.invalidateQueries({ queryKey: keys.case(one.id), exact: true });
    },
    onError: (error) => toast({ title: t('common.failed'), description: reasonOf(t, error), tone: 'danger' }),
  });
  return (
    <li className="flex gap-2.5">
      <Avatar name={name} size="sm" title="" />
      <div className="min-w-0 flex-1">
        <p className="text-xs text-muted">
          {name} · <Time value={note.at} /> {note.edited_at && <span>({d('edited')})</span>}{' '}
          {unread && <Chip tone="accent">{t('cases.note_unread')}</Chip>}
          {editable && text === null && (
            <Button size="sm" variant="ghost" onClick={() => setText(note.text)}>
              {d('edit')}
            </Button>
          )}
        </p>
        {text === null ? (
          <NoteText note={note.text === redacted ? { ...note, text: t('cases.hidden') } : note} people={users} />
        ) : (
          <form
            className="flex flex-col gap-2 no-print"
            onSubmit={(event) => {
              event.preventDefault();
              if (text.trim() && !edit.isPending) edit.mutate(text.trim());
            }}
          >
            <MentionBox
              aria-label={d('edit_note')}
              rows={2}
              maxLength={10_000}
              value={text}
              onText={setText}
              people={mentionable}
              autoFocus
              onKeyDown={(event) => {
                if ((event.ctrlKey || event.metaKey) && event.key === 'Enter')
                  event.currentTarget.form?.requestSubmit();
                if (event.key === 'Escape') setText(null);
              }}
            />
            <span className="flex justify-end gap-2">
              <Button size="sm" variant="ghost" onClick={() => setText(null)}>
                {d('cancel')}
              </Button>
              <Button size="sm" type="submit" loading={edit.isPending} disabled={text.trim() === ''}>
                {d('save')}
              </Button>
            </span>
          </form>
        )}
      </div>
    </li>
  );
}
