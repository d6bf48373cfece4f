import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import {
  type ApiProblem,
  answer,
  asProblem,
  type Case,
  client,
  keys,
  notesQuery,
  relatedQuery,
  workflowQuery,
} from '@/api';
import { DeskBar } from '@/desk/DeskBar';
import { DocumentsPanel } from '@/documents';
import { reasonOf, useT } from '@/i18n';
import { useShortcuts } from '@/keyboard';
import { forgetCase, rememberedList, restoreCase, useNeighbours } from '@/queue/neighbours';
import { useDraft, usePreferences, useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, EmptyState, ErrorState, SkeletonLines, type Tab, Tabs, toast } from '@/ui';
import { WorkflowView } from '@/workflows';
import { useActorName } from './actors';
import { Cancellation } from './Cancellation';
import { ChecksPanel } from './ChecksPanel';
import { CollectPanel } from './CollectPanel';
import { DataPanel } from './DataPanel';
import { DecisionBar } from './DecisionBar';
import { DecisionPanel, undoSeconds } from './DecisionPanel';
import { decisionsOf } from './decisions';
import { emptyDraft } from './draft';
import { FamilyPanel } from './FamilyPanel';
import { troubleIn } from './facts';
import { knownChildren } from './family';
import { Header } from './Header';
import { HistoryPanel } from './HistoryPanel';
import { hasDecision, KeptDraft } from './KeptDraft';
import { NotesPanel } from './NotesPanel';
import { PrintCase, usePrint } from './PrintCase';
import { RelatedPanel } from './RelatedPanel';
import { StaleDialog } from './StaleDialog';
import { Summary } from './Summary';
import { useArrival, useUnread } from './unread';
import { useCase, usePresence, useRemember } from './useCase';
import { nameIn } from './words';

const tabIds = ['documents', 'data', 'checks', 'notes', 'related', 'workflow', 'history'] as const;

/** A case: everything that it takes to decide it. */
export function CasePage() {
  const t = useT();
  const { caseId } = useParams({ from: '/signed-in/cases/$caseId' });
  const found = useCase(caseId);
  useTitle(found.data ? nameIn(found.data) || t('cases.unnamed') : caseId);
  if (found.data) return <CaseBody key={caseId} one={found.data} />;
  if (found.isError) {
    const problem = asProblem(found.error);
    if (problem.status === 404)
      return (
        <EmptyState page title={t('cases.not_found')}>
          {t('cases.not_found_detail')}
        </EmptyState>
      );
    return (
      <ErrorState
        page
        title={t('common.load_failed')}
        detail={reasonOf(t, problem)}
        requestId={problem.requestId}
        requestLabel={t('common.request')}
        retryLabel={t('common.retry')}
        onRetry={() => void found.refetch()}
      />
    );
  }
  return <SkeletonLines lines={10} label={t('common.loading')} />;
}

/** Where somebody was on a case's page: the tab, and how far down. */
interface Place {
  search: { tab?: string };
  top: number;
}

