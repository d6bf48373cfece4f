import { columnVisibilityFeature, createColumnHelper, rowSelectionFeature, tableFeatures } from '@tanstack/react-table';
import type { User } from '@/api';
import { Time } from '@/i18n';
import { Avatar } from '@/ui';
import { RiskChip, StateChip } from './chips';
import type { Row } from './live';
import { SlaChip } from './SlaChip';

export const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature });

const helper = createColumnHelper<typeof features, Row>();

/** The columns that a queue can have, and those that it has unless somebody chooses others. */
export const columnIds = [
  'subject',
  'workflow',
  'state',
  'risk',
  'sla',
  'assignee',
  'age',
  'updated',
  'external',
] as const;
export const defaultColumns: string[] = ['subject', 'state', 'risk', 'sla', 'assignee', 'age'];

/** Widths as parts of the row. */
export const widths: Record<string, string> = {
  subject: 'minmax(12rem,2.4fr)',
  workflow: 'minmax(5rem,0.8fr)',
  state: 'minmax(7rem,1fr)',
  risk: 'minmax(7rem,1fr)',
  sla: 'minmax(8rem,1fr)',
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

export function makeColumns(
  header: (id: string) => string,
  users: Map<string, User>,
  titles: Map<string, string>,
  nobody: string,
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
          {row.original.case.external_id && row.original.case.subject.name && (
            <span className="shrink-0 text-xs text-faint max-lg:hidden">{row.original.case.external_id}</span>
          )}
        </span>
      ),
    }),
    helper.display({
      id: 'workflow',
      header: header('workflow'),
      cell: ({ row }) => <span className="truncate text-muted">{row.original.case.workflow.id}</span>,
    }),
    helper.display({
      id: 'state',
      header: header('state'),
      cell: ({ row }) => <StateChip one={row.original.case} titles={titles} />,
    }),
    helper.display({
      id: 'risk',
      header: header('risk'),
      cell: ({ row }) => <RiskChip risk={row.original.case.risk} />,
    }),
    helper.display({ id: 'sla', header: header('sla'), cell: ({ row }) => <SlaChip sla={row.original.case.sla} /> }),
    helper.display({
      id: 'assignee',
      header: header('assignee'),
      cell: ({ row }) => {
        const id = row.original.case.assignee;
        if (!id) return <span className="text-faint">{nobody}</span>;
        const name = users.get(id)?.name || id;
        return (
          <span className="flex min-w-0 items-center gap-1.5">
            <Avatar name={name} size="sm" />
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
