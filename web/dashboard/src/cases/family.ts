import type { Case } from '@/api';

// The children of a case: cases that its work has started, one for each element of a list.

/** Children as their parent has them: by the work that has started them, then by visit of its state, then by place in the list. */
export function inOrder(children: readonly Case[]): Case[] {
  return [...children].sort(({ parent: a }, { parent: b }) => {
    if (!a || !b) return a ? -1 : b ? 1 : 0;
    return a.work.localeCompare(b.work, 'en') || a.visit - b.visit || a.index - b.index;
  });
}

/** How many children do not go on, however they have ended: what a parent waits for. */
export function doneOf(children: readonly Pick<Case, 'status'>[]): number {
  return children.filter((child) => child.status !== 'active').length;
}

/** Whether the children were started by more than one piece of work, so that a row has to say by which. */
export function severalWorks(children: readonly Case[]): boolean {
  return new Set(children.map((child) => child.parent?.work)).size > 1;
}

/** The outcome of a case, unless its state says the same: a case that has ended stands in the state that is its outcome. */
export function outcomeToSay(one: Pick<Case, 'status' | 'outcome' | 'configuration'>): string | null {
  if (one.status !== 'completed' || !one.outcome) return null;
  return one.configuration.length === 0 || one.configuration.includes(one.outcome) ? null : one.outcome;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Whether a case knows of children: `children.<work>` of its context, which only the system writes, counts them. */
export function knowsChildren(context: Record<string, unknown>): boolean {
  const groups = context['children'];
  return (
    isRecord(groups) &&
    Object.values(groups).some((group) => isRecord(group) && isRecord(group['cases']) && Number(group['total']) > 0)
  );
}
