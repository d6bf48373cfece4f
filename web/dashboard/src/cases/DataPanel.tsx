import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type Case, tasksQuery, type WorkflowDetail } from '@/api';
import { useFormats, useLocale, useT } from '@/i18n';
import { Button, EmptyState, Section } from '@/ui';
import { policyAnswers } from './checks';
import { FieldValue } from './FieldValue';
import { knownChildren } from './family';
import { type DataField, dataFields } from './fields';

/** How many fields are drawn at first; the others are counted and shown on request. */
const first = 1000;

/** What was declared, field by field. On paper all of it. */
export function DataPanel({
  one,
  workflow,
  complete = false,
}: {
  one: Case;
  workflow: WorkflowDetail | undefined;
  complete?: boolean;
}) {
  const t = useT();
  const { number } = useFormats();
  const { language } = useLocale();
  const [all, setAll] = useState(complete);
  const tasks = useQuery(tasksQuery(one.id)).data;
  const fields = useMemo(() => {
    // What the workflow's own work has written is under Checks.
    const results = new Set([...policyAnswers(one.context), ...(tasks ?? [])].map((each) => each.work));
    // The state of the children is not declared data: FamilyPanel lists them, in the tab of related cases.
    if (knownChildren(one.context) > 0) results.add('children');
    return dataFields(one.context, workflow?.context_schema ?? {}, results, workflow?.context_order, language);
  }, [one.context, workflow, tasks, language]);
  if (fields.length === 0) return <EmptyState title={t('cases.no_data')} />;
  return (
    <Section title={t('cases.tab_data')}>
      <div className="flex flex-col gap-3">
        {groupsOf(all ? fields : fields.slice(0, first)).map(({ name, members }) => (
          <div key={members[0]?.path}>
            {name && <h3 className="mb-1.5 border-b pb-0.5 text-xs font-medium text-faint">{name}</h3>}
            <dl className="grid gap-x-4 gap-y-1.5 sm:grid-cols-[minmax(10rem,16rem)_1fr]">
              {members.map((field) => (
                <div key={field.path} className="contents">
                  <dt className="text-muted">{field.label}</dt>
                  <dd className="min-w-0 wrap-anywhere">
                    <FieldValue field={field} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
        {!all && fields.length > first && (
          <div className="flex flex-wrap items-center gap-3 border-t pt-3">
            <p className="text-muted">
              {t('cases.fields_shown', { shown: number(first), total: number(fields.length) })}
            </p>
            <Button size="sm" onClick={() => setAll(true)}>
              {t('cases.fields_all')}
            </Button>
          </div>
        )}
      </div>
    </Section>
  );
}

/** Fields that follow each other and belong to the same group. */
function groupsOf(fields: readonly DataField[]): { name: string; members: DataField[] }[] {
  const groups: { name: string; members: DataField[] }[] = [];
  for (const field of fields) {
    const name = field.group.join(' › ');
    const last = groups.at(-1);
    if (last?.name === name) last.members.push(field);
    else groups.push({ name, members: [field] });
  }
  return groups;
}
