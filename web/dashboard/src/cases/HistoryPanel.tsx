import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ShieldCheck } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { answer, asProblem, type Case, type CaseDocument, type Cause, client, type Entry, keys } from '@/api';
import { Time, useT } from '@/i18n';
import { Button, Chip, EmptyState, Section, Select, SkeletonLines, toast } from '@/ui';
import { useActorName } from './actors';
import { eventName } from './events';
import { PanelError } from './Panels';
import { useReasonText } from './reasons';

/** Groups of causes that people look for. */
export const causeGroups: Record<string, Cause[]> = {
  decisions: ['decision', 'document_decision', 'undone', 'cancelled'],
  data: ['started', 'context', 'event'],
  documents: ['document', 'document_viewed', 'document_decision'],
  checks: [
    'outcome',
    'incident',
    'incident_resolved',
    'callback_awaited',
    'children_started',
    'child_reported',
    'migrated',
    'timer',
    'execution_replaced',
  ],
  people: ['assigned', 'note', 'document_viewed'],
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

function said(value: unknown): string {
  if (value === undefined || value === null) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Looks at documents by the same person in a row as one: they are many, and none of them changes anything. */
export function grouped(entries: readonly Entry[]): { entry: Entry; times: number }[] {
  const groups: { entry: Entry; times: number }[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (
      entry.cause === 'document_viewed' &&
      last?.entry.cause === 'document_viewed' &&
      last.entry.actor.id === entry.actor.id
    ) {
      last.times++;
    } else {
      groups.push({ entry, times: 1 });
    }
  }
  return groups;
}

/** The history, newest first: what, who, when, from where to where, before and after. Ten thousand entries scroll as ten do. */
export function HistoryPanel({ one }: { one: Case }) {
  const t = useT();
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
        description: asProblem(error).detail || t('common.unreachable'),
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
                    <EntryLine entry={group.entry} times={group.times} documents={one.documents ?? []} />
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

/** The entry; `times` when the same person did the same several times in a row. */
export function EntryLine({
  entry,
  times = 1,
  documents = [],
}: {
  entry: Entry;
  times?: number;
  documents?: readonly CaseDocument[];
}) {
  const t = useT();
  const nameOf = useActorName();
  const reasonText = useReasonText();
  const from = entry.from ?? [];
  const to = entry.to ?? [];
  const state = (path: string) => t.maybe(`state.${path}`, path);
  const details = entry.details ?? {};
  const reason = typeof details['reason'] === 'string' ? details['reason'] : '';
  const comment = typeof details['comment'] === 'string' ? details['comment'] : '';
  const note = details['note'];
  const noteText =
    note !== null && typeof note === 'object' && 'text' in note && typeof note.text === 'string' ? note.text : '';
  const moved = from.join() !== to.join();
  return (
    <div className="text-sm">
      <p className="flex flex-wrap items-center gap-x-2">
        <span className="w-9 shrink-0 text-xs text-faint tabular-nums">{entry.version}</span>
        <span className="font-medium">{t.maybe(`cause.${entry.cause}`, entry.cause)}</span>
        {times > 1 && <Chip>{t('cases.history_times', { count: times })}</Chip>}
        {entry.event && <Chip>{t.maybe(`decision.${entry.event}`, eventName(entry.event))}</Chip>}
        {moved && (
          <span className="text-muted">
            {from.length > 0 && `${from.map(state).join(', ')} → `}
            {to.map(state).join(', ')}
          </span>
        )}
        <span className="flex-1" />
        <span className="text-xs text-muted">
          {nameOf(entry.actor)} · <Time value={entry.at} />
        </span>
      </p>
      <div className="pl-11">
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
          const value = (of: unknown) =>
            document && typeof of === 'string' ? t.maybe(`document.${of}`, said(of)) : said(of);
          return (
            <p key={change.path} className="text-xs">
              {document ? (
                <span className="text-muted">{t.maybe(`kind.${document.kind}`, document.title || document.kind)}</span>
              ) : (
                <code className="text-muted">{change.path}</code>
              )}
              : <del className="text-danger no-underline">{value(change.before)}</del> →{' '}
              <ins className="text-success no-underline">{value(change.after)}</ins>
            </p>
          );
        })}
      </div>
    </div>
  );
}
