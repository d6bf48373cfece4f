import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ShieldCheck } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { answer, type Case, type CaseDocument, type Cause, client, type Entry, keys } from '@/api';
import { reasonOf, Time, useFormats, useT } from '@/i18n';
import { labelOf } from '@/queue/schema';
import { Button, Chip, EmptyState, Section, Select, SkeletonLines, toast } from '@/ui';
import { useActorName } from './actors';
import { eventName } from './events';
import { type CaseNames, useNamesOf } from './names';
import { PanelError } from './PanelError';
import { useReasonText } from './reasons';

/** Groups of causes that people look for. */
export const causeGroups: Record<string, Cause[]> = {
  decisions: ['decision', 'document_decision', 'document_decision_undone', 'undone', 'cancelled'],
  data: ['started', 'context', 'event'],
  documents: ['document', 'document_viewed', 'document_decision', 'document_decision_undone'],
  checks: [
    'exchange_viewed',
    'outcome',
    'incident',
    'incident_resolved',
    'callback_awaited',
    'callback_ignored',
    'postponed',
    'children_started',
    'child_reported',
    'migrated',
    'timer',
    'execution_replaced',
  ],
  people: [
    'assigned',
    'taken_over',
    'snoozed',
    'snooze_ended',
    'escalated',
    'escalation_ended',
    'note',
    'note_edited',
    'document_viewed',
    'exchange_viewed',
    'flow_token_created',
  ],
};

interface Change {
  path: string;
  before?: unknown;
  after?: unknown;
}

/** The fields that an entry has changed, before and after. */
export function changesOf(entry: Entry): Change[] {
  const changes = entry.details?.['changes'];
  return Array.isArray(changes)
    ? changes.filter(
        (one): one is Change => one !== null && typeof one === 'object' && typeof (one as Change).path === 'string',
      )
    : [];
}

/** The document whose status a path names. */
export function documentOf(path: string, documents: readonly CaseDocument[]): CaseDocument | undefined {
  const id = /^documents\.([^.]+)\.status$/.exec(path)?.[1];
  return documents.find((document) => document.id === id);
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export interface EntryGroup {
  entry: Entry;
  /** All consecutive views, including this entry; empty when the entry is no view. */
  views: Entry[];
}

/** Groups consecutive views of documents: there are many, and they change nothing. */
export function grouped(entries: readonly Entry[]): EntryGroup[] {
  const groups: EntryGroup[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (entry.cause !== 'document_viewed' || entry.unreadable) groups.push({ entry, views: [] });
    else if (last && last.views.length > 0) last.views.push(entry);
    else groups.push({ entry, views: [entry] });
  }
  return groups;
}

/** The id of the viewed document. */
function viewed(entry: Entry): string {
  const document = entry.details?.['document'];
  return document !== null && typeof document === 'object' && 'id' in document && typeof document.id === 'string'
    ? document.id
    : '';
}

/** Which documents were viewed, and by whom, in the order of the first view. */
export function viewsOf(views: readonly Entry[]): { document: string; people: Entry['actor'][]; times: number }[] {
  const found = new Map<string, { document: string; people: Entry['actor'][]; times: number }>();
  for (const view of views) {
    const document = viewed(view);
    const one = found.get(document) ?? { document, people: [], times: 0 };
    if (!one.people.some((person) => person.id === view.actor.id)) one.people.push(view.actor);
    one.times++;
    found.set(document, one);
  }
  return [...found.values()];
}

/** When the token that was made for the applicant ends. */
export function tokenEnds(entry: Entry): Date | undefined {
  const token = entry.details?.['flow_token'];
  if (token === null || typeof token !== 'object' || !('expires_at' in token)) return undefined;
  const at = new Date(String(token.expires_at));
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** A path in the case as people read it: "context.applicant.date_of_birth" is "Applicant › Date of birth". */
export function pathName(path: string, place?: CaseNames['place']): string {
  if (place && path.startsWith('context.')) return place(path.slice('context.'.length));
  return path
    .replace(/^context\./, '')
    .split('.')
    .map((name) => (/^\d+$/.test(name) ? String(Number(name) + 1) : labelOf(name)))
    .join(' › ');
}

/** The history, newest first: what, who, when, from where to where, before and after. Ten thousand entries scroll as ten do. */
export function HistoryPanel({ one }: { one: Case }) {
  const t = useT();
  const names = useNamesOf(one);
  const [group, setGroup] = useState('');
  const causes = useMemo(() => causeGroups[group] ?? [], [group]);
  const history = useInfiniteQuery({
    queryKey: keys.history(one.id, causes),
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET('/v1/cases/{id}/history', {
          params: {
            path: { id: one.id },
            query: { sort: '-version', cause: causes.length > 0 ? causes : undefined, limit: 100, cursor: pageParam },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const entries = useMemo(() => grouped(history.data?.pages.flatMap((page) => page.data) ?? []), [history.data]);
  const verify = useMutation({
    mutationFn: () => answer(client.GET('/v1/cases/{id}/verification', { params: { path: { id: one.id } } })),
    onSuccess: (report) =>
      report.valid
        ? toast({ title: t('cases.chain_valid', { count: report.entries }), tone: 'success' })
        : toast({
            title: t('cases.chain_broken'),
            description: (report.problems ?? []).slice(0, 3).join(' '),
            tone: 'danger',
            duration: null,
          }),
    onError: (error) =>
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      }),
  });
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 56,
    getItemKey: (n) => entries[n]?.entry.version ?? n,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = history;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= entries.length - 10) void fetchNextPage();
  }, [last, entries.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Section
      title={t('cases.tab_history')}
      flush
      actions={
        <>
          <Select
            aria-label={t('cases.history_filter')}
            fit
            value={group}
            onValueChange={setGroup}
            placeholder={t('cases.history_all')}
            options={Object.keys(causeGroups).map((id) => ({ value: id, label: t.maybe(`cases.history_${id}`, id) }))}
          />
          <Button
            size="sm"
            icon={<ShieldCheck className="size-3.5" />}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            {t('cases.verify')}
          </Button>
        </>
      }
    >
      {history.isPending ? (
        <SkeletonLines lines={8} label={t('common.loading')} />
      ) : history.isError && entries.length === 0 ? (
        <PanelError error={history.error} onRetry={() => void history.refetch()} />
      ) : entries.length === 0 ? (
        <EmptyState title={t('cases.history_none')} />
      ) : (
        <div
          ref={scroller}
          tabIndex={0}
          role="group"
          aria-label={t('cases.history_all')}
          className="max-h-[70vh] overflow-y-auto print-flow"
        >
          <ol className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const group = entries[item.index];
              return (
                group && (
                  <li
                    key={item.key}
                    data-index={item.index}
                    ref={virtual.measureElement}
                    className="absolute inset-x-0 top-0 border-b px-3 py-2"
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <EntryLine entry={group.entry} views={group.views} documents={one.documents ?? []} names={names} />
                  </li>
                )
              );
            })}
          </ol>
        </div>
      )}
    </Section>
  );
}

