import { useQueries } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { workflowQuery } from '@/api';
import { useFormats, useT } from '@/i18n';
import { Checkbox, Field, Input, Select } from '@/ui';
import { workName } from './chips';
import type { FiltersProps } from './Filters';
import { partOf } from './filters';
import {
  joined,
  parties,
  type QueueSearch,
  risks,
  type Sort,
  sortable,
  sortOf,
  sorts,
  statuses,
  statusOf,
  toDecide,
  wordsIn,
} from './search';
import { useStateNames } from './stateNames';

/** How many workflows are read for their outcomes and tags. */
const mostWorkflows = 12;

function useKnown(ids: string[]) {
  const states = useQueries({
    queries: ids.slice(0, mostWorkflows).map((id) => ({ ...workflowQuery(id), retry: false })),
  })
    .flatMap((one) => (one.data ? [one.data] : []))
    .flatMap((workflow) => workflow.states);
  const unique = (all: string[]) => [...new Set(all)].sort();
  return {
    outcomes: unique(states.filter((one) => one.kind === 'final' && !one.parent).map((one) => one.path)),
    tags: unique(states.filter((one) => one.kind !== 'final').flatMap((one) => one.tags)).filter(
      (one) => one !== 'manual_review',
    ),
  };
}

/** Everything that a list can be narrowed to. Each choice takes effect at once. */
export function FilterForm({ search, change, counts, states, people, workflows }: FiltersProps) {
  const t = useT();
  const { number } = useFormats();
  const { outcomes, tags } = useKnown(search.workflow ? [search.workflow] : [...workflows.keys()]);
  const outcomeNames = useStateNames(search.workflow ? [search.workflow] : [...workflows.keys()]);
  const withCount = (label: string, count: number | undefined) =>
    count === undefined ? label : `${label} (${number(count)})`;
  const options = (
    record: Record<string, number> | undefined,
    chosen: string | undefined,
    label: (id: string) => string,
  ) => {
    const ids = Object.keys(record ?? {});
    if (chosen && !ids.includes(chosen)) ids.push(chosen);
    return ids
      .map((id) => ({ value: id, label: withCount(label(id), record?.[id] ?? 0) }))
      .sort((a, b) => a.label.localeCompare(b.label));
  };
  const workflowTitle = (id: string) => workflows.get(id) || id;
  const stateKey = search.state ? `${search.workflow ?? ''}/${search.state}` : '';
  const open = statusOf(search) === 'active';
  const several = (name: 'risk' | 'tag', value: string, on: boolean) => {
    const rest = wordsIn(search[name]).filter((one) => one !== value);
    change({ [name]: joined(on ? [...rest, value] : rest) });
  };
  const flag = (name: 'overdue' | 'incident' | 'second_person' | 'escalated' | 'snoozed', label: ReactNode) => (
    <Checkbox
      disabled={!open}
      checked={search[name] === true}
      onCheckedChange={(on) => change({ [name]: on || undefined })}
    >
      {label}
    </Checkbox>
  );
  return (
    <form className="grid gap-x-4 gap-y-3 sm:grid-cols-2" onSubmit={(event) => event.preventDefault()}>
      <fieldset className="grid gap-x-4 sm:col-span-2 sm:grid-cols-2">
        <legend className="mb-0.5 text-sm font-medium">{t('queue.filter_work')}</legend>
        <Checkbox
          disabled={!open}
          checked={toDecide(search)}
          onCheckedChange={(decide) =>
            change({ decide: toDecide({ ...search, decide: undefined }) === decide ? undefined : decide })
          }
        >
          {withCount(t('queue.to_decide'), counts?.to_decide)}
        </Checkbox>
        {flag('second_person', t('queue.second_person'))}
        {flag('overdue', withCount(t('shell.overdue'), counts?.overdue) + (counts?.overdue_capped ? '+' : ''))}
        {flag('escalated', withCount(t('cause.escalated'), counts?.escalated))}
        {flag('snoozed', t('cause.snoozed'))}
        {flag('incident', withCount(t('queue.with_incident'), counts && (counts.waiting['operator'] ?? 0)))}
      </fieldset>
      <Choice
        label={t('queue.filter_assignee')}
        value={search.assignee ?? ''}
        onChange={(assignee) => change({ assignee })}
        placeholder={t('queue.everybody')}
        options={[
          { value: 'me', label: withCount(t('queue.myself'), counts?.mine) },
          { value: 'none', label: withCount(t('common.nobody'), counts?.unassigned) },
          ...[...people.values()].map((person) => ({ value: person.id, label: person.name || person.email })),
        ]}
      />
      <Choice
        label={t('queue.filter_waiting')}
        disabled={!open}
        value={search.waiting_for ?? ''}
        onChange={(waiting_for) => change({ waiting_for })}
        placeholder={t('queue.all_waiting')}
        options={[...new Set<string>([...parties, ...(search.waiting_for ? [search.waiting_for] : [])])].map((id) => ({
          value: id,
          label: withCount(
            t(`queue.waits_for_${partOf(t, id).party}`) + partOf(t, id).work,
            partOf(t, id).work ? undefined : (counts?.waiting[id] ?? 0),
          ),
        }))}
      />
      <Choice
        label={t('queue.filter_workflow')}
        value={search.workflow ?? ''}
        onChange={(workflow) => change({ workflow, state: undefined })}
        placeholder={t('queue.all_workflows')}
        options={options(counts?.workflow, search.workflow, workflowTitle)}
      />
      <Choice
        label={t('queue.filter_state')}
        value={stateKey}
        onChange={(value) => {
          const [workflow, ...state] = (value ?? '').split('/');
          change(value ? { workflow, state: state.join('/') } : { state: undefined });
        }}
        placeholder={t('queue.all_states')}
        options={options(counts?.state, stateKey || undefined, (id) => {
          const [workflow = '', ...rest] = id.split('/');
          const path = rest.join('/');
          const name = states(path, workflow);
          return Object.keys(counts?.workflow ?? {}).length > 1 ? `${workflowTitle(workflow)}: ${name}` : name;
        })}
      />
      <fieldset className="flex flex-wrap gap-x-3 sm:col-span-2">
        <legend className="mb-0.5 text-sm font-medium">{t('queue.filter_risk')}</legend>
        {risks.map((id) => (
          <Checkbox
            key={id}
            checked={wordsIn(search.risk).includes(id)}
            onCheckedChange={(on) => several('risk', id, on)}
          >
            {withCount(t(`risk.${id}`), open ? (counts?.risk[id] ?? 0) : undefined)}
          </Checkbox>
        ))}
      </fieldset>
      {tags.length > 0 && (
        <fieldset className="flex flex-wrap gap-x-3 sm:col-span-2">
          <legend className="mb-0.5 text-sm font-medium">{t('queue.filter_tag')}</legend>
          {tags.map((id) => (
            <Checkbox
              key={id}
              checked={wordsIn(search.tag).includes(id)}
              onCheckedChange={(on) => several('tag', id, on)}
            >
              {t.maybe(`tag.${id}`, workName(id))}
            </Checkbox>
          ))}
        </fieldset>
      )}
      <Choice
        label={t('queue.filter_status')}
        value={statusOf(search)}
        onChange={(status) =>
          change({
            status: status === 'active' ? undefined : (status as QueueSearch['status']),
            ...(status === 'completed' || status === 'all' ? {} : { outcome: undefined }),
          })
        }
        options={statuses.map((id) => ({ value: id, label: t(`status.${id}`) }))}
      />
      <Choice
        label={t('queue.filter_outcome')}
        value={search.outcome ?? ''}
        onChange={(outcome) => change({ outcome, status: undefined })}
        placeholder={t('queue.all_outcomes')}
        options={[...new Set([...outcomes, ...(search.outcome ? [search.outcome] : [])])].map((id) => ({
          value: id,
          label: outcomeNames(id, search.workflow),
        }))}
      />
      <Day
        label={t('queue.created_from')}
        value={search.created_from}
        max={search.created_to}
        onChange={(created_from) => change({ created_from })}
      />
      <Day
        label={t('queue.created_to')}
        value={search.created_to}
        min={search.created_from}
        onChange={(created_to) => change({ created_to })}
      />
      <Choice
        label={t('queue.sort')}
        value={sortOf(search)}
        onChange={(sort) => change({ sort: sort as Sort })}
        options={sorts.map((id) => ({ value: id, label: t(`queue.sort_${id}`), disabled: !sortable(search, id) }))}
      />
    </form>
  );
}

function Choice({
  label,
  value,
  onChange,
  ...rest
}: {
  label: string;
  value: string;
  disabled?: boolean;
  placeholder?: string;
  options: { value: string; label: string; disabled?: boolean }[];
  onChange: (value: string | undefined) => void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <Select {...control} value={value} onValueChange={(next) => onChange(next || undefined)} {...rest} />
      )}
    </Field>
  );
}

function Day({
  label,
  value,
  min,
  max,
  onChange,
}: {
  label: string;
  value: string | undefined;
  min?: string;
  max?: string;
  onChange: (value: string | undefined) => void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <Input
          {...control}
          type="date"
          value={value ?? ''}
          min={min}
          max={max}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      )}
    </Field>
  );
}
