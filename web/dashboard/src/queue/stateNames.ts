import { useQueries, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { type WorkflowDetail, workflowQuery, workflowsQuery } from '@/api';
import { useLocale, useT } from '@/i18n';
import { type Titled, titleIn } from '@/i18n/titles';
import { useSession } from '@/session';
import { type StateNames, stateName } from './chips';

/** How many workflows are read for the names of their states. */
const mostWorkflows = 12;

const read = (results: { data?: WorkflowDetail }[]) => results.flatMap((one) => (one.data ? [one.data] : []));

/** Names of states in the reader's language: from the workflow, otherwise the dashboard's name for such a state, otherwise the workflow's original text, marked. */
export function useNamesIn(workflows: readonly WorkflowDetail[]): StateNames {
  const t = useT();
  const { language } = useLocale();
  const states = useMemo(() => {
    const found = new Map<string, Titled>();
    for (const workflow of workflows)
      for (const state of workflow.states) {
        found.set(`${workflow.id}/${state.path}`, state);
        // An outcome of several workflows has the name of the first that has one in this language.
        const known = found.get(state.path);
        if (!known || titleIn(known, language)?.original) found.set(state.path, state);
      }
    return found;
  }, [workflows, language]);
  return useCallback(
    (path, workflow) => {
      const state = states.get(workflow === undefined ? path : `${workflow}/${path}`);
      const found = state ? titleIn(state, language) : null;
      if (found && !found.original) return found.title;
      return t.maybe(`state.${path}`, found ? t('explanation.original', { reason: found.title }) : stateName(path));
    },
    [states, language, t],
  );
}

/** The states of the newest versions of some workflows. Until these are read, names are the dashboard's own. */
export function useStateNames(ids: readonly string[]): StateNames {
  const { can } = useSession();
  const queries = can('workflows:read') ? [...new Set(ids)].slice(0, mostWorkflows) : [];
  return useNamesIn(
    useQueries({ queries: queries.map((id) => ({ ...workflowQuery(id), retry: false })), combine: read }),
  );
}

/** Outcomes of all workflows. Workflows are read only for outcomes that the dashboard has no name for. */
export function useOutcomeNames(outcomes: readonly string[]): StateNames {
  const t = useT();
  const { can } = useSession();
  const unknown = can('workflows:read') && outcomes.some((outcome) => t.maybe(`state.${outcome}`, '') === '');
  const listed = useQuery({ ...workflowsQuery, enabled: unknown }).data ?? [];
  return useStateNames(unknown ? listed.map((one) => one.id) : []);
}
