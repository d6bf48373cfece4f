import { FlexRender, type Row as TableRow, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import { type Key, useT } from '@/i18n';
import { Checkbox, cx } from '@/ui';
import { columnIds, columns as definitions, features, sortsOf, widths } from './columns';
import type { Row } from './live';
import type { Sort } from './search';

export interface QueueTableProps {
  rows: Row[];
  columns: string[];
  sort: Sort;
  /** Which orders the list can have. */
  sortable: (sort: Sort) => boolean;
  onSort: (sort: Sort) => void;
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  canSelect: boolean;
  active: number;
  onActive: (index: number) => void;
  onOpen: (id: string) => void;
  onEnd: () => void;
  scroller: RefObject<HTMLDivElement | null>;
}

/** What a row shows on a phone: name and risk above; state, assignee and deadline below. */
const narrowColumns = ['subject', 'state', 'risk', 'sla', 'assignee'];
/** The same of a case whose work has failed: what failed is in the place of risk and deadline. */
const narrowIncident = ['subject', 'state', 'waiting', 'assignee'];
const rowHeight = 29; // so that 28 cases are on a page of 900 pixels
const narrowRowHeight = 60;
/** Where each of them is. */
const narrowAreas: Record<string, string> = {
  subject: 'max-md:[grid-area:subject]',
  state: 'max-md:[grid-area:state]',
  assignee: 'max-md:[grid-area:assignee] max-md:text-xs',
  risk: 'max-md:[grid-area:risk] max-md:justify-self-end',
  sla: 'max-md:[grid-area:sla] max-md:justify-self-end',
  waiting: 'max-md:[grid-area:risk] max-md:justify-self-end max-md:max-w-48 max-md:text-xs',
};
const ascending = (sort: Sort) => !sort.startsWith('-');

function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = matchMedia('(max-width: 47.99rem)');
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => matchMedia('(max-width: 47.99rem)').matches,
  );
}

/** The queue as a grid: rows are drawn as they come into sight, so that thousands scroll as well as ten. */
export function QueueTable(props: QueueTableProps) {
  const { rows, columns, selected, onSelect, canSelect, active, onActive, onOpen, onEnd } = props;
  const { scroller } = props;
  const t = useT();
  const visibility = useMemo(() => Object.fromEntries(columnIds.map((id) => [id, columns.includes(id)])), [columns]);
  const selection = useMemo(() => Object.fromEntries([...selected].map((id) => [id, true as const])), [selected]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: (row) => row.case.id,
    state: { columnVisibility: visibility, rowSelection: selection },
  });
  const model = table.getRowModel().rows;
  const narrow = useNarrow();
  const virtual = useVirtualizer({
    count: model.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? narrowRowHeight : rowHeight),
    getItemKey: (n) => model[n]?.id ?? n,
    overscan: 12,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured again
  useEffect(() => virtual.measure(), [narrow]);
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastSeen >= model.length - 10 && model.length > 0) onEnd();
  }, [lastSeen, model.length, onEnd]);

  const grid = useRef<HTMLDivElement>(null);
  const wanted = useRef(-1);
  useEffect(() => {
    // The keyboard has moved to another row: bring it into sight, and the focus to it.
    if (wanted.current !== active || active < 0) return;
    virtual.scrollToIndex(active, { align: 'auto' });
    const frame = requestAnimationFrame(() => {
      grid.current?.querySelector<HTMLElement>(`[data-index="${active}"]`)?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [active, virtual]);
  const moveTo = (index: number) => {
    wanted.current = index;
    onActive(index);
  };

  const anchor = useRef(-1);
  const toggle = (index: number, range: boolean) => {
    const id = model[index]?.id;
    if (!id) return;
    const next = new Set(selected);
    const on = !selected.has(id);
    const from = range && anchor.current >= 0 ? Math.min(anchor.current, index) : index;
    const to = range && anchor.current >= 0 ? Math.max(anchor.current, index) : index;
    for (const row of model.slice(from, to + 1)) {
      if (on) next.add(row.id);
      else next.delete(row.id);
    }
    anchor.current = index;
    onSelect(next);
  };

  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const to = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: model.length - 1,
      PageDown: index + 12,
      PageUp: index - 12,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      moveTo(Math.max(0, Math.min(model.length - 1, to)));
    } else if (event.key === 'Enter' && event.target === event.currentTarget) {
      event.preventDefault();
      const id = model[index]?.id;
      if (id) onOpen(id);
    } else if (event.key === ' ' && canSelect && event.target === event.currentTarget) {
      event.preventDefault();
      toggle(index, event.shiftKey);
    }
  };

  // The rows that stay in sight are not drawn again while the list scrolls: what they call does not change.
  const latest = useRef({ toggle, onKeyDown, onOpen, onActive, active });
  latest.current = { toggle, onKeyDown, onOpen, onActive, active };
  const act = useMemo<RowActions>(
    () => ({
      toggle: (index, range) => latest.current.toggle(index, range),
      onKeyDown: (event, index) => latest.current.onKeyDown(event, index),
      onOpen: (id) => latest.current.onOpen(id),
      onFocus: (index) => latest.current.active !== index && latest.current.onActive(index),
    }),
    [],
  );

  const shown = columnIds.filter((id) => columns.includes(id));
  const template = {
    '--columns': `${canSelect ? '2.25rem ' : ''}${shown.map((id) => widths[id]).join(' ')}`,
  } as CSSProperties;
  const all = model.length > 0 && model.every((row) => selected.has(row.id));
  return (
    <div
      ref={grid}
      role="grid"
      aria-label={t('queue.cases')}
      aria-rowcount={model.length + 1}
      aria-colcount={shown.length + (canSelect ? 1 : 0)}
      aria-multiselectable={canSelect || undefined}
      style={template}
      className="min-w-0"
    >
      <div
        role="row"
        aria-rowindex={1}
        className="sticky top-0 z-10 grid h-7 grid-cols-(--columns) items-center gap-3 border-b bg-surface px-3 text-xs font-medium text-muted max-md:hidden"
      >
        {canSelect && (
          <div role="columnheader">
            <Checkbox
              aria-label={t('queue.select_all')}
              checked={all}
              indeterminate={!all && selected.size > 0}
              onCheckedChange={(on) => onSelect(new Set(on ? model.map((row) => row.id) : []))}
            />
          </div>
        )}
        {table.getHeaderGroups().flatMap((group) =>
          group.headers.map((header) => (
            <ColumnHeader key={header.id} id={header.id} {...props}>
              <table.FlexRender header={header} />
            </ColumnHeader>
          )),
        )}
      </div>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = model[item.index];
          if (!row) return null;
          return (
            <QueueRow
              key={row.id}
              row={row}
              index={item.index}
              start={item.start}
              size={item.size}
              columns={columns}
              first={item.index === Math.max(0, active)}
              selected={selected.has(row.id)}
              canSelect={canSelect}
              act={act}
            />
          );
        })}
      </div>
    </div>
  );
}

