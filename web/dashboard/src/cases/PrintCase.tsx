import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import {
  asProblem,
  type Case,
  childrenQuery,
  notesQuery,
  parentQuery,
  tasksQuery,
  type WorkflowDetail,
  wholeHistoryQuery,
} from '@/api';
import { Time, useT } from '@/i18n';
import { toast } from '@/ui';
import { FamilyPanel } from './FamilyPanel';
import { EntryLine } from './HistoryPanel';
import { ChecksPanel, DataPanel } from './Panels';

/** Prints the case when all that belongs on the paper is there. */
export function usePrint(id: string, parent: string | undefined): () => Promise<void> {
  const t = useT();
  const queries = useQueryClient();
  return useCallback(async () => {
    try {
      await Promise.all([
        queries.fetchQuery(wholeHistoryQuery(id)),
        queries.fetchQuery(notesQuery(id)),
        queries.fetchQuery(tasksQuery(id)),
        queries.fetchQuery(childrenQuery(id)),
        parent && queries.prefetchQuery(parentQuery(id, parent)), // without it its id is printed
      ]);
    } catch (error) {
      toast({
        title: t('common.load_failed'),
        description: asProblem(error).detail || t('common.unreachable'),
        tone: 'danger',
      });
      return;
    }
    window.print();
  }, [id, parent, queries, t]);
}

/** The whole case for paper: every part, one after the other, without controls. It is made when somebody prints. */
export function PrintCase({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const [printing, setPrinting] = useState(() => matchMedia('print').matches);
  useEffect(() => {
    const media = matchMedia('print');
    const onChange = () => setPrinting(media.matches);
    const before = () => flushSync(() => setPrinting(true)); // the browser takes the page as it is when this returns
    media.addEventListener('change', onChange);
    window.addEventListener('beforeprint', before);
    return () => {
      media.removeEventListener('change', onChange);
      window.removeEventListener('beforeprint', before);
    };
  }, []);
  return printing ? <Paper one={one} workflow={workflow} /> : null;
}

function Paper({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const t = useT();
  const history = useQuery(wholeHistoryQuery(one.id));
  const notes = useQuery(notesQuery(one.id));
  return (
    <div className="print-only">
      <p className="px-4 text-xs">
        {t('cases.printed')} <Time value={new Date().toISOString()} form="exact" />
      </p>
      <DataPanel one={one} workflow={workflow} />
      <FamilyPanel one={one} />
      <section aria-label={t('cases.tab_documents')} className="p-3">
        <h2 className="font-semibold">{t('cases.tab_documents')}</h2>
        <ul>
          {(one.documents ?? []).map((document) => (
            <li key={document.id}>
              {document.title || document.kind}
              {document.side && `, ${document.side}`}: {t.maybe(`document.${document.status}`, document.status)}
              {document.decision?.reason &&
                ` (${t.maybe(`reason.${document.decision.reason}`, document.decision.reason)})`}
            </li>
          ))}
        </ul>
      </section>
      <ChecksPanel everything one={one} onChanged={() => undefined} />
      <section aria-label={t('cases.tab_notes')} className="p-3">
        <h2 className="font-semibold">{t('cases.tab_notes')}</h2>
        {(notes.data ?? []).map((note) => (
          <p key={note.id} className="whitespace-pre-wrap">
            <Time value={note.at} form="exact" />: {note.text}
          </p>
        ))}
      </section>
      <section aria-label={t('cases.tab_history')} className="p-3">
        <h2 className="font-semibold">{t('cases.tab_history')}</h2>
        {(history.isPending || notes.isPending) && <p className="font-semibold">{t('cases.print_incomplete')}</p>}
        {(history.data ?? []).map((entry) => (
          <EntryLine key={entry.version} entry={entry} documents={one.documents ?? []} />
        ))}
      </section>
    </div>
  );
}
