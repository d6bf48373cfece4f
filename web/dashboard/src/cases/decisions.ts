import type { Case, CaseDocument, Explanation, WorkflowDetail } from '@/api';

// What can be decided about a case, and what it takes.

export type DecisionTone = 'approve' | 'reject' | 'ask' | 'other';

export interface Decision {
  event: string;
  tone: DecisionTone;
  allowed: boolean;
  /** It stands in for another one where that is not possible: approving without an answer. No key leads to it. */
  exception: boolean;
  /** It is not this person's to make: they have supplied data of the case. */
  supplied: boolean;
  /** Why it is not possible now, as the workflow states it. */
  reason: string | null;
  explanation?: Explanation | null;
  /** The codes to choose from; null takes any. */
  reasons: string[] | null;
}

const tones: Record<string, DecisionTone> = {
  approve: 'approve',
  approve_unanswered: 'approve',
  reject: 'reject',
  revision: 'ask',
  resubmission: 'ask',
};
const order: DecisionTone[] = ['approve', 'reject', 'ask', 'other'];

/** Exceptions come after the decision that they stand in for, and only where they are possible. */
const exceptions: ReadonlySet<string> = new Set(['approve_unanswered']);

/** Where a decision stands: exceptions after the plain yes and no. */
function place(decision: Decision): number {
  return decision.exception ? order.indexOf('ask') - 0.5 : order.indexOf(decision.tone);
}

/** The decisions of a case where a person is asked; elsewhere there are none. */
export function decisionsOf(one: Case, workflow: WorkflowDetail | undefined): Decision[] {
  if (one.status !== 'active' || !one.tags.includes('manual_review')) return [];
  return one.next
    .filter((next) => !next.by?.every((who) => who === 'applicant' || who === 'client')) // theirs are no decisions
    .map((next) => ({
      event: next.event,
      tone: tones[next.event] ?? ('other' as const),
      exception: exceptions.has(next.event),
      // A person who has supplied the data can reject or ask for more; another person approves.
      allowed: next.allowed && !(one.needs?.supplied && tones[next.event] === 'approve'),
      supplied: Boolean(one.needs?.supplied && tones[next.event] === 'approve'),
      reason: next.reason,
      explanation: next.explanation ?? null,
      reasons: workflow?.reasons[next.event] ?? null,
    }))
    .filter((one) => !one.exception || one.allowed)
    .sort((a, b) => place(a) - place(b));
}

/** A workflow's sentence with its events as the buttons call them: "(screen_again)" is "(Screen again)". */
export function withNames(sentence: string, one: Case, name: (event: string) => string): string {
  return sentence.replace(/\((\w+)\)/g, (match, code: string) =>
    one.next.some((next) => next.event === code) ? `(${name(code)})` : match,
  );
}

/** Whether a decision needs a reason: approving a case without concerns does not. */
export function needsReason(decision: Decision): boolean {
  return decision.tone === 'reject' || decision.tone === 'ask';
}

export interface AskedDocument {
  id: string;
  reason: string;
}

/** Documents that can be requested again: those that exist. */
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
    return sentence(document?.title || document?.kind || one.id, one.reason && reasonText(one.reason)).replace(
      /: $/,
      '',
    );
  });
  return [text.trim(), ...lines.map((line) => `• ${line}`)].filter(Boolean).join('\n');
}

/** The kinds of documents that the workflow knows and that have not been sent. */
export function neverSent(one: Case, workflow: WorkflowDetail | undefined): string[] {
  const sent = new Set((one.documents ?? []).map((document) => document.kind));
  return (workflow?.documents ?? []).map((each) => each.kind).filter((kind) => !sent.has(kind));
}

/** What a workflow calls a kind of document. */
export function titleIn(workflow: WorkflowDetail | undefined, kind: string): string {
  return workflow?.documents.find((each) => each.kind === kind)?.title || kind.replaceAll('_', ' ');
}

/** The message, with the documents that were never sent: the API requests only existing documents again. */
export function withWanted(text: string, wanted: readonly string[], sentence: (kind: string) => string): string {
  return [text.trim(), ...wanted.map((kind) => `• ${sentence(kind)}`)].filter(Boolean).join('\n');
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

/** What has happened since the page was read, from the answer 412. */
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