/** An entry, or consecutive views as one. */
export function EntryLine({
  entry,
  views = [],
  documents = [],
  names,
  paper = false,
}: {
  entry: Entry;
  names: CaseNames;
  views?: readonly Entry[];
  documents?: readonly CaseDocument[];
  paper?: boolean;
}) {
  const t = useT();
  const nameOf = useActorName(paper);
  const { exact } = useFormats();
  const reasonText = useReasonText();
  const from = entry.from ?? [];
  const to = entry.to ?? [];
  const details = entry.details ?? {};
  const reason = typeof details['reason'] === 'string' ? details['reason'] : '';
  const comment = typeof details['comment'] === 'string' ? details['comment'] : '';
  const note = details['note'];
  const noteText =
    note !== null && typeof note === 'object' && 'text' in note && typeof note.text === 'string' ? note.text : '';
  const moved = from.join() !== to.join();
  const ends = tokenEnds(entry);
  const titleOf = (id: string) => {
    const document = documents.find((each) => each.id === id);
    return document
      ? [
          t.maybe(`kind.${document.kind}`, document.title || document.kind),
          document.side && t.maybe(`side.${document.side}`, document.side),
        ]
          .filter(Boolean)
          .join(', ')
      : t('cases.history_document');
  };
  const people = new Set(views.map((view) => view.actor.id)).size;
  if (entry.unreadable) {
    return (
      <p className="flex items-center gap-x-2 text-sm">
        <span className="w-9 shrink-0 text-xs text-faint tabular-nums">{entry.version}</span>
        <span className="font-medium text-danger">{t('cases.history_unreadable')}</span>
      </p>
    );
  }
  return (
    <div className="text-sm">
      <p className="flex flex-wrap items-center gap-x-2">
        <span className="w-9 shrink-0 text-xs text-faint tabular-nums">{entry.version}</span>
        <span className="font-medium">{t.maybe(`cause.${entry.cause}`, entry.cause)}</span>
        {views.length > 1 && (
          <span className="text-muted">
            {t('cases.history_times', { count: views.length })} {t('cases.history_by_people', { count: people })}
          </span>
        )}
        {entry.event && <Chip>{t.maybe(`decision.${entry.event}`, eventName(entry.event, names.work))}</Chip>}
        {moved && (
          <span className="text-muted">
            {from.length > 0 && `${from.map(names.state).join(', ')} → `}
            {to.map(names.state).join(', ')}
          </span>
        )}
        <span className="flex-1" />
        <span className="text-xs text-muted">
          {people < 2 && <>{nameOf(entry.actor)} · </>}
          <Time value={entry.at} form={paper ? 'exact' : 'relative'} />
        </span>
      </p>
      <div className="pl-11">
        {viewsOf(views).map((view) => (
          <p key={view.document} className="text-xs text-muted">
            {titleOf(view.document)}
            {view.times > 1 && ` · ${t('cases.history_times', { count: view.times })}`}
            {people > 1 && ` · ${view.people.map(nameOf).join(', ')}`}
          </p>
        ))}
        {ends && <p className="text-xs text-muted">{t('cases.history_valid_until', { time: exact(ends) })}</p>}
        {reason && <p className="text-muted">{reasonText(reason)}</p>}
        {comment && (
          <p className="whitespace-pre-wrap">
            <bdi>{comment}</bdi>
          </p>
        )}
        {noteText && (
          <p className="whitespace-pre-wrap">
            <bdi>{noteText}</bdi>
          </p>
        )}
        {changesOf(entry).map((change) => {
          const document = documentOf(change.path, documents);
          const value = (of: unknown) => {
            if (typeof of !== 'string') return valueText(of);
            if (document) return t.maybe(`document.${of}`, of);
            return change.path === 'assignee' ? (of ? nameOf({ kind: 'user', id: of }) : '—') : of || '—';
          };
          return (
            <p key={change.path} className="text-xs">
              {document ? (
                <span className="text-muted">{t.maybe(`kind.${document.kind}`, document.title || document.kind)}</span>
              ) : (
                <span className="text-muted">
                  {change.path === 'assignee' ? t('cases.assignee') : pathName(change.path, names.place)}
                </span>
              )}
              :{' '}
              {change.before !== undefined && change.before !== null && (
                <>
                  <del className="text-muted">{value(change.before)}</del> →{' '}
                </>
              )}
              <ins className="no-underline">{value(change.after)}</ins>
            </p>
          );
        })}
      </div>
    </div>
  );
}
