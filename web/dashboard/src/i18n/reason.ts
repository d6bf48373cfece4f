import { asProblem } from '@/api';
import type { Key } from './locale';

type Text = (key: Key) => string;

/** What API Gateway's own answers mean for people: they have a status, and no sentence of ours. */
const byStatus: Record<number, Key> = {
  401: 'session.ended',
  403: 'common.refused',
  404: 'common.not_there',
  408: 'common.unreachable',
  413: 'common.too_large',
  429: 'common.busy',
  431: 'common.too_large',
  500: 'common.server_failed',
};

/** Why a call has failed, for people: the API's sentence, or what the status means where there is none. */
export function reasonOf(t: Text, error: unknown): string {
  const problem = asProblem(error);
  if (problem.detail) return problem.detail;
  return t(byStatus[problem.status] ?? (problem.unreachable ? 'common.unreachable' : 'common.server_failed'));
}
