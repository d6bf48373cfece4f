import { columnVisibilityFeature, createColumnHelper, rowSelectionFeature, tableFeatures } from '@tanstack/react-table';
import { AlarmClock, Flag } from 'lucide-react';
import { createContext, type ReactNode, useContext } from 'react';
import { Time, useT } from '@/i18n';
import { Avatar, Skeleton } from '@/ui';
import { RiskChip, StateChip, stateName, WaitingFor } from './chips';
import type { Names } from './filters';
import type { Row } from './live';
import { SlaChip } from './SlaChip';
import type { Sort } from './search';

export const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature });

const helper = createColumnHelper<typeof features, Row>();

/** The columns that a queue can have, and those that it has unless somebody chooses others. */
export const columnIds = [
  'subject',
  'workflow',
  'state',
  'risk',
  'sla',
  'waiting',
  'assignee',
  'age',
  'updated',
  'external',
] as const;
export const defaultColumns: string[] = ['subject', 'state', 'risk', 'sla', 'assignee', 'age'];

/** What a column sorts by: first by the first, then the other way round where that is possible. */
export const sortsOf: Partial<Record<string, readonly Sort[]>> = {
  risk: ['-risk', 'risk'],
  sla: ['due_at'],
  waiting: ['waiting_since'],
  age: ['-created_at', 'created_at'],
  updated: ['-updated_at', 'updated_at'],
};

/** Widths as parts of the row. */
export const widths: Record<string, string> = {
  subject: 'minmax(12rem,2.4fr)',
  workflow: 'minmax(7rem,1fr)',
  state: 'minmax(7rem,1fr)',
  risk: 'minmax(7rem,1fr)',
  sla: 'minmax(10rem,1.1fr)',
  waiting: 'minmax(11.5rem,1.5fr)',
  assignee: 'minmax(8rem,1.2fr)',
  age: 'minmax(6.5rem,0.9fr)',
  updated: 'minmax(6.5rem,0.9fr)',
  external: 'minmax(6rem,1fr)',
};

export function SubjectName({ name, otherwise }: { name?: string; otherwise: string }) {
  const text = name || otherwise;
  return (
    <bdi title={text} className="truncate">
      {text}
    </bdi>
  );
}

/** That a case is escalated or snoozed. */
function DeskMarks({ one }: { one: Row['case'] }) {
  const t = useT();
  return (
    <>
      {one.escalation && (
        <span title={t('cause.escalated')} className="shrink-0 self-center text-warning">
          <Flag aria-hidden="true" className="size-3.5" />
          <span className="sr-text">{t('cause.escalated')}</span>
        </span>
      )}
      {one.snooze && (
        <span title={t('cause.snoozed')} className="shrink-0 self-center text-info">
          <AlarmClock aria-hidden="true" className="size-3.5" />
          <span className="sr-text">{t('cause.snoozed')}</span>
        </span>
      )}
    </>
  );
}

/** Names come to the cells by a context, for the columns stay the same when names arrive: another column is another cell, and a cell that is replaced under the pointer loses the click. */
export const NamesContext = createContext<Names>({
  states: stateName,
  people: new Map(),
  peoplePending: true,
  workflows: new Map(),
});

function ColumnName({ id }: { id: string }) {
  return useT().maybe(`queue.column_${id}`, id);
}

function Subject({ one }: { one: Row['case'] }) {
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <a
        href={`/cases/${one.id}`}
        tabIndex={-1}
        className="min-w-0 truncate font-medium"
        onClick={(event) => {
          // The row opens the case here; the link is for another tab.
          if (event.metaKey || event.ctrlKey) event.stopPropagation();
          else event.preventDefault();
        }}
      >
        <SubjectName name={one.subject.name} otherwise={one.external_id ?? one.id} />
      </a>
      <DeskMarks one={one} />
      {one.external_id && one.subject.name && (
        <span className="shrink-0 text-xs text-faint max-lg:hidden">{one.external_id}</span>
      )}
    </span>
  );
}

function Workflow({ one }: { one: Row['case'] }) {
  const title = useContext(NamesContext).workflows.get(one.workflow.id) || one.workflow.id;
  return (
    <span className="block truncate text-muted" title={title}>
      {title}
    </span>
  );
}

function State({ one }: { one: Row['case'] }) {
  return <StateChip one={one} names={useContext(NamesContext).states} />;
}

function Assignee({ one }: { one: Row['case'] }) {
  const t = useT();
  const { people, peoplePending } = useContext(NamesContext);
  if (!one.assignee) return <span className="text-faint">{t('common.nobody')}</span>;
  const name = people.get(one.assignee)?.name || one.assignee;
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      {peoplePending ? (
        <Skeleton className="h-3 w-24" />
      ) : (
        <>
          <Avatar name={name} size="sm" title="" />
          <SubjectName name={name} otherwise={one.assignee} />
        </>
      )}
    </span>
  );
}

const cells: Record<(typeof columnIds)[number], (props: { one: Row['case'] }) => ReactNode> = {
  subject: Subject,
  workflow: Workflow,
  state: State,
  risk: ({ one }) => <RiskChip risk={one.risk} />,
  sla: ({ one }) => <SlaChip sla={one.sla} />,
  waiting: WaitingFor,
  assignee: Assignee,
  age: ({ one }) => <Time value={one.created_at} className="truncate text-muted" />,
  updated: ({ one }) => <Time value={one.updated_at} className="truncate text-muted" />,
  external: ({ one }) => <SubjectName name={one.external_id ?? ''} otherwise="—" />,
};

export const columns = helper.columns(
  columnIds.map((id) => {
    const Cell = cells[id];
    return helper.display({
      id,
      header: () => <ColumnName id={id} />,
      cell: ({ row }) => <Cell one={row.original.case} />,
    });
  }),
);
