import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useMemo } from 'react';
import { type Case, type TaskRun, tasksQuery, type WorkflowDetail, workflowQuery } from '@/api';
import { useLocale, useT } from '@/i18n';
import { labelOf } from '@/queue/schema';
import { useNamesIn } from '@/queue/stateNames';
import { partsOf, pathWords, type Titles, titleAt } from './checks';
import { resultName } from './resultNames';
import { wordsOf } from './words';

// What the work of a case, and the values in its context, are called in the reader's language.

type Check = Pick<Case['checks'][number], 'work' | 'source' | 'name'>;

/** A piece of work, as the checks of the case and the attempts at it know it. */
interface Work {
  source: string;
  name: string;
  titles: Titles;
}

function workOf(id: string, checks: readonly Check[], tasks: readonly TaskRun[]): Work | undefined {
  const check = checks.find((one) => one.work === id);
  const runs = tasks.filter((one) => one.work === id);
  const source = check?.source ?? runs.at(-1)?.source;
  if (source === undefined) return undefined;
  const titles = runs.findLast((one) => one.titles)?.titles ?? {};
  return { source, name: check?.name || (source === 'rules' && runs.at(-1)?.name) || id, titles };
}

/** The label of each part of a path in a workflow's schema, in a language; null where the schema does not name the first. */
function labelsIn(schema: unknown, names: readonly string[], language: string): string[] | null {
  const labels: string[] = [];
  let at = schema as Record<string, unknown> | undefined;
  for (const name of names) {
    const item = /^\d+$/.test(name);
    const inner = item ? at?.['items'] : (at?.['properties'] as Record<string, unknown> | undefined)?.[name];
    at = inner as Record<string, unknown> | undefined;
    if (!at && labels.length === 0) return null;
    const own = (at?.['titles'] as Record<string, string> | undefined)?.[language] ?? at?.['title'];
    labels.push(item ? String(Number(name) + 1) : typeof own === 'string' ? own : labelOf(name));
  }
  return labels;
}

export interface CaseNames {
  /** A piece of work by its id: "Identity check". */
  work: (id: string) => string;
  /** A place in the context: "Identity check › Result". */
  place: (path: string) => string;
  state: (path: string) => string;
}

/** Names of a case from its checks, the attempts at them, and its workflow, as far as these have been read. */
export function namesOf(
  one: Pick<Case, 'checks'>,
  tasks: readonly TaskRun[],
  workflow: Pick<WorkflowDetail, 'context_schema'> | undefined,
  language: string,
  check: { document: string; policy: (name: string) => string },
): Pick<CaseNames, 'work' | 'place'> {
  const nameOf = (work: Work) =>
    work.source === 'document'
      ? check.document
      : work.source === 'rules'
        ? check.policy(wordsOf(work.name))
        : (work.titles['']?.[language] ?? resultName(work.source, '', language) ?? wordsOf(work.name));
  return {
    work: (id) => {
      const work = workOf(id, one.checks, tasks);
      return work ? nameOf(work) : wordsOf(id);
    },
    place: (path) => {
      const [first = '', ...rest] = path.split('.');
      const work = workOf(first, one.checks, tasks);
      if (!work)
        return (labelsIn(workflow?.context_schema, [first, ...rest], language) ?? [first, ...rest].map(labelOf)).join(
          ' › ',
        );
      const inside = rest.length > 0 ? partsOf(rest.join('.')) : [];
      return [
        nameOf(work),
        ...inside.map(
          (part) =>
            resultName(work.source, part.path, language) ?? titleAt(work.titles, part.path, part.name, language).text,
        ),
      ].join(' › ');
    },
  };
}

const none: TaskRun[] = [];

/** The names of the parts of a case. It reads the attempts at its checks only if they are needed. */
export function useNamesOf(one: Case, needed = true): CaseNames {
  const t = useT();
  const { language } = useLocale();
  const tasks = useQuery({ ...tasksQuery(one.id), enabled: needed }).data ?? none;
  const workflow = useQuery(workflowQuery(one.workflow.id, one.workflow.version)).data;
  const state = useNamesIn(useMemo(() => (workflow ? [workflow] : []), [workflow]));
  return useMemo(
    () => ({
      ...namesOf(one, tasks, workflow, language, {
        document: t('cases.check_document'),
        policy: (policy) => t('cases.check_policy', { policy }),
      }),
      state: (path) => state(path),
    }),
    [one, tasks, workflow, language, t, state],
  );
}

const Places = createContext<CaseNames['place']>(pathWords);

/** Names the places that the rules inside have read. */
export const PlaceNames = Places.Provider;

export const usePlaceName = () => useContext(Places);
