import type { Case, CaseDocument, WorkflowDetail } from '@/api';

// What can be decided about a case, and what it takes.

export type DecisionTone = 'approve' | 'reject' | 'ask' | 'other';

export interface Decision {
  event: string;
  tone: DecisionTone;
  allowed: boolean;
  /** Why it is not possible now, as the workflow says. */
  reason: string | null;
  /** The codes to choose from; null takes any. */
  reasons: string[] | null;
}

const tones: Record<string, DecisionTone> = {
  approve: 'approve',
  reject: 'reject',
  revision: 'ask',
  resubmission: 'ask',
};
const order: DecisionTone[] = ['approve', 'reject', 'ask', 'other'];

/** The decisions of a case where a person is asked; elsewhere there are none. */
export function decisionsOf(one: Case, workflow: WorkflowDetail | undefined): Decision[] {
  if (one.status !== 'active' || !one.tags.includes('manual_review')) return [];
  return one.next
    .map((next) => ({
      event: next.event,
      tone: tones[next.event] ?? ('other' as const),
      allowed: next.allowed,
      reason: next.reason,
      reasons: workflow?.reasons[next.event] ?? null,
    }))
    .sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone));
}

/** Whether a decision needs a reason: saying yes to what is clean does not. */
export function needsReason(decision: Decision): boolean {
  return decision.tone === 'reject' || decision.tone === 'ask';
}

export interface AskedDocument {
  id: string;
  reason: string;
}

/** Documents that can be asked for again: those that are there. */
export function askable(documents: readonly CaseDocument[]): CaseDocument[] {
  return documents.filter((one) => ['received', 'checked', 'approved', 'rejected', 'revision'].includes(one.status));
}

/** What the applicant will read: the text, then each document with its reason, in the applicant's words. */
export function composeMessage(
  text: string,
  asked: readonly AskedDocument[],
  documents: readonly CaseDocument[],
  sentence: (title: string, reason: string) => string,
  reasonText: (code: string) => string,
): string {
  const lines = asked.map((one) => {
    const document = documents.find((d) => d.id === one.id);
    return sentence(document?.title || document?.kind || one.id, reasonText(one.reason));
  });
  return [text.trim(), ...lines.map((line) => `• ${line}`)].filter(Boolean).join('\n');
}

export interface StaleChange {
  version: number;
  at: string;
  actor: { kind: string; id: string };
  cause: string;
  event?: string;
  changed?: string[] | null;
  to?: string[] | null;
}

/** What a 412 says has happened since the page was read. */
export function changesSince(details: Record<string, unknown>): StaleChange[] {
  const since = details['since'];
  if (!Array.isArray(since)) return [];
  return since.filter(
    (one): one is StaleChange =>
      one !== null &&
      typeof one === 'object' &&
      typeof (one as StaleChange).version === 'number' &&
      typeof (one as StaleChange).cause === 'string' &&
      typeof (one as StaleChange).actor === 'object',
  );
}
