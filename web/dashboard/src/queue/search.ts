import type { CaseFilters } from '@/api';
import { getPreferences } from '@/session/preferences';

/** What the queue's address contains: filters, order, and the saved view that it started with. Values of a list are joined by commas. */
export interface QueueSearch {
  workflow?: string;
  state?: string;
  assignee?: string;
  /** one of them: "high,critical" */
  risk?: string;
  status?: 'active' | 'completed' | 'failed' | 'cancelled' | 'all';
  overdue?: boolean;
  incident?: boolean;
  second_person?: boolean;
  escalated?: boolean;
  snoozed?: boolean;
  outcome?: string;
  /** all of them */
  tag?: string;
  waiting_for?: string;
  decide?: boolean;
  /** days, as 2026-11-23: from the first to the last */
  created_from?: string;
  created_to?: string;
  q?: string;
  sort?: Sort;
  view?: string;
  new?: boolean;
}

export const risks = ['critical', 'high', 'medium', 'low', 'none'] as const;
/** Whom an open case can wait for. */
export const parties = [
  'reviewer',
  'applicant',
  'client',
  'vendor',
  'children',
  'operator',
  'system',
  'timer',
] as const;
export const statuses = ['active', 'completed', 'failed', 'cancelled', 'all'] as const;
export const sorts = [
  'due_at',
  '-risk',
  'risk',
  'waiting_since',
  '-created_at',
  'created_at',
  '-updated_at',
  'updated_at',
] as const;
export type Sort = (typeof sorts)[number];

function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((one) => one === value);
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined;
}

/** Words joined by commas, each once. */
export function wordsIn(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(',').filter(Boolean))];
}

/** The order that a list of words is kept in. */
export function joined(words: readonly string[]): string | undefined {
  return words.length > 0 ? [...new Set(words)].join(',') : undefined;
}

function day(value: unknown): string | undefined {
  const text = word(value);
  return text && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

function yes(value: unknown): true | undefined {
  return value === true || value === 'true' ? true : undefined;
}

/** A party, or one with the work that is waited for: vendor/identity. */
function partyOf(text: string | undefined): string | undefined {
  return oneOf(parties, text?.split('/')[0]) && text;
}

/** Reads an address; what makes no sense in it is left out. */
export function readQueueSearch(raw: Record<string, unknown>): QueueSearch {
  const search: QueueSearch = {
    workflow: word(raw['workflow']),
    state: word(raw['state']),
    assignee: word(raw['assignee']),
    risk: joined(risks.filter((one) => wordsIn(word(raw['risk'])).includes(one))),
    status: oneOf(statuses, raw['status']),
    overdue: yes(raw['overdue']),
    incident: yes(raw['incident']),
    second_person: yes(raw['second_person']),
    escalated: yes(raw['escalated']),
    snoozed: yes(raw['snoozed']),
    outcome: word(raw['outcome']),
    tag: joined(wordsIn(word(raw['tag']))),
    waiting_for: partyOf(word(raw['waiting_for'])),
    decide: raw['decide'] === false || raw['decide'] === 'false' ? false : yes(raw['decide']),
    created_from: day(raw['created_from']),
    created_to: day(raw['created_to']),
    q: word(typeof raw['q'] === 'number' ? String(raw['q']) : raw['q']),
    sort: oneOf(sorts, raw['sort']),
    view: word(raw['view']),
    new: yes(raw['new']),
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

/** The status that an address means: open cases, unless it asks for how they ended. */
export function statusOf(search: QueueSearch): NonNullable<QueueSearch['status']> {
  return search.status ?? (search.outcome ? 'completed' : 'active');
}

/** Whether the list is that of the cases that wait for a decision: it is where nothing else is asked for. */
export function toDecide(search: QueueSearch): boolean {
  return (
    search.decide ??
    (!search.assignee &&
      !search.state &&
      !search.q &&
      !search.overdue &&
      !search.incident &&
      !search.second_person &&
      !search.escalated &&
      !search.snoozed &&
      !search.tag &&
      !search.waiting_for &&
      statusOf(search) === 'active')
  );
}

/** Whether an order is one of the list: some are of open cases only, and what is searched is ordered by age. */
export function sortable(search: QueueSearch, sort: Sort): boolean {
  if (search.q) return sort.endsWith('created_at');
  return statusOf(search) === 'active' || sort.endsWith('created_at') || sort.endsWith('updated_at');
}

/** The order of an address: its own where it is one of the list. */
export function sortOf(search: QueueSearch): Sort {
  const usual = search.waiting_for || search.incident ? 'waiting_since' : 'due_at';
  const sort = search.sort ?? usual;
  return sortable(search, sort) ? sort : '-created_at';
}

/** When a day begins in a zone; `days` later when given. */
export function dayStart(date: string, zone: string, days = 0): string {
  const utc = Date.parse(`${date}T00:00:00Z`) + days * 86_400_000;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const offset = (at: number) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'], part['hour'], part['minute']) - at;
  };
  const first = utc - offset(utc);
  return new Date(utc - offset(first)).toISOString(); // the clocks may change between the two
}

/** One's own work leaves out what is snoozed, but for what is asked for by name: its deadlines go on, and incidents stay. */
const hidesSnoozed = (search: QueueSearch) =>
  search.assignee === 'me' &&
  statusOf(search) === 'active' &&
  !search.q &&
  !search.overdue &&
  !search.incident &&
  !search.second_person &&
  !search.escalated;

/** How many cases a list reads at a time. */
export const pageSize = 50;

/** The list that an address means. Without filters: what waits for a decision, the soonest deadline first. */
export function filtersOf(search: QueueSearch): CaseFilters {
  const status = statusOf(search);
  const zone = getPreferences().timeZone;
  const tags = [...(toDecide(search) ? ['manual_review'] : []), ...wordsIn(search.tag)];
  return {
    workflow: search.workflow,
    state: search.state,
    assignee: search.assignee,
    risk: search.risk ? wordsIn(search.risk) : undefined,
    status: status === 'all' ? undefined : status,
    tag: tags.length > 0 ? [...new Set(tags)] : undefined,
    overdue: search.overdue,
    incident: search.incident,
    second_person: search.second_person,
    escalated: search.escalated,
    snoozed: search.snoozed ? 'true' : hidesSnoozed(search) ? 'false' : undefined,
    outcome: search.outcome,
    created_after: search.created_from && dayStart(search.created_from, zone),
    created_before: search.created_to && dayStart(search.created_to, zone, 1),
    waiting_for: status === 'active' ? search.waiting_for : undefined,
    q: search.q,
    sort: sortOf(search),
  };
}

/** What a view stores of an address: everything that selects and orders the cases. */
export const kept = [
  'workflow',
  'state',
  'assignee',
  'risk',
  'status',
  'overdue',
  'incident',
  'second_person',
  'escalated',
  'snoozed',
  'outcome',
  'tag',
  'waiting_for',
  'decide',
  'created_from',
  'created_to',
  'q',
  'sort',
] as const satisfies readonly (keyof QueueSearch)[];

/** Whether an address asks for less than the queue shows by itself. */
export function isFiltered(search: QueueSearch): boolean {
  return kept.some((name) => name !== 'sort' && name !== 'decide' && search[name] !== undefined);
}
