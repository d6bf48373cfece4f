import type { Case } from '@/api';
import { labelOf } from '@/queue/schema';

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

/** Identifies a child among its siblings: the work that started it and the place in its list. */
export function placeOf(child: Case, children: readonly Case[]): string {
  if (!child.parent || children.length < 2) return '';
  const place = `#${child.parent.index + 1}`;
  const works = new Set(children.map((one) => one.parent?.work));
  return works.size > 1 ? `${labelOf(child.parent.work)} ${place}` : place;
}

/** The outcome of a case, unless its state has the same name: a completed case is in the state that is its outcome. */
export function outcomeToShow(one: Pick<Case, 'status' | 'outcome' | 'configuration'>): string | null {
  if (one.status !== 'completed' || !one.outcome) return null;
  return one.configuration.length === 0 || one.configuration.includes(one.outcome) ? null : one.outcome;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** How many children a case knows of: `children.<work>` of its context, which only the system writes, counts them. */
export function knownChildren(context: Record<string, unknown>): number {
  const groups = context['children'];
  if (!isRecord(groups)) return 0;
  return Object.values(groups).reduce<number>((sum, group) => {
    const total = isRecord(group) && isRecord(group['cases']) ? group['total'] : 0;
    return sum + (typeof total === 'number' ? total : 0);
  }, 0);
}
