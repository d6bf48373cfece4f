import { queryOptions } from '@tanstack/react-query';
import { answer, client, keys, type ScreeningRequest } from '@/api';

/** The tenant's watch lists, by name. */
export const watchlistsQuery = queryOptions({
  queryKey: keys.watchlists,
  queryFn: ({ signal }) => answer(client.GET('/v1/watchlists', { signal })),
});

/** Searches the watch lists; the server does not store the search. */
export const screen = (request: ScreeningRequest) => answer(client.POST('/v1/screenings', { body: request }));

interface Chosen {
  list: string;
  edition: string;
}

export const release = (path: Chosen) =>
  answer(client.POST('/v1/watchlists/{list}/editions/{edition}/release', { params: { path }, body: {} }));

export const reject = (path: Chosen) =>
  answer(client.POST('/v1/watchlists/{list}/editions/{edition}/rejection', { params: { path } }));

export const rescreen = (list: string) =>
  answer(client.POST('/v1/watchlists/{list}/rescreening', { params: { path: { list } } }));

/** Asks for the removal of a list, or confirms that of another person. */
export const remove = (list: string) =>
  answer(client.POST('/v1/watchlists/{list}/removal', { params: { path: { list } } }));

export const retain = (list: string) =>
  answer(client.POST('/v1/watchlists/{list}/removal/rejection', { params: { path: { list } } }));
