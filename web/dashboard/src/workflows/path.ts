import type { Case, Entry, Explanation, WorkflowDetail } from '@/api';

// Where a case is in its workflow, where it came from and where it can go.

export interface Visit {
  state: string;
  at: string;
  event: string | null;
  cause: string;
}

/** The states that a case has been in, in order, from its history (oldest first). */
export function visitsOf(entries: readonly Entry[]): Visit[] {
  const visits: Visit[] = [];
  for (const entry of entries) {
    const from = entry.from ?? [];
    for (const state of entry.to ?? []) {
      if (!from.includes(state)) visits.push({ state, at: entry.at, event: entry.event ?? null, cause: entry.cause });
    }
  }
  return visits;
}

export interface NextStep {
  to: string;
  kind: WorkflowDetail['transitions'][number]['kind'];
  event: string | null;
  after: string | null;
  guard: string | null;
  /** Whether it can happen now; null: unknown, as it depends on time or on work. */
  allowed: boolean | null;
  reason: string | null;
  explanation: Explanation | null;
}

/** What can happen next, and why not. */
export function nextSteps(workflow: WorkflowDetail, one: Case): NextStep[] {
  if (one.status !== 'active') return [];
  const here = (state: string) =>
    state === '' || one.configuration.some((path) => path === state || path.startsWith(`${state}.`));
  return workflow.transitions
    .filter((transition) => here(transition.from))
    .map((transition) => {
      const next = one.next.find((each) => each.event === transition.event);
      return {
        to: transition.to,
        kind: transition.kind,
        event: transition.event,
        after: transition.after,
        guard: transition.guard,
        allowed: transition.kind === 'event' ? (next?.allowed ?? false) : null,
        reason: next?.reason ?? null,
        explanation: next?.explanation ?? null,
      };
    });
}
