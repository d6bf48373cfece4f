import { columnVisibilityFeature, createColumnHelper, rowSelectionFeature, tableFeatures } from '@tanstack/react-table';
import { AlarmClock, Flag } from 'lucide-react';
import { createContext, useContext } from 'react';
import type { User } from '@/api';
import { Time, useT } from '@/i18n';
import { Avatar } from '@/ui';
import { RiskChip, StateChip, type StateNames, stateName, WaitingFor } from './chips';
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
  sla: 'minmax(8rem,1fr)',
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

/** What states are called. Columns stay as they are when names arrive: a cell that is replaced loses the click that is on it. */
export const Names = createContext<StateNames>(stateName);

function StateCell({ one }: { one: Row['case'] }) {
  return <StateChip one={one} names={useContext(Names)} />;
}

export function makeColumns(
  header: (id: string) => string,
  users: Map<string, User>,
  workflows: Map<string, string>,
  unassigned: string,
) {
  return helper.columns([
    helper.display({
      id: 'subject',
      header: header('subject'),
      cell: ({ row }) => (
        <span className="flex min-w-0 items-baseline gap-2">
          <a
            href={`/cases/${row.original.case.id}`}
            tabIndex={-1}
            className="min-w-0 truncate font-medium"
            onClick={(event) => {
              // The row opens the case here; the link is for another tab.
              if (event.metaKey || event.ctrlKey) event.stopPropagation();
              else event.preventDefault();
            }}
          >
            <SubjectName
              name={row.original.case.subject.name}
              otherwise={row.original.case.external_id ?? row.original.case.id}
            />
          </a>
          <DeskMarks one={row.original.case} />
          {row.original.case.external_id && row.original.case.subject.name && (
            <span className="shrink-0 text-xs text-faint max-lg:hidden">{row.original.case.external_id}</span>
          )}
        </span>
      ),
    }),
    helper.display({
      id: 'workflow',
      header: header('workflow'),
      cell: ({ row }) => {
        const { id } = row.original.case.workflow;
        const title = workflows.get(id) || id;
        return (
          <span className="block truncate text-muted" title={title}>
            {title}
          </span>
        );
      },
    }),
    helper.display({
      id: 'state',
      header: header('state'),
      cell: ({ row }) => <StateCell one={row.original.case} />,
    }),
    helper.display({
      id: 'risk',
      header: header('risk'),
      cell: ({ row }) => <RiskChip risk={row.original.case.risk} />,
    }),
    helper.display({ id: 'sla', header: header('sla'), cell: ({ row }) => <SlaChip sla={row.original.case.sla} /> }),
    helper.display({
      id: 'waiting',
      header: header('waiting'),
      cell: ({ row }) => <WaitingFor one={row.original.case} />,
    }),
    helper.display({
      id: 'assignee',
      header: header('assignee'),
      cell: ({ row }) => {
        const id = row.original.case.assignee;
        if (!id) return <span className="text-faint">{unassigned}</span>;
        const name = users.get(id)?.name || id;
        return (
          <span className="flex min-w-0 items-center gap-1.5">
            <Avatar name={name} size="sm" title="" />
            <SubjectName name={name} otherwise={id} />
          </span>
        );
      },
    }),
    helper.display({
      id: 'age',
      header: header('age'),
      cell: ({ row }) => <Time value={row.original.case.created_at} className="truncate text-muted" />,
    }),
    helper.display({
      id: 'updated',
      header: header('updated'),
      cell: ({ row }) => <Time value={row.original.case.updated_at} className="truncate text-muted" />,
    }),
    helper.display({
      id: 'external',
      header: header('external'),
      cell: ({ row }) => <SubjectName name={row.original.case.external_id ?? ''} otherwise="—" />,
    }),
  ]);
}
