import type { Proposal } from '@/api';

/** Why a proposal cannot be approved by the reader; null: it can. */
export type Obstacle = 'decided' | 'own' | 'behind' | 'role' | 'stale' | 'problems';

export interface Options {
  obstacle: Obstacle | null;
  mayReject: boolean;
  mayWithdraw: boolean;
}

/** What the reader can do about a proposal. The API has the last word. */
export function optionsFor(proposal: Proposal, reader: string, can: (permission: string) => boolean): Options {
  const open = proposal.status === 'open';
  const own = proposal.proposed_by === reader;
  const behind = proposal.behind?.includes(reader) ?? false;
  const mayDecide = can('definitions:approve') && !own && !behind;
  return {
    obstacle: obstacleOf(proposal, { open, own, behind, mayDecide }),
    mayReject: open && mayDecide,
    mayWithdraw: open && own,
  };
}

function obstacleOf(
  proposal: Proposal,
  is: { open: boolean; own: boolean; behind: boolean; mayDecide: boolean },
): Obstacle | null {
  if (!is.open) return 'decided';
  if (is.own) return 'own';
  if (is.behind) return 'behind';
  if (!is.mayDecide) return 'role';
  if (proposal.documents.some(isStale)) return 'stale';
  if (proposal.documents.some((one) => (one.problems ?? []).length > 0)) return 'problems';
  return null;
}

/** A version newer than the base has been published. Lists do not contain this. */
export function isStale(one: Proposal['documents'][number]): boolean {
  return one.newest !== undefined && one.newest !== one.base;
}

/** How many of the open proposals wait for the reader. */
export function waitingFor(
  proposals: readonly Proposal[],
  reader: string,
  can: (permission: string) => boolean,
): number {
  return proposals.filter((one) => optionsFor(one, reader, can).mayReject).length;
}
