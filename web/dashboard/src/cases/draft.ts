import type { AskedDocument } from './decisions';

/** What somebody has begun to write about a case. */
export interface CaseDraft {
  event: string;
  reason: string;
  comment: string;
  message: string;
  asked: AskedDocument[];
  note: string;
  /** Kinds of documents that were never sent and are asked for. */
  wanted?: string[];
  /** What each possible match is. */
  hits?: Record<string, 'match' | 'not_a_match'>;
  /** Why a listed subject is to be approved, by hit. */
  hitComments?: Record<string, string>;
}

export const emptyDraft: CaseDraft = {
  event: '',
  reason: '',
  comment: '',
  message: '',
  asked: [],
  note: '',
  wanted: [],
  hits: {},
  hitComments: {},
};
