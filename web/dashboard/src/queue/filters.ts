import type { User } from '@/api';
import { type Key, useFormats, useT } from '@/i18n';
import { type StateNames, workName, workTitle } from './chips';
import { parties, type QueueSearch, toDecide, wordsIn } from './search';

/** An active filter: its text, and the part of the address that its removal deletes. */
export interface ActiveFilter {
  id: string;
  text: string;
  without: Partial<QueueSearch>;
}

/** A party of the filter, and the work that is waited for, as people read them. */
export function partOf(
  t: ReturnType<typeof useT>,
  waitingFor: string,
): { party: (typeof parties)[number]; work: string } {
  const [party, work] = waitingFor.split('/');
  return { party: parties.find((one) => one === party) ?? 'system', work: work ? `: ${workTitle(t, work)}` : '' };
}

/** What ids in a list are called. */
export interface Names {
  people: Map<string, User>;
  /** Nobody's name is known yet: an id in its place would be read as one. */
  peoplePending: boolean;
  /** Titles in the reader's language. */
  workflows: Map<string, string>;
  states: StateNames;
}

/** The filters of an address, in words. */
export function useActiveFilters(
  search: QueueSearch,
  { people, peoplePending, workflows, states }: Names,
): ActiveFilter[] {
  const t = useT();
  const formats = useFormats();
  const found: ActiveFilter[] = [];
  const add = (id: string, label: Key, value: string, without: Partial<QueueSearch>) =>
    found.push({ id, text: t('queue.filter_is', { filter: t(label), value }), without });
  const flag = (id: string, label: Key, without: Partial<QueueSearch>) => found.push({ id, text: t(label), without });
  if (toDecide(search)) flag('decide', 'queue.to_decide', { decide: search.decide ? undefined : false });
  if (search.second_person) flag('second_person', 'queue.second_person', { second_person: undefined });
  if (search.escalated) flag('escalated', 'cause.escalated', { escalated: undefined });
  if (search.snoozed) flag('snoozed', 'cause.snoozed', { snoozed: undefined });
  if (search.overdue) flag('overdue', 'shell.overdue', { overdue: undefined });
  if (search.incident) flag('incident', 'queue.with_incident', { incident: undefined });
  if (search.assignee) {
    const person = people.get(search.assignee);
    const name =
      search.assignee === 'me'
        ? t('queue.myself')
        : search.assignee === 'none'
          ? t('common.nobody')
          : person?.name || person?.email || (peoplePending ? '…' : search.assignee);
    add('assignee', 'queue.filter_assignee', name, { assignee: undefined });
  }
  if (search.workflow) {
    const title = workflows.get(search.workflow) || search.workflow;
    add('workflow', 'queue.filter_workflow', title, { workflow: undefined, state: undefined });
  }
  if (search.state) {
    add('state', 'queue.filter_state', states(search.state, search.workflow), { state: undefined });
  }
  if (search.risk) {
    const names = wordsIn(search.risk).map((one) => t.maybe(`risk.${one}`, one));
    add('risk', 'queue.filter_risk', formats.list(names), { risk: undefined });
  }
  if (search.waiting_for) {
    const { party, work } = partOf(t, search.waiting_for);
    add('waiting_for', 'queue.filter_waiting', t(`queue.waits_for_${party}`) + work, { waiting_for: undefined });
  }
  if (search.status) add('status', 'queue.filter_status', t(`status.${search.status}`), { status: undefined });
  if (search.outcome) {
    add('outcome', 'queue.filter_outcome', states(search.outcome, search.workflow), { outcome: undefined });
  }
  if (search.tag) {
    const names = wordsIn(search.tag).map((one) => t.maybe(`tag.${one}`, workName(one)));
    add('tag', 'queue.filter_tag', names.join(', '), { tag: undefined });
  }
  if (search.created_from || search.created_to) {
    const [from, to] = [search.created_from, search.created_to].map((date) => date && formats.date(date));
    const value =
      from && to
        ? t('queue.dates_between', { from, to })
        : from
          ? t('queue.dates_from', { from })
          : t('queue.dates_to', { to: to ?? '' });
    add('created', 'queue.filter_created', value, { created_from: undefined, created_to: undefined });
  }
  return found;
}
