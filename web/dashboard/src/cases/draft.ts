import type { AskedDocument } from './decisions';

/** What somebody has begun to write about a case. */
export interface CaseDraft {
  event: string;
  reason: string;
  comment: string;
  message: string;
  asked: AskedDocument[];
  note: string;
}

export const emptyDraft: CaseDraft = { event: '', reason: '', comment: '', message: '', asked: [], note: '' };
