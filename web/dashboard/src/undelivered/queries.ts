import { infiniteQueryOptions } from '@tanstack/react-query';
import { answer, client, keys } from '@/api';

/** Effects whose delivery is no longer attempted, by case. A page may be empty while there are more. */
export const deadLettersQuery = infiniteQueryOptions({
  queryKey: keys.deadLetters,
  queryFn: ({ pageParam, signal }) =>
    answer(client.GET('/v1/outbox/dead-letters', { params: { query: { limit: 100, cursor: pageParam } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
  refetchInterval: 10_000,
});

interface Choice {
  case?: string;
  effect?: string;
}

/** Tries one again, or all: the server settles a bounded number at a time. Returns how many. */
export async function replay(choice: Choice): Promise<number> {
  let settled = 0;
  for (;;) {
    const done = await answer(client.POST('/v1/outbox/dead-letters/replay', { body: choice }));
    settled += done.settled;
    if (!done.more || done.settled === 0) return settled;
  }
}

/** Lets one not happen. */
export const discard = (choice: Choice, reason: string) =>
  answer(client.POST('/v1/outbox/dead-letters/discard', { body: { ...choice, reason } }));
