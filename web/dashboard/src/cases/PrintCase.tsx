import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { answer, type Case, client, keys, type WorkflowDetail } from '@/api';
import { Time, useT } from '@/i18n';
import { EntryLine } from './HistoryPanel';
import { ChecksPanel, DataPanel } from './Panels';

/** The whole case for paper: every part, one after the other, without controls. It is made when somebody prints. */
export function PrintCase({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const [printing, setPrinting] = useState(() => matchMedia('print').matches);
  useEffect(() => {
    const media = matchMedia('print');
    const onChange = () => setPrinting(media.matches);
    const before = () => setPrinting(true);
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
  const history = useQuery({
    queryKey: [...keys.history(one.id, []), 'print'],
    queryFn: async () =>
      (await answer(client.GET('/v1/cases/{id}/history', { params: { path: { id: one.id }, query: { limit: 200 } } })))
        .data,
  });
  const notes = useQuery({
    queryKey: keys.notes(one.id),
    queryFn: async () => (await answer(client.GET('/v1/cases/{id}/notes', { params: { path: { id: one.id } } }))).data,
  });
  return (
    <div className="print-only">
      <p className="px-4 text-xs">
        {t('cases.printed')} <Time value={new Date().toISOString()} form="exact" />
      </p>
      <DataPanel one={one} workflow={workflow} />
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
      <ChecksPanel one={one} onChanged={() => undefined} />
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
        {(history.data ?? []).map((entry) => (
          <EntryLine key={entry.version} entry={entry} />
        ))}
      </section>
    </div>
  );
}
