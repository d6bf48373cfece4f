import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Columns3, Plus } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { answer, asProblem, client, queueQuery, usersQuery, viewsQuery, workflowsQuery } from '@/api';
import { reasonOf, useFormats, useT } from '@/i18n';
import { useTitle as useTitleIn } from '@/i18n/titles';
import { useShortcuts } from '@/keyboard';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, Checkbox, EmptyState, ErrorState, IconButton, Popover, SkeletonLines, toast } from '@/ui';
import { BulkBar } from './BulkBar';
import { ClosedMatches } from './ClosedMatches';
import { columnIds, defaultColumns, NamesContext } from './columns';
import { Filters } from './Filters';
import { rememberList } from './neighbours';
import { QueueTable } from './QueueTable';
import { SearchInput } from './SearchInput';
import { filtersOf, isFiltered, type QueueSearch, readQueueSearch, sortable, sortOf } from './search';
import { useStateNames } from './stateNames';
import { useQueueList } from './useQueueList';
import { ViewMenu } from './ViewMenu';

const CreateCase = lazy(() => import('./CreateCase').then((m) => ({ default: m.CreateCase })));

const columnsKey = 'ballerine.columns';

function savedColumns(): string[] {
  const saved = (localStorage.getItem(columnsKey) ?? '')
    .split(',')
    .filter((id) => (columnIds as readonly string[]).includes(id));
  return saved.length > 0 ? saved : defaultColumns;
}

