import { queryOptions } from '@tanstack/react-query';
import { answer, client, keys } from '@/api';

/** The newest notifications. How many are unread comes with the counts of the queue, so that nothing asks more often. */
export const notificationsQuery = queryOptions({
  queryKey: keys.notifications,
  queryFn: ({ signal }) => answer(client.GET('/v1/notifications', { signal })),
  refetchInterval: 30_000,
});
