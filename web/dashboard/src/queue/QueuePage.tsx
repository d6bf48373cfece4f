import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Columns3, Plus, Search, X } from 'lucide-react';
import { lazy, type RefObject, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { answer, asProblem, client, queueQuery, usersQuery, viewsQuery, workflowQuery } from '@/api';
import { useFormats, useT } from '@/i18n';
import { useShortcuts } from '@/keyboard';
import { useSession } from '@/session';
import { useTitle } from '@/shell/title';
import {
  Button,
  Checkbox,
  EmptyState,
  ErrorState,
  IconButton,
  Input,
  Popover,
  Select,
  SkeletonLines,
  toast,
} from '@/ui';
import { BulkBar } from './BulkBar';
import { stateName } from './chips';
import { columnIds, defaultColumns } from './columns';
import { rememberList } from './neighbours';
import { QueueTable } from './QueueTable';
import { filtersOf, type QueueSearch } from './search';
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
  useEffect(() => {
    // A link to a view is only its id: the filters come from the view.
    if (view && Object.keys(search).length === 1) {
      void navigate({ search: { ...(view.query as QueueSearch), view: view.id }, replace: true });
      if (view.columns.length > 0) setColumns(view.columns);
    }
  }, [view, search, navigate]);

  const filters = useMemo(() => filtersOf(search), [search]);
  const scroller = useRef<HTMLDivElement>(null);
  const pointing = useRef(false);
  const held = useCallback(() => {
    const area = scroller.current;
    return pointing.current || (area !== null && (area.scrollTop > 0 || area.contains(document.activeElement)));
  }, []);
  const list = useQueueList(filters, held);
  const [active, setActive] = useState(-1);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const filterName = JSON.stringify(filters);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins anew
  useEffect(() => {
    setActive(-1);
    setSelected(new Set());
    scroller.current?.scrollTo({ top: 0 });
  }, [filterName]);

  const users = useQuery(usersQuery);
  const people = useMemo(() => new Map((users.data ?? []).map((user) => [user.id, user])), [users.data]);
  const counts = useQuery(queueQuery).data;
  const onlyWorkflow =
    search.workflow ??
    (counts && Object.keys(counts.workflow).length === 1 ? Object.keys(counts.workflow)[0] : undefined) ??
    'kyc';
  const workflow = useQuery({ ...workflowQuery(onlyWorkflow), retry: false });
  const titles = useMemo(
    () => new Map((workflow.data?.states ?? []).filter((one) => one.title).map((one) => [one.path, one.title])),
    [workflow.data],
  );

  const open = useCallback(
    (id: string) => {
      rememberList(
        list.rows.filter((row) => !row.gone).map((row) => row.case.id),
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
        description: asProblem(error).detail || t('common.unreachable'),
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

  const filtered = Boolean(
    search.workflow || search.state || search.assignee || search.risk || search.status || search.overdue || search.q,
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex flex-wrap items-center gap-2 border-b bg-surface px-3 py-2">
        <h1 className="mr-1 text-base font-semibold">{view ? <bdi>{view.name}</bdi> : t('shell.queue')}</h1>
        <ViewMenu search={search} columns={columns} views={views.data ?? []} current={view} />
        <span className="flex-1" />
        <SearchInput text={search.q ?? ''} inputRef={searchBox} onSearch={find} />
        {can('cases:write') && (
          <Button variant="primary" icon={<Plus className="size-4" />} onClick={() => change({ new: true }, false)}>
            {t('queue.new_case')}
          </Button>
        )}
      </header>
      <Filters search={search} change={change} counts={counts} titles={titles} people={people} />
      <div className="flex items-center gap-2 border-b bg-surface px-3 py-1 text-xs text-muted">
        <span role="status">
          {list.loading
            ? t('common.loading')
            : t('queue.shown', { count: list.rows.length }) + (list.hasMore ? '+' : '')}
          {counts && !filtered && ` ${t('queue.of', { number: number(counts.to_decide) })}`}
        </span>
        {filtered && (
          <Button
            size="sm"
            variant="ghost"
            icon={<X className="size-3.5" />}
            onClick={() => void navigate({ search: {} })}
          >
            {t('queue.clear')}
          </Button>
        )}
        <span className="flex-1" />
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
      </div>
      <div className="relative min-h-0 flex-1">
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
        <div
          ref={scroller}
          className="h-full overflow-auto"
          onPointerEnter={() => {
            pointing.current = true;
          }}
          onPointerLeave={() => {
            pointing.current = false;
            if (!held()) list.release();
          }}
        >
          {list.loading ? (
            <SkeletonLines lines={12} label={t('common.loading')} />
          ) : list.error && list.rows.length === 0 ? (
            <ErrorState
              title={t('common.load_failed')}
              detail={asProblem(list.error).detail || t('common.unreachable')}
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
            <QueueTable
              rows={list.rows}
              columns={columns}
              users={people}
              titles={titles}
              selected={selected}
              onSelect={setSelected}
              canSelect={can('cases:write')}
              active={active}
              onActive={setActive}
              onOpen={open}
              onEnd={list.more}
              scroller={scroller}
            />
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

/** Searches while somebody writes, when they pause. */
function SearchInput({
  text,
  inputRef,
  onSearch,
}: {
  text: string;
  inputRef: RefObject<HTMLInputElement | null>;
  onSearch: (text: string) => void;
}) {
  const t = useT();
  const [value, setValue] = useState(text);
  const sent = useRef(text);
  useEffect(() => {
    if (text !== sent.current) {
      sent.current = text;
      setValue(text); // the address has changed otherwise
    }
  }, [text]);
  useEffect(() => {
    const wanted = value.trim();
    if (wanted === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = wanted;
      onSearch(wanted);
    }, 250);
    return () => clearTimeout(timer);
  }, [value, onSearch]);
  return (
    <div role="search" className="relative w-full sm:w-72">
      <Search aria-hidden="true" className="pointer-events-none absolute top-2 left-2.5 size-4 text-faint" />
      <Input
        ref={inputRef}
        type="search"
        aria-label={t('queue.search')}
        placeholder={t('queue.search_placeholder')}
        className="pl-8"
        value={value}
        maxLength={200}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
    </div>
  );
}

interface FiltersProps {
  search: QueueSearch;
  change: (part: Partial<QueueSearch>) => void;
  counts:
    | {
        workflow: Record<string, number>;
        state: Record<string, number>;
        risk: Record<string, number>;
        mine: number;
        unassigned: number;
        overdue: number;
        overdue_capped: boolean;
      }
    | undefined;
  titles: Map<string, string>;
  people: Map<string, { id: string; name: string; email: string }>;
}

function Filters({ search, change, counts, titles, people }: FiltersProps) {
  const t = useT();
  const { number } = useFormats();
  const withCount = (label: string, count: number | undefined) =>
    count === undefined ? label : `${label} (${number(count)})`;
  const options = (
    record: Record<string, number> | undefined,
    chosen: string | undefined,
    label: (id: string) => string,
  ) => {
    const ids = Object.keys(record ?? {});
    if (chosen && !ids.includes(chosen)) ids.push(chosen);
    return ids.sort().map((id) => ({ value: id, label: withCount(label(id), record?.[id] ?? 0) }));
  };
  const stateKey = search.state ? `${search.workflow ?? ''}/${search.state}` : '';
  const select = 'max-w-52 shrink-0';
  return (
    <div
      role="group"
      aria-label={t('queue.filters')}
      className="flex items-center gap-1.5 overflow-x-auto border-b bg-surface px-3 py-1.5"
    >
      <Select
        aria-label={t('queue.filter_assignee')}
        fit
        className={select}
        value={search.overdue ? 'overdue' : (search.assignee ?? '')}
        onValueChange={(value) =>
          change(
            value === 'overdue'
              ? { overdue: true, assignee: undefined }
              : { assignee: value || undefined, overdue: undefined },
          )
        }
        placeholder={t('queue.everybody')}
        options={[
          { value: 'me', label: withCount(t('shell.mine'), counts?.mine) },
          { value: 'none', label: withCount(t('shell.unassigned'), counts?.unassigned) },
          {
            value: 'overdue',
            label: withCount(t('shell.overdue'), counts?.overdue) + (counts?.overdue_capped ? '+' : ''),
          },
          ...[...people.values()].map((person) => ({ value: person.id, label: person.name || person.email })),
        ]}
      />
      <Select
        aria-label={t('queue.filter_workflow')}
        fit
        className={select}
        value={search.workflow ?? ''}
        onValueChange={(workflow) => change({ workflow: workflow || undefined, state: undefined })}
        placeholder={t('queue.all_workflows')}
        options={options(counts?.workflow, search.workflow, (id) => id)}
      />
      <Select
        aria-label={t('queue.filter_state')}
        fit
        className={select}
        value={stateKey}
        onValueChange={(value) => {
          const [workflow, ...state] = value.split('/');
          change(value ? { workflow, state: state.join('/') } : { state: undefined });
        }}
        placeholder={t('queue.all_states')}
        options={options(counts?.state, stateKey || undefined, (id) => {
          const [workflow = '', ...rest] = id.split('/');
          const path = rest.join('/');
          const name = t.maybe(`state.${path}`, stateName(path, titles));
          return Object.keys(counts?.workflow ?? {}).length > 1 ? `${workflow}: ${name}` : name;
        })}
      />
      <Select
        aria-label={t('queue.filter_risk')}
        fit
        className={select}
        value={search.risk ?? ''}
        onValueChange={(risk) => change({ risk: (risk || undefined) as QueueSearch['risk'] })}
        placeholder={t('queue.all_risks')}
        options={(['critical', 'high', 'medium', 'low', 'none'] as const).map((id) => ({
          value: id,
          label: withCount(t(`risk.${id}`), counts?.risk[id] ?? 0),
        }))}
      />
      <Select
        aria-label={t('queue.filter_status')}
        fit
        className={select}
        value={search.status ?? 'active'}
        onValueChange={(status) =>
          change({ status: status === 'active' ? undefined : (status as QueueSearch['status']) })
        }
        options={(['active', 'completed', 'failed', 'cancelled', 'all'] as const).map((id) => ({
          value: id,
          label: t(`status.${id}`),
        }))}
      />
      {!search.state &&
        !search.assignee &&
        !search.q &&
        !search.overdue &&
        (search.status ?? 'active') === 'active' && (
          <Checkbox
            className="shrink-0 whitespace-nowrap px-1"
            checked={search.decide !== false}
            onCheckedChange={(on) => change({ decide: on ? undefined : false })}
          >
            {t('queue.only_to_decide')}
          </Checkbox>
        )}
      <span className="flex-1" />
      <Select
        aria-label={t('queue.sort')}
        fit
        className={select}
        value={filtersOf(search).sort ?? ''}
        onValueChange={(sort) => change({ sort: sort as QueueSearch['sort'] })}
        options={(['due_at', '-created_at', 'created_at'] as const).map((id) => ({
          value: id,
          label: t(`queue.sort_${id}`),
          disabled: id === 'due_at' && ((search.status ?? 'active') !== 'active' || Boolean(search.q)),
        }))}
      />
    </div>
  );
}
