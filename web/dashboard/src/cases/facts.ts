import type { Case, CaseDocument, Entry, WorkflowDetail } from '@/api';
import { type Comparison, compare, findingsOf, replaced } from '@/documents/compare';

// What the summary and the tabs of a case show.

/** The checks that a decision relies on and that have not answered. */
export function openChecks(one: Pick<Case, 'checks' | 'needs'>): Case['checks'] {
  return one.needs ? one.checks.filter((check) => check.status !== 'answered') : [];
}

/** How many checks have answered. */
export function answeredChecks(one: Pick<Case, 'checks'>): number {
  return one.checks.filter((check) => check.status === 'answered').length;
}

/** Whether no policy has rated the risk, and no check stands for it. */
export function unrated(one: Pick<Case, 'checks' | 'needs'>): boolean {
  return (
    (one.needs?.because.includes('not_rated') ?? false) && !openChecks(one).some((check) => check.source === 'rules')
  );
}

/** A document that the workflow collects, one side of it where it has sides. */
export interface Wanted {
  kind: WorkflowDetail['documents'][number];
  side: string;
}

/** Whether the applicant, or a person acting for them, has to supply data and documents now. */
export function collecting(one: Pick<Case, 'status' | 'next' | 'tags'>): boolean {
  return (
    one.status === 'active' &&
    !one.tags.includes('manual_review') &&
    one.next.some((next) => next.by.includes('applicant'))
  );
}

/** All that the workflow collects, side by side. */
export function wantedBy(workflow: Pick<WorkflowDetail, 'documents'>): Wanted[] {
  return workflow.documents.flatMap((kind) =>
    (kind.sides.length > 0 ? kind.sides : ['']).map((side) => ({ kind, side })),
  );
}

/** The newest document of a kind and side that has been uploaded. */
export function uploadedOf(one: Pick<Case, 'documents'>, { kind, side }: Wanted): CaseDocument | undefined {
  return (one.documents ?? []).findLast(
    (document) =>
      document.kind === kind.kind && (document.side ?? '') === side && document.status !== 'awaiting_upload',
  );
}

/** What is required and still has to be uploaded, while the case collects. It judges as the guards' `documents.missing` does. */
export function missingDocuments(
  one: Pick<Case, 'status' | 'next' | 'tags' | 'documents'>,
  workflow: Pick<WorkflowDetail, 'documents'> | undefined,
): Wanted[] {
  if (!workflow || !collecting(one)) return [];
  const received = (wanted: Wanted) => {
    const newest = uploadedOf(one, wanted);
    return newest !== undefined && newest.status !== 'refused' && newest.status !== 'revision';
  };
  const anySide = (kind: Wanted['kind']) =>
    (one.documents ?? []).some(
      (document) => document.kind === kind.kind && received({ kind, side: document.side ?? '' }),
    );
  return wantedBy(workflow).filter(({ kind, side }) => {
    if (!kind.required) return false;
    if (kind.sides.length === 0) return !anySide(kind);
    return !received({ kind, side }) && (kind.sides.length > 1 || !received({ kind, side: '' }));
  });
}

/** What was declared and is another thing in a document that counts; each field once. */
export function mismatches(one: Case, now = new Date()): Comparison[] {
  const documents = (one.documents ?? []).filter((document) => !replaced(one.documents ?? [], document));
  const found = new Map<string, Comparison>();
  for (const row of documents.flatMap((document) => compare(one, document, now)))
    if (row.match === 'differs' && !found.has(row.field)) found.set(row.field, row);
  return [...found.values()];
}

/** Whether a tab contains something that needs attention. */
export function troubleIn(one: Case): { documents: boolean; checks: boolean } {
  const documents = (one.documents ?? []).filter((document) => !replaced(one.documents ?? [], document));
  return {
    documents: documents.some(
      (document) =>
        document.status === 'refused' ||
        document.status === 'rejected' ||
        findingsOf(document).some((finding) => finding.severity !== 'low'),
    ),
    checks:
      (one.incidents ?? []).length > 0 ||
      (one.needs?.hits ?? []).length > 0 ||
      one.checks.some((check) => check.status === 'failed' || check.status === 'stale'),
  };
}

/** Who has ended a case, and why. */
export interface Ending {
  actor: Entry['actor'];
  at: string;
  reason: string;
  comment: string;
}

/** How a person has ended a case, from its newest decision; null if its workflow ended automatically. */
export function endingOf(
  one: Pick<Case, 'status' | 'configuration'>,
  newest: readonly Pick<Entry, 'cause' | 'actor' | 'at' | 'to' | 'details'>[],
): Ending | null {
  const entry = newest[0];
  const decided = entry?.cause === 'decision' && entry.to?.join() === one.configuration.join();
  if (!entry || !(decided || (entry.cause === 'cancelled' && one.status === 'cancelled'))) return null;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    actor: entry.actor,
    at: entry.at,
    reason: text(entry.details?.['reason']),
    comment: text(entry.details?.['comment']),
  };
}
