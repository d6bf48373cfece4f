export { answer, answerIfChanged, client, etag, idempotencyKey } from './client';
export { callEarly, takeEarly } from './early';
export { keys } from './keys';
export { ApiProblem, asProblem, pauseBefore, repeatsBusy } from './problem';
export * from './queries';
export type * from './types';
export { useUnreadable } from './unreadable';