/** A column's name; where the list can be sorted by it, a button that does. */
function ColumnHeader({
  id,
  sort,
  sortable,
  onSort,
  children,
}: Pick<QueueTableProps, 'sort' | 'sortable' | 'onSort'> & { id: string; children: ReactNode }) {
  const t = useT();
  const orders = (sortsOf[id] ?? []).filter(sortable);
  const at = orders.indexOf(sort);
  const next = orders[(at + 1) % orders.length];
  if (!next) {
    return (
      <div role="columnheader" className="truncate">
        {children}
      </div>
    );
  }
  const Arrow = ascending(sort) ? ArrowUp : ArrowDown;
  const direction = ascending(sort) ? 'ascending' : 'descending';
  return (
    <div role="columnheader" aria-sort={at < 0 ? 'none' : direction} className="min-w-0">
      <button
        type="button"
        title={t(`queue.sort_${next}` as Key)}
        className={cx(
          '-mx-1 inline-flex h-6 max-w-full items-center gap-1 rounded-sm px-1 font-medium hover:bg-hover hover:text-ink',
          at >= 0 && 'text-ink',
        )}
        onClick={() => onSort(next)}
      >
        <span className="truncate">{children}</span>
        {at >= 0 && <Arrow aria-hidden="true" className="size-3 shrink-0" />}
      </button>
    </div>
  );
}

interface RowActions {
  toggle: (index: number, range: boolean) => void;
  onKeyDown: (event: KeyboardEvent, index: number) => void;
  onOpen: (id: string) => void;
  onFocus: (index: number) => void;
}

interface QueueRowProps {
  row: TableRow<typeof features, Row>;
  index: number;
  start: number;
  size: number;
  /** The row's cells follow from it; here so that another choice draws the row again. */
  columns: string[];
  first: boolean;
  selected: boolean;
  canSelect: boolean;
  act: RowActions;
}

const QueueRow = memo(function QueueRow({ row, index, start, size, first, selected, canSelect, act }: QueueRowProps) {
  const t = useT();
  const name = row.original.case.subject.name || row.original.case.id;
  const cells = row.getVisibleCells();
  const failed = row.original.case.waiting?.for === 'operator' && cells.some((cell) => cell.column.id === 'waiting');
  const narrow = failed ? narrowIncident : narrowColumns;
  return (
    <div
      role="row"
      tabIndex={first ? 0 : -1}
      data-index={index}
      data-case={row.id}
      aria-rowindex={index + 2}
      aria-selected={canSelect ? selected : undefined}
      aria-label={row.original.removed ? t('queue.row_gone', { name }) : undefined}
      onFocus={() => act.onFocus(index)}
      onKeyDown={(event) => act.onKeyDown(event, index)}
      onClick={(event: MouseEvent) => {
        if (event.shiftKey && canSelect) act.toggle(index, true);
        else act.onOpen(row.id);
      }}
      style={{ transform: `translateY(${start}px)`, height: size }}
      className={cx(
        'absolute inset-x-0 top-0 grid cursor-pointer items-center gap-x-3 border-b bg-surface px-3 text-sm hover:bg-hover focus-visible:z-10 focus-visible:-outline-offset-2 md:grid-cols-(--columns)',
        "max-md:grid-cols-[auto_minmax(0,1fr)_auto] max-md:content-center max-md:gap-y-1 max-md:[grid-template-areas:'subject_subject_risk'_'state_assignee_sla']",
        selected && 'bg-selected hover:bg-selected',
        row.original.removed && 'opacity-45',
      )}
    >
      {canSelect && (
        <div role="gridcell" className="max-md:hidden">
          {/* biome-ignore lint/a11y/noStaticElementInteractions: keeps a click on the box from opening the case */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the box has the keyboard */}
          <span onClick={(event) => event.stopPropagation()}>
            <Checkbox
              tabIndex={-1}
              aria-label={t('queue.select', { name })}
              checked={selected}
              onCheckedChange={() => act.toggle(index, false)}
            />
          </span>
        </div>
      )}
      {cells.map((cell) => (
        <div
          key={cell.id}
          role="gridcell"
          className={cx(
            'min-w-0 overflow-hidden',
            !narrow.includes(cell.column.id) && 'max-md:hidden',
            narrowAreas[cell.column.id],
          )}
        >
          <FlexRender cell={cell} />
        </div>
      ))}
    </div>
  );
});
