import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { answer, answerIfChanged, type Case, client, etag, keys, type Present, readCase, takeEarly } from '@/api';
import { watch } from './watch';

/** A case. Its page keeps it up to date by usePresence. */
export function useCase(id: string) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: keys.case(id),
    queryFn: async ({ signal }) => {
      const known = queries.getQueryData<Case>(keys.case(id));
      if (!known) return takeEarly(keys.case(id), () => readCase(id));
      const header = { 'If-None-Match': etag(known.version) };
      const fresh = await answerIfChanged(client.GET('/v1/cases/{id}', { params: { path: { id }, header }, signal }));
      return fresh ?? known;
    },
    staleTime: 0,
  });
}

/** Whether what was read is newer than what is kept: an answer that was slow must not undo a newer one. */
export function newer(kept: Case | undefined, read: Case): Case {
  return kept && kept.version > read.version ? kept : read;
}

/** Puts an answer of a command in place of what is known. */
export function useRemember() {
  const queries = useQueryClient();
  return (fresh: Case) => {
    queries.setQueryData<Case>(keys.case(fresh.id), (kept) => newer(kept, fresh));
    void queries.invalidateQueries({
      queryKey: ['case', fresh.id],
      predicate: (query) => query.queryKey.length > 2 && query.queryKey[2] !== 'document',
    });
    void queries.invalidateQueries({ queryKey: keys.queue });
    void queries.invalidateQueries({ queryKey: keys.allCases });
  };
}

/**
 * Reports that the page is open, and returns who else is viewing the case. The answer has the case's version, so that the case
 * itself is read only when it has changed.
 */
export function usePresence(
  id: string,
  editing: boolean,
): { others: Present['others']; claim: Present['claim']; setClaim: (claim: Present['claim']) => void } {
  const queries = useQueryClient();
  const [others, setOthers] = useState<Present['others']>([]);
  const [claim, setClaim] = useState<Present['claim']>(null);
  const writing = useRef(editing);
  const reported = useRef(editing);
  writing.current = editing;
  const look = useCallback(() => {
    const path = { id };
    const read = () => void queries.refetchQueries({ queryKey: keys.case(id), exact: true, type: 'active' });
    reported.current = writing.current;
    answer(client.PUT('/v1/cases/{id}/presence', { params: { path }, body: { editing: writing.current } }))
      .then((present) => {
        setOthers(present.others);
        setClaim(present.claim);
        const known = queries.getQueryData<Case>(keys.case(id));
        if (!known || known.version < present.version) read();
      })
      .catch(read); // shows what is wrong; the banner reports an unreachable server
  }, [id, queries]);
  useEffect(() => {
    const leave = () => {
      client.DELETE('/v1/cases/{id}/presence', { params: { path: { id } }, keepalive: true }).catch(() => undefined); // forgotten by itself in 15 s
    };
    const end = watch(look);
    window.addEventListener('pagehide', leave);
    return () => {
      end();
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [id, look]);
  useEffect(() => {
    if (editing !== reported.current) look(); // others see at once that somebody has begun to write
  }, [editing, look]);
  return { others, claim, setClaim };
}