/** Open cases: what waits, in which order, and whose it is. */
export function QueuePage() {
  const t = useT();
  const { number } = useFormats();
  const search = useSearch({ from: '/signed-in/queue' });
  const navigate = useNavigate({ from: '/queue' });
  const queries = useQueryClient();
  const { me, can } = useSession();
  useTitle(t('shell.queue'));

  const change = useCallback(
    (part: Partial<QueueSearch>, replace = true) => {
      void navigate({ search: (old) => ({ ...old, ...part }), replace });
    },
    [navigate],
  );

  const find = useCallback((q: string) => change({ q: q || undefined }), [change]);

  const views = useQuery(viewsQuery);
  const view = views.data?.find((one) => one.id === search.view);
  const [columns, setColumns] = useState(savedColumns);
  // Who asks for whom cases wait for wants to see since when.
  const shownColumns = useMemo(
    () => ((search.waiting_for || search.incident) && !columns.includes('waiting') ? [...columns, 'waiting'] : columns),
    [columns, search.waiting_for, search.incident],
  );
  useEffect(() => {
    // A link to a view is only its id: the filters come from the view.
    if (view && Object.keys(search).length === 1) {
      void navigate({ search: { ...readQueueSearch(view.query), view: view.id }, replace: true });
      if (view.columns.length > 0) setColumns(view.columns);
    }
  }, [view, search, navigate]);

  const filters = useMemo(() => filtersOf(search), [search]);
  const scroller = useRef<HTMLDivElement>(null);
  const pointing = useRef(false);
  const inUse = useCallback(() => {
    const area = scroller.current;
    return pointing.current || (area !== null && (area.scrollTop > 0 || area.contains(document.activeElement)));
  }, []);
  const list = useQueueList(filters, inUse);
  const [active, setActive] = useState(-1);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const filterName = JSON.stringify(filters);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list starts with no selection
  useEffect(() => {
    setActive(-1);
    setSelected(new Set());
    scroller.current?.scrollTo({ top: 0 });
  }, [filterName]);

  const users = useQuery(usersQuery);
  const people = useMemo(() => new Map((users.data ?? []).map((user) => [user.id, user])), [users.data]);
  const counts = useQuery(queueQuery).data;
  const listed = useQuery(workflowsQuery).data;
  const titleOf = useTitleIn();
  const workflows = useMemo(
    () => new Map((listed ?? []).map((one) => [one.id, titleOf(one, one.id)])),
    [listed, titleOf],
  );
  // Until it is known which workflows have open cases, the first rows are as likely of one as of another.
  const states = useStateNames(search.workflow ? [search.workflow] : Object.keys(counts?.workflow ?? {}));
  const names = useMemo(
    () => ({ states, people, peoplePending: users.isPending, workflows }),
    [states, people, users.isPending, workflows],
  );

  const open = useCallback(
    (id: string) => {
      rememberList(
        list.rows.filter((row) => !row.removed).map((row) => row.case.id),
        search,
      );
      void navigate({ to: '/cases/$caseId', params: { caseId: id }, search: {} });
    },
    [list.rows, navigate, search],
  );
  const at = Math.max(0, Math.min(active, list.rows.length - 1));
  const here = list.rows[at]?.case;
  const move = (to: number) => {
    const next = Math.max(0, Math.min(list.rows.length - 1, to));
    setActive(next);
    scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus();
  };
  const assignToMe = async () => {
    if (!here) return;
    try {
      await answer(
        client.PUT('/v1/cases/{id}/assignee', { params: { path: { id: here.id } }, body: { user: me.user.id } }),
      );
      toast({ title: t('queue.assigned_to_me', { name: here.subject.name || here.id }), tone: 'success' });
      list.refresh();
      void queries.invalidateQueries({ queryKey: queueQuery.queryKey });
    } catch (error) {
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      });
    }
  };
  const searchBox = useRef<HTMLInputElement>(null);
  useShortcuts(t('shell.queue'), [
    { keys: 'j', label: t('queue.key_next'), run: () => move(active < 0 ? 0 : at + 1) },
    { keys: 'k', label: t('queue.key_previous'), run: () => move(at - 1) },
    { keys: 'Enter', label: t('queue.key_open'), run: () => here && open(here.id) },
    {
      keys: 'x',
      label: t('queue.key_select'),
      enabled: can('cases:write'),
      run: () => {
        if (!here) return;
        const next = new Set(selected);
        if (!next.delete(here.id)) next.add(here.id);
        setSelected(next);
      },
    },
    { keys: 'i', label: t('queue.key_mine'), enabled: can('cases:write'), run: () => void assignToMe() },
    { keys: '/', label: t('queue.key_search'), run: () => searchBox.current?.focus() },
    { keys: 'c', label: t('queue.new_case'), enabled: can('cases:write'), run: () => change({ new: true }, false) },
  ]);

  const chooseColumns = (next: string[]) => {
    const ordered = columnIds.filter((id) => next.includes(id));
    setColumns(ordered);
    localStorage.setItem(columnsKey, ordered.join(','));
  };

  const filtered = isFiltered(search);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b bg-surface px-3 py-1.5">
        <h1 className="text-base font-semibold">
          {view ? <bdi>{view.name}</bdi> : search.incident ? t('shell.incidents') : t('shell.queue')}
        </h1>
        <ViewMenu search={search} columns={columns} views={views.data ?? []} current={view} />
        <Filters search={search} change={change} counts={counts} {...names} />
        {filtered && (
          <Button size="sm" variant="ghost" onClick={() => void navigate({ search: {} })}>
            {t('queue.clear')}
          </Button>
        )}
        <span role="status" className="text-xs whitespace-nowrap text-muted">
          {list.loading
            ? t('common.loading')
            : t('queue.shown', { count: list.rows.length }) + (list.hasMore ? '+' : '')}
          {counts && !filtered && search.decide === undefined && (
            <span className="max-2xl:sr-text"> {t('queue.of', { number: number(counts.to_decide) })}</span>
          )}
        </span>
        <ClosedMatches search={search} onShow={() => change({ status: 'all' })} />
        {can('cases:personal') && <SearchInput text={search.q ?? ''} inputRef={searchBox} onSearch={find} />}
        <Popover
          label={t('queue.columns')}
          align="end"
          trigger={<IconButton size="sm" label={t('queue.columns')} icon={<Columns3 className="size-4" />} />}
        >
          <fieldset className="flex flex-col">
            <legend className="mb-1 font-medium">{t('queue.columns')}</legend>
            {columnIds.map((id) => (
              <Checkbox
                key={id}
                disabled={id === 'subject'}
                checked={columns.includes(id)}
                onCheckedChange={(on) => chooseColumns(on ? [...columns, id] : columns.filter((one) => one !== id))}
              >
                {t.maybe(`queue.column_${id}`, id)}
              </Checkbox>
            ))}
          </fieldset>
        </Popover>
        {can('cases:write') && (
          <Button
            size="sm"
            variant="primary"
            icon={<Plus className="size-4" />}
            onClick={() => change({ new: true }, false)}
          >
            {t('queue.new_case')}
          </Button>
        )}
      </header>
      {/* The button is over the list: whoever goes to it still points at the list, or the button would be gone before the click. */}
      <div
        className="relative min-h-0 flex-1"
        onPointerEnter={() => {
          pointing.current = true;
        }}
        onPointerLeave={() => {
          pointing.current = false;
          if (!inUse()) list.release();
        }}
      >
        {list.waiting > 0 && (
          <div className="pointer-events-none absolute inset-x-0 top-10 z-20 flex justify-center">
            <Button
              variant="primary"
              size="sm"
              className="pointer-events-auto shadow-pop"
              onClick={() => {
                scroller.current?.scrollTo({ top: 0 });
                list.release();
              }}
            >
              {t('queue.waiting', { count: list.waiting })}
            </Button>
          </div>
        )}
        <p role="status" className="sr-text">
          {list.waiting > 0 ? t('queue.waiting', { count: list.waiting }) : ''}
        </p>
        <div ref={scroller} className="h-full overflow-auto">
          {list.loading ? (
            <SkeletonLines lines={12} label={t('common.loading')} />
          ) : list.error && list.rows.length === 0 ? (
            <ErrorState
              title={t('common.load_failed')}
              detail={reasonOf(t, list.error)}
              requestId={asProblem(list.error).requestId}
              requestLabel={t('common.request')}
              retryLabel={t('common.retry')}
              onRetry={list.retry}
            />
          ) : list.rows.length === 0 ? (
            <EmptyState title={filtered ? t('queue.nothing_found') : t('queue.nothing')}>
              {filtered ? t('queue.nothing_found_detail') : t('queue.nothing_detail')}
            </EmptyState>
          ) : (
            <NamesContext.Provider value={names}>
              <QueueTable
                rows={list.rows}
                columns={shownColumns}
                sort={sortOf(search)}
                sortable={(sort) => sortable(search, sort)}
                onSort={(sort) => change({ sort })}
                selected={selected}
                onSelect={setSelected}
                canSelect={can('cases:write')}
                active={active}
                onActive={setActive}
                onOpen={open}
                onEnd={list.more}
                scroller={scroller}
              />
            </NamesContext.Provider>
          )}
        </div>
      </div>
      {selected.size > 0 && (
        <BulkBar
          selected={list.rows.filter((row) => selected.has(row.case.id)).map((row) => row.case)}
          people={users.data ?? []}
          onDone={() => {
            setSelected(new Set());
            list.refresh();
          }}
          onClear={() => setSelected(new Set())}
        />
      )}
      <Suspense>
        {search.new && can('cases:write') && (
          <CreateCase workflow={search.workflow} onClose={() => change({ new: undefined })} />
        )}
      </Suspense>
    </div>
  );
}