function CaseBody({ one }: { one: Case }) {
  const t = useT();
  const navigate = useNavigate({ from: '/cases/$caseId' });
  const search = useSearch({ from: '/signed-in/cases/$caseId' });
  const queries = useQueryClient();
  const { me, can } = useSession();
  const { autoNext } = usePreferences();
  const nameOf = useActorName();
  const remember = useRemember();
  const workflow = useQuery(workflowQuery(one.workflow.id, one.workflow.version)).data;
  const notes = useQuery(notesQuery(one.id)).data;
  const unread = useUnread(notes, me.user.id, one.id);
  const related = useQuery(relatedQuery(one)).data?.data.length ?? 0;
  const { draft, change, clear, dirty } = useDraft(one.id, emptyDraft);
  const { others, claim: current, setClaim } = usePresence(one.id, hasDecision(draft));
  const [cancelling, setCancelling] = useState(false);
  const [stale, setStale] = useState<ApiProblem | null>(null);
  const [taking, setTaking] = useState(false);
  const noteBox = useRef<HTMLTextAreaElement>(null);

  const { previous, next } = useNeighbours(one.id);
  const go = useCallback(
    (id: string | undefined) => id && void navigate({ to: '/cases/$caseId', params: { caseId: id }, search: {} }),
    [navigate],
  );
  const tab = tabIds.find((id) => id === search.tab) ?? 'documents';
  const openTab = useCallback(
    (id: string) =>
      void navigate({ search: (old) => ({ ...old, tab: id === 'documents' ? undefined : id }), replace: true }),
    [navigate],
  );

  // A decision by somebody else is shown at once, because what the reader saw may no longer be true.
  const seen = useRef(one);
  useEffect(() => {
    const before = seen.current;
    seen.current = one;
    if (before.version === one.version) return;
    void queries.invalidateQueries({
      queryKey: ['case', one.id],
      predicate: (query) => query.queryKey.length > 2 && query.queryKey[2] !== 'document',
    });
    if (before.configuration.join() === one.configuration.join() && before.status === one.status) return;
    void answer(
      client.GET('/v1/cases/{id}/history', { params: { path: { id: one.id }, query: { sort: '-version', limit: 5 } } }),
    )
      .then(({ data }) => {
        const decision = data.find(
          (entry) =>
            entry.version > before.version &&
            (entry.cause === 'decision' || entry.cause === 'undone') &&
            entry.actor.id !== me.user.id,
        );
        if (decision) {
          toast({
            title: t(decision.cause === 'undone' ? 'cases.undone_by' : 'cases.decided_by', {
              name: nameOf(decision.actor),
              decision: t.maybe(`decision.${decision.event}`, decision.event ?? ''),
            }),
            tone: 'warning',
            duration: 10_000,
          });
        }
      })
      .catch(() => undefined); // the page shows the new state all the same
  }, [one, queries, me.user.id, nameOf, t]);

  // Somebody who is deciding may not see the tab of notes.
  useArrival(notes, me.user.id, (note) =>
    toast({
      title: t('cases.note_arrived', { name: nameOf(note.by) }),
      description: note.text.length > 200 ? `${note.text.slice(0, 200)}…` : note.text,
      tone: 'warning',
      duration: 10_000,
      action: { label: t('cases.note_read'), onClick: () => openTab('notes') },
    }),
  );

  const undo = async (fresh: Case, place: Place) => {
    try {
      const now = queries.getQueryData<Case>(keys.case(fresh.id)) ?? fresh;
      const back = await answer(
        client.POST('/v1/cases/{id}/undo', {
          params: { path: { id: fresh.id }, header: { 'If-Match': `"${now.version}"` } },
        }),
      );
      remember(back);
      restoreCase(fresh.id);
      toast({ title: t('cases.undone'), tone: 'success' });
      await navigate({ to: '/cases/$caseId', params: { caseId: fresh.id }, search: place.search });
      requestAnimationFrame(() => document.getElementById('content')?.scrollTo({ top: place.top }));
    } catch (error) {
      toast({
        title: t('cases.undo_failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      });
    }
  };
  const decided = (fresh: Case, event: string) => {
    remember(fresh);
    if (fresh.needs?.proposed) {
      toast({ title: t('cases.proposed_toast', { name: fresh.subject.name || fresh.id }), tone: 'success' });
      if (autoNext && next) go(next);
      return;
    }
    const place = { search, top: document.getElementById('content')?.scrollTop ?? 0 };
    forgetCase(fresh.id);
    toast({
      title: t('cases.decided_toast', {
        decision: t.maybe(`decided.${event}`, event),
        name: fresh.subject.name || fresh.id,
      }),
      tone: 'success',
      duration: undoSeconds * 1000,
      countdown: true,
      action: { label: t('cases.undo'), onClick: () => void undo(fresh, place) },
    });
    if (autoNext && next) go(next);
  };

  const print = usePrint(one);
  useEffect(() => {
    // The browser's own print command also waits until everything is loaded.
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'p' || event.altKey) return;
      event.preventDefault();
      void print();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [print]);

  const claim = async () => {
    try {
      remember(
        await answer(
          client.PUT('/v1/cases/{id}/assignee', { params: { path: { id: one.id } }, body: { user: me.user.id } }),
        ),
      );
    } catch (error) {
      toast({
        title: t('common.failed'),
        description: reasonOf(t, error),
        tone: 'danger',
      });
    }
  };
  useShortcuts(t('cases.title'), [
    { keys: 'j', label: t('cases.next'), enabled: Boolean(next), run: () => go(next) },
    { keys: 'k', label: t('cases.previous'), enabled: Boolean(previous), run: () => go(previous) },
    {
      keys: 'i',
      label: t('cases.claim'),
      enabled: can('cases:write') && one.status === 'active' && one.assignee !== me.user.id,
      run: () => void claim(),
    },
    {
      keys: 'n',
      label: t('cases.note_add'),
      enabled: can('cases:write'),
      run: () => {
        openTab('notes');
        setTimeout(() => noteBox.current?.focus(), 50);
      },
    },
    { keys: 'u', label: t('cases.back'), run: () => void navigate({ to: '/queue', search: rememberedList().search }) },
    ...tabIds.map((id, n) => ({ keys: String(n + 1), label: t(`cases.tab_${id}`), run: () => openTab(id) })),
  ]);

  const documentTitle = (id: string) => {
    const document = one.documents?.find((each) => each.id === id);
    return document ? t.maybe(`kind.${document.kind}`, document.title || document.kind) : id;
  };
  const undoDocument = async (documentId: string) => {
    const now = queries.getQueryData<Case>(keys.case(one.id)) ?? one;
    try {
      remember(
        await answer(
          client.POST('/v1/cases/{id}/documents/{document}/undo', {
            params: { path: { id: one.id, document: documentId }, header: { 'If-Match': `"${now.version}"` } },
          }),
        ),
      );
      toast({ title: t('documents.undone', { document: documentTitle(documentId) }), tone: 'success' });
    } catch (error) {
      toast({ title: t('cases.undo_failed'), description: reasonOf(t, error), tone: 'danger' });
    }
  };
  const decideDocument = async (
    documentId: string,
    decision: { decision: 'approved' | 'rejected' | 'revision'; reason?: string; comment?: string },
  ) => {
    try {
      remember(
        await answer(
          client.POST('/v1/cases/{id}/documents/{document}/decision', {
            params: { path: { id: one.id, document: documentId }, header: { 'If-Match': `"${one.version}"` } },
            body: { ...decision, undo_seconds: undoSeconds },
          }),
        ),
      );
      toast({
        title: t('documents.decided_toast', {
          document: documentTitle(documentId),
          decision: t.maybe(`document.${decision.decision}`, decision.decision),
        }),
        tone: 'success',
        duration: undoSeconds * 1000,
        countdown: true,
        action: { label: t('cases.undo'), onClick: () => void undoDocument(documentId) },
      });
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 412) setStale(problem);
      else toast({ title: t('common.failed'), description: reasonOf(t, problem), tone: 'danger' });
      throw error;
    }
  };
  const mayDecide = can('cases:decide') && one.status === 'active';
  // A decision that was begun and is no longer possible, because somebody else was first.
  const orphaned =
    hasDecision(draft) && !decisionsOf(one, workflow).some((each) => each.event === draft.event || draft.event === '');
  const trouble = troubleIn(one);
  const look = (is: boolean) => (is ? t('cases.tab_trouble') : undefined);
  const tabs: Tab[] = [
    {
      value: 'documents',
      label: t('cases.tab_documents'),
      count: one.documents?.length,
      trouble: look(trouble.documents),
      content: (
        <DocumentsPanel
          one={one}
          workflow={workflow}
          canDecide={mayDecide}
          why={can('cases:decide') ? t('cases.closed') : t('cases.role_cannot_decide')}
          onDecide={decideDocument}
          onUndo={undoDocument}
        />
      ),
    },
    { value: 'data', label: t('cases.tab_data'), content: <DataPanel one={one} workflow={workflow} /> },
    {
      value: 'checks',
      label: t('cases.tab_checks'),
      count: one.checks.length,
      trouble: look(trouble.checks),
      content: <ChecksPanel one={one} />,
    },
    {
      value: 'notes',
      label: t('cases.tab_notes'),
      count: notes?.length,
      trouble: unread.size > 0 ? t('cases.notes_new', { count: unread.size }) : undefined,
      content: <NotesPanel one={one} draft={draft} change={change} box={noteBox} unread={unread} />,
    },
    {
      value: 'related',
      label: t('cases.tab_related'),
      count: related + knownChildren(one.context) + (one.parent ? 1 : 0),
      content: (
        <div className="flex flex-col gap-3">
          <FamilyPanel one={one} />
          <RelatedPanel one={one} />
        </div>
      ),
    },
    {
      value: 'workflow',
      label: t('cases.tab_workflow'),
      content: workflow ? (
        <WorkflowView workflow={workflow} one={one} />
      ) : (
        <SkeletonLines label={t('common.loading')} />
      ),
    },
    { value: 'history', label: t('cases.tab_history'), content: <HistoryPanel one={one} /> },
  ];
  return (
    <article aria-label={t('cases.title')} className="print-flow flex min-h-full flex-col">
      <Header
        one={one}
        workflow={workflow}
        others={others}
        previous={previous}
        next={next}
        onAssigned={remember}
        onGo={go}
        onPrint={() => void print()}
        onCancel={() => setCancelling(true)}
      />
      {one.redacted && one.redacted.length > 0 && (
        <p role="note" className="mx-3 mt-3 rounded-lg border bg-surface p-3 text-sm text-muted">
          {t('cases.role_sees_no_personal_data')}
        </p>
      )}
      <DeskBar one={one} claim={current} onClaim={setClaim} taking={taking} onTaking={setTaking} onChanged={remember} />
      <Summary one={one} workflow={workflow} unread={unread} onOpen={openTab} onChanged={remember} />
      <CollectPanel one={one} workflow={workflow} onChanged={remember} />
      <div className="min-w-0 flex-1 p-3 no-print">
        <Tabs label={t('cases.title')} value={tab} onValueChange={openTab} tabs={tabs} />
      </div>
      <DecisionBar>
        <DecisionPanel
          one={one}
          workflow={workflow}
          draft={draft}
          change={change}
          clear={clear}
          onDecided={decided}
          onStale={(problem) => setStale(problem)}
          onClaimed={(holder) => {
            setClaim(holder);
            setTaking(true);
          }}
          onUndone={(fresh) => {
            remember(fresh);
            restoreCase(fresh.id);
            toast({ title: t('cases.undone'), tone: 'success' });
          }}
        />
        {orphaned && <KeptDraft one={one} draft={draft} onSaved={clear} />}
        {dirty && (
          <p className="text-xs text-muted">
            {t('cases.draft_kept')}{' '}
            <Button size="sm" variant="ghost" onClick={clear}>
              {t('cases.draft_drop')}
            </Button>
          </p>
        )}
      </DecisionBar>
      <PrintCase one={one} workflow={workflow} />
      {cancelling && one.status === 'active' && (
        <Cancellation
          one={one}
          onCancelled={(fresh) => {
            remember(fresh);
            forgetCase(fresh.id);
          }}
          onStale={(problem) => setStale(problem)}
          onClose={() => setCancelling(false)}
        />
      )}
      <StaleDialog
        problem={stale}
        onClose={() => {
          setStale(null);
          void queries.invalidateQueries({ queryKey: keys.case(one.id), exact: true });
        }}
      >
        {hasDecision(draft) && <KeptDraft one={one} draft={draft} onSaved={clear} />}
      </StaleDialog>
    </article>
  );
}
