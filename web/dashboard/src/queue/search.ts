import type { CaseFilters } from '@/api';

/** What the queue's address says: filters, order, and the saved view that it began with. */
export interface QueueSearch {
  workflow?: string;
  state?: string;
  assignee?: string;
  risk?: 'low' | 'medium' | 'high' | 'critical' | 'none';
  status?: 'active' | 'completed' | 'failed' | 'cancelled' | 'all';
  overdue?: boolean;
  decide?: boolean;
  q?: string;
  sort?: 'due_at' | 'created_at' | '-created_at';
  view?: string;
  new?: boolean;
}

const risks = ['low', 'medium', 'high', 'critical', 'none'] as const;
const statuses = ['active', 'completed', 'failed', 'cancelled', 'all'] as const;
const sorts = ['due_at', 'created_at', '-created_at'] as const;

function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((one) => one === value);
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined;
}

/** Reads an address; what makes no sense in it is left out. */
export function readQueueSearch(raw: Record<string, unknown>): QueueSearch {
  const search: QueueSearch = {
    workflow: word(raw['workflow']),
    state: word(raw['state']),
    assignee: word(raw['assignee']),
    risk: oneOf(risks, raw['risk']),
    status: oneOf(statuses, raw['status']),
    overdue: raw['overdue'] === true || raw['overdue'] === 'true' ? true : undefined,
    decide: raw['decide'] === false || raw['decide'] === 'false' ? false : undefined,
    q: word(typeof raw['q'] === 'number' ? String(raw['q']) : raw['q']),
    sort: oneOf(sorts, raw['sort']),
    view: word(raw['view']),
    new: raw['new'] === true || raw['new'] === 'true' ? true : undefined,
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

/** The list that an address means. Without filters: what waits for a decision, the soonest deadline first. */
export function filtersOf(search: QueueSearch): CaseFilters {
  const status = search.status ?? 'active';
  const plain = !search.assignee && !search.state && !search.q && !search.overdue && status === 'active';
  const toDecide = search.decide ?? plain;
  const sort = search.sort ?? (status === 'active' && !search.q ? 'due_at' : '-created_at');
  return {
    workflow: search.workflow,
    state: search.state,
    assignee: search.assignee,
    risk: search.risk,
    status: status === 'all' ? undefined : status,
    tag: toDecide ? 'manual_review' : undefined,
    overdue: search.overdue,
    q: search.q,
    sort: sort === 'due_at' && (status !== 'active' || search.q) ? '-created_at' : sort,
  };
}
