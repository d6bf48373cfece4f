import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { answer, answerIfChanged, type Case, client, etag, keys, type Present } from '@/api';

/** How often a case is asked for while its page is seen, in milliseconds. */
const interval = 1_000;
/** How often a page says that it is open. */
const heartbeat = 5_000;

/** A case, kept up to date. Nothing is sent while it has not changed. */
export function useCase(id: string) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: keys.case(id),
    queryFn: async ({ signal }) => {
      const known = queries.getQueryData<Case>(keys.case(id));
      const header = known ? { 'If-None-Match': etag(known.version) } : undefined;
      const fresh = await answerIfChanged(client.GET('/v1/cases/{id}', { params: { path: { id }, header }, signal }));
      return fresh ?? (known as Case);
    },
    refetchInterval: interval,
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

/** Says that the page is open, and tells who else looks at the case. */
export function usePresence(id: string, editing: boolean): Present['others'] {
  const [others, setOthers] = useState<Present['others']>([]);
  const writing = useRef(editing);
  writing.current = editing;
  useEffect(() => {
    let here = true;
    const say = () => {
      if (document.visibilityState === 'hidden') return;
      answer(client.PUT('/v1/cases/{id}/presence', { params: { path: { id } }, body: { editing: writing.current } }))
        .then((present) => here && setOthers(present.others))
        .catch(() => undefined); // the banner tells of a server that is away
    };
    const leave = () => {
      client.DELETE('/v1/cases/{id}/presence', { params: { path: { id } }, keepalive: true }).catch(() => undefined); // forgotten by itself in 15 s
    };
    say();
    const timer = setInterval(say, heartbeat);
    window.addEventListener('pagehide', leave);
    return () => {
      here = false;
      clearInterval(timer);
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [id]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: others shall see at once that somebody has begun to write
  useEffect(() => {
    answer(client.PUT('/v1/cases/{id}/presence', { params: { path: { id } }, body: { editing } }))
      .then((present) => setOthers(present.others))
      .catch(() => undefined);
  }, [editing]);
  return others;
}
