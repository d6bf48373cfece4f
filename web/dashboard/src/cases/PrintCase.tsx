import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { flushSync } from 'react-dom';
import {
  answer,
  type Case,
  childrenQuery,
  client,
  fullHistoryQuery,
  notesQuery,
  parentQuery,
  tasksQuery,
  type WorkflowDetail,
} from '@/api';
import { reasonOf, Time, useFormats, useT } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { useNamesIn } from '@/queue/stateNames';
import { useSession } from '@/session';
import { toast } from '@/ui';
import { useActorName } from './actors';
import { appendixQuery, type Picture, printable } from './appendix';
import { ChecksPanel } from './ChecksPanel';
import { DataPanel } from './DataPanel';
import { FamilyPanel } from './FamilyPanel';
import { EntryLine, grouped } from './HistoryPanel';
import { useNamesOf } from './names';
import { nameIn } from './words';

const verificationQuery = (id: string) =>
  queryOptions({
    queryKey: ['verification', id],
    queryFn: () => answer(client.GET('/v1/cases/{id}/verification', { params: { path: { id } } })),
    staleTime: 0,
  });

/** Prints the case when everything that belongs on paper has been loaded. Documents come first: printing them adds entries to the history. */
export function usePrint(one: Case): () => Promise<void> {
  const t = useT();
  const { can } = useSession();
  const queries = useQueryClient();
  const parent = one.parent?.case;
  return useCallback(async () => {
    try {
      if (can('documents:read')) await queries.fetchQuery(appendixQuery(one));
      await Promise.all([
        queries.fetchQuery(fullHistoryQuery(one.id)),
        queries.fetchQuery(verificationQuery(one.id)),
        queries.fetchQuery(notesQuery(one.id)),
        queries.fetchQuery(tasksQuery(one.id)),
        queries.fetchQuery(childrenQuery(one.id)),
        parent && queries.prefetchQuery(parentQuery(one.id, parent)), // without it its id is printed
      ]);
    } catch (error) {
      toast({
        title: t('common.load_failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      });
      return;
    }
    window.print();
  }, [one, parent, can, queries, t]);
}

/** The complete case for paper: every part in sequence, without controls. It is rendered for printing. */
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

/** Prints the case id and the page number at the bottom of each page. The security policy allows no style element in the page. */
function useFooter(text: string) {
  useEffect(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`@page { @bottom-left { content: ${JSON.stringify(text)}; font-size: 8pt; } }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    };
  }, [text]);
}

function Paper({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const t = useT();
  const nameOf = useActorName(true);
  const names = useNamesOf(one);
  const titleOf = useDocumentTitle(workflow);
  const { me, can } = useSession();
  const history = useQuery({ ...fullHistoryQuery(one.id), enabled: false });
  const notes = useQuery({ ...notesQuery(one.id), enabled: false });
  const appendix = useQuery({ ...appendixQuery(one), enabled: false }).data ?? [];
  const complete = history.data && notes.data && (!can('documents:read') || appendix.length === printable(one).length);
  useFooter(`${one.id} · ${me.tenant}`);
  return (
    <div className="print-only">
      {!complete && <p className="px-4 font-semibold">{t('cases.print_incomplete')}</p>}
      <Cover one={one} workflow={workflow} />
      <DataPanel one={one} workflow={workflow} complete />
      <FamilyPanel one={one} />
      <section aria-label={t('cases.tab_documents')} className="p-3">
        <h2 className="font-semibold">{t('cases.tab_documents')}</h2>
        <ul>
          {(one.documents ?? []).map((document) => (
            <li key={document.id}>
              {titleOf(document)}: {t.maybe(`document.${document.status}`, document.status)}
              {document.decision?.reason &&
                ` (${t.maybe(`reason.${document.decision.reason}`, document.decision.reason)})`}
              {document.decision && (
                <>
                  {' '}
                  · {nameOf(document.decision.by)} · <Time value={document.decision.at} form="exact" />
                </>
              )}
            </li>
          ))}
        </ul>
      </section>
      <ChecksPanel everything one={one} />
      <section aria-label={t('cases.tab_notes')} className="p-3">
        <h2 className="font-semibold">{t('cases.tab_notes')}</h2>
        {(notes.data ?? []).map((note) => (
          <p key={note.id} className="whitespace-pre-wrap">
            {nameOf(note.by)} · <Time value={note.at} form="exact" />: <bdi>{note.text}</bdi>
          </p>
        ))}
        {notes.data?.length === 0 && <p>{t('cases.no_notes')}</p>}
      </section>
      <section aria-label={t('cases.tab_history')} className="p-3 print-split">
        <h2 className="font-semibold">{t('cases.tab_history')}</h2>
        {grouped(history.data ?? []).map((group) => (
          <EntryLine
            key={group.entry.version}
            entry={group.entry}
            views={group.views}
            documents={one.documents ?? []}
            names={names}
            paper
          />
        ))}
      </section>
      <Appendix pictures={appendix} titleOf={titleOf} />
    </div>
  );
}

/** The name of a document on paper: from its workflow, in the reader's language. */
function useDocumentTitle(workflow: WorkflowDetail | undefined) {
  const t = useT();
  const title = useTitle();
  return (document: { title?: string; kind: string; side?: string }) => {
    const kind = workflow?.documents.find((one) => one.kind === document.kind);
    const name = kind ? title(kind, document.kind) : t.maybe(`kind.${document.kind}`, document.title || document.kind);
    return [name, document.side && t.maybe(`side.${document.side}`, document.side)].filter(Boolean).join(', ');
  };
}

/** What an auditor asks of a paper: which case, whose, as of when, printed by whom, and whether its history is complete. */
function Cover({ one, workflow }: { one: Case; workflow: WorkflowDetail | undefined }) {
  const t = useT();
  const title = useTitle();
  const { me } = useSession();
  const { exact, number } = useFormats();
  const states = useNamesIn(useMemo(() => (workflow ? [workflow] : []), [workflow]));
  const [now] = useState(() => new Date());
  const report = useQuery({ ...verificationQuery(one.id), enabled: false }).data;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const rows: [string, string][] = [
    [t('print.case'), one.id],
    [t('print.subject'), nameIn(one) || t('cases.unnamed')],
    [t('print.tenant'), me.tenant],
    [
      t('print.workflow'),
      `${title(workflow ?? {}, one.workflow.id)}, ${t('print.version', { n: one.workflow.version })}`,
    ],
    [t('print.state'), [t(`status.${one.status}`), ...one.configuration.map((path) => states(path))].join(' · ')],
    [t('print.created'), exact(new Date(one.created_at))],
    [t('cases.printed'), `${exact(now)} (${zone})`],
    [t('print.by'), me.user.name ? `${me.user.name}, ${me.user.email}` : me.user.id],
  ];
  return (
    <section aria-label={t('print.cover')} className="p-3">
      <dl className="grid grid-cols-[10rem_1fr] gap-x-4 gap-y-0.5">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="wrap-anywhere">
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
        {report && (
          <div className="contents">
            <dt className="text-muted">{t('print.verification')}</dt>
            <dd className={report.valid ? 'wrap-anywhere' : 'font-semibold text-danger wrap-anywhere'}>
              {report.valid
                ? t('print.complete', { count: report.entries, n: number(report.entries) })
                : `${t('cases.chain_broken')} ${(report.problems ?? []).join(' ')}`}
              {report.head && (
                <>
                  {' '}
                  {t('print.digest')} <code>{report.head}</code>
                </>
              )}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** The documents themselves, each from a new page. */
function Appendix({
  pictures,
  titleOf,
}: {
  pictures: readonly Picture[];
  titleOf: (document: Picture['document']) => string;
}) {
  const t = useT();
  const { number } = useFormats();
  return pictures.map(({ document, pages, of }, n) => (
    <section key={document.id} aria-label={titleOf(document)} className="p-3 print-page">
      <h2 className="font-semibold">
        {t('print.appendix', { n: number(n + 1) })} · {titleOf(document)}
      </h2>
      <p className="text-xs text-muted">
        {document.id} · {document.content_type} · SHA-256 <code>{document.sha256}</code>
      </p>
      {pages.length === 0 && <p>{t('print.not_shown')}</p>}
      {pages.map((url, page) => (
        <img
          key={url}
          src={url}
          alt={pages.length > 1 ? t('documents.page', { page: page + 1, pages: of }) : titleOf(document)}
          className="print-picture"
        />
      ))}
      {of > pages.length && pages.length > 0 && <p>{t('print.pages_of', { shown: pages.length, all: of })}</p>}
    </section>
  ));
}
