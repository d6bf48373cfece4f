import { useQuery } from '@tanstack/react-query';
import { answer, client, keys } from '@/api';

/** A link to a document's bytes, requested only when it is viewed, because each view is recorded in the history. It is used until it expires. */
export function useDocumentLink(caseId: string, documentId: string, look: boolean) {
  return useQuery({
    queryKey: keys.documentLink(caseId, documentId),
    queryFn: () =>
      answer(
        client.GET('/v1/cases/{id}/documents/{document}/link', {
          params: { path: { id: caseId, document: documentId } },
        }),
      ),
    enabled: look,
    staleTime: 4 * 60_000,
    gcTime: 4 * 60_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    retry: 1,
  });
}
