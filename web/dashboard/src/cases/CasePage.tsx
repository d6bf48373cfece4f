import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type ApiProblem, answer, asProblem, type Case, client, keys, workflowQuery } from '@/api';
import { DocumentsPanel } from '@/documents';
import { useT } from '@/i18n';
import { useShortcuts } from '@/keyboard';
import { forgetCase, neighbours, rememberedList } from '@/queue/neighbours';
import { useDraft, usePreferences, useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Button, EmptyState, ErrorState, SkeletonLines, type Tab, Tabs, toast } from '@/ui';
import { WorkflowView } from '@/workflows';
import { useActorName } from './actors';
import { DecisionPanel, undoSeconds } from './DecisionPanel';
import { emptyDraft } from './draft';
import { FamilyPanel } from './FamilyPanel';
import { Header } from './Header';
import { HistoryPanel } from './HistoryPanel';
import { ChecksPanel, DataPanel, NotesPanel, RelatedPanel } from './Panels';
import { PrintCase, usePrint } from './PrintCase';
import { StaleDialog } from './StaleDialog';
import { useCase, usePresence, useRemember } from './useCase';

const tabIds = ['documents', 'data', 'checks', 'notes', 'related', 'workflow', 'history'] as const;

/** A case: everything that it takes to decide it. */
export function CasePage() {
  const t = useT();
  const { caseId } = useParams({ from: '/signed-in/cases/$caseId' });
  const found = useCase(caseId);
  useTitle(found.data?.subject.name || found.data?.external_id || caseId);
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
        detail={problem.detail || t('common.unreachable')}
        requestId={problem.requestId}
        requestLabel={t('common.request')}
        retryLabel={t('common.retry')}
        onRetry={() => void found.refetch()}
      />
    );
  }
  return <SkeletonLines lines={10} label={t('common.loading')} />;
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
  const { draft, change, clear, dirty } = useDraft(one.id, emptyDraft);
  const others = usePresence(one.id, dirty);
  const [stale, setStale] = useState<ApiProblem | null>(null);
  const noteBox = useRef<HTMLTextAreaElement>(null);

  const { previous, next } = useMemo(() => neighbours(rememberedList().ids, one.id), [one.id]);
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

  // A decision by somebody else is said at once: what was seen before it may not hold any more.
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

  const undo = async (fresh: Case) => {
    try {
      const now = queries.getQueryData<Case>(keys.case(fresh.id)) ?? fresh;
      const back = await answer(
        client.POST('/v1/cases/{id}/undo', {
          params: { path: { id: fresh.id }, header: { 'If-Match': `"${now.version}"` } },
        }),
      );
      remember(back);
      toast({ title: t('cases.undone'), tone: 'success' });
      go(fresh.id);
    } catch (error) {
      toast({
        title: t('cases.undo_failed'),
        description: asProblem(error).detail || t('common.unreachable'),
        tone: 'danger',
      });
    }
  };
  const decided = (fresh: Case, event: string) => {
    remember(fresh);
    forgetCase(fresh.id);
    toast({
      title: t('cases.decided_toast', {
        decision: t.maybe(`decided.${event}`, event),
        name: fresh.subject.name || fresh.id,
      }),
      tone: 'success',
      duration: undoSeconds * 1000,
      countdown: true,
      action: { label: t('cases.undo'), onClick: () => void undo(fresh) },
    });
    if (autoNext && next) go(next);
  };

  const print = usePrint(one.id, one.parent?.case);
  useEffect(() => {
    // The browser's own command, too, waits until everything is there.
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
        description: asProblem(error).detail || t('common.unreachable'),
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

  const decideDocument = async (
    documentId: string,
    decision: { decision: 'approved' | 'rejected' | 'revision'; reason?: string; comment?: string },
  ) => {
    try {
      remember(
        await answer(
          client.POST('/v1/cases/{id}/documents/{document}/decision', {
            params: { path: { id: one.id, document: documentId }, header: { 'If-Match': `"${one.version}"` } },
            body: decision,
          }),
        ),
      );
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 412) setStale(problem);
      else toast({ title: t('common.failed'), description: problem.detail || t('common.unreachable'), tone: 'danger' });
      throw error;
    }
  };
  const mayDecide = can('cases:decide') && one.status === 'active';
  const tabs: Tab[] = [
    {
      value: 'documents',
      label: t('cases.tab_documents'),
      count: one.documents?.length,
      content: (
        <DocumentsPanel
          one={one}
          workflow={workflow}
          canDecide={mayDecide}
          why={can('cases:decide') ? t('cases.closed') : t('cases.role_cannot_decide')}
          onDecide={decideDocument}
        />
      ),
    },
    { value: 'data', label: t('cases.tab_data'), content: <DataPanel one={one} workflow={workflow} /> },
    {
      value: 'checks',
      label: t('cases.tab_checks'),
      count: one.incidents?.length,
      content: <ChecksPanel one={one} onChanged={remember} />,
    },
    {
      value: 'notes',
      label: t('cases.tab_notes'),
      content: <NotesPanel one={one} draft={draft} change={change} box={noteBox} />,
    },
    {
      value: 'related',
      label: t('cases.tab_related'),
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
    <article aria-label={t('cases.title')} className="print-flow">
      <Header
        one={one}
        workflow={workflow}
        others={others}
        previous={previous}
        next={next}
        onAssigned={remember}
        onGo={go}
        onPrint={() => void print()}
      />
      <div className="grid gap-3 p-3 lg:grid-cols-[minmax(0,1fr)_22rem] no-print">
        <div className="min-w-0 max-lg:order-2">
          <Tabs label={t('cases.title')} value={tab} onValueChange={openTab} tabs={tabs} />
        </div>
        <aside
          aria-label={t('cases.decision')}
          className="flex flex-col gap-3 max-lg:order-1 lg:sticky lg:top-3 lg:self-start"
        >
          <DecisionPanel
            one={one}
            workflow={workflow}
            draft={draft}
            change={change}
            clear={clear}
            onDecided={decided}
            onStale={(problem) => setStale(problem)}
            onUndone={(fresh) => {
              remember(fresh);
              toast({ title: t('cases.undone'), tone: 'success' });
            }}
          />
          {one.risk && one.risk.reasons.length > 0 && (
            <section aria-label={t('cases.risk')} className="rounded-lg border bg-surface p-3">
              <h2 className="mb-1 text-sm font-semibold">{t('cases.why_here')}</h2>
              <ul className="list-disc pl-4 text-sm">
                {one.risk.reasons.map((reason) => (
                  <li key={reason}>{reason}</li>
                ))}
              </ul>
            </section>
          )}
          {one.message && (
            <section aria-label={t('cases.message')} className="rounded-lg border bg-surface p-3 text-sm">
              <h2 className="mb-1 font-semibold">{t('cases.message')}</h2>
              {one.message.text && (
                <p className="whitespace-pre-wrap">
                  <bdi>{one.message.text}</bdi>
                </p>
              )}
              <ul className="list-disc pl-4">
                {(one.message.documents ?? []).map((asked) => (
                  <li key={asked.id}>
                    {asked.kind}: {t.maybe(`reason.${asked.reason}`, asked.reason)}
                  </li>
                ))}
              </ul>
            </section>
          )}
          {dirty && (
            <p className="text-xs text-muted">
              {t('cases.draft_kept')}{' '}
              <Button size="sm" variant="ghost" onClick={clear}>
                {t('cases.draft_drop')}
              </Button>
            </p>
          )}
        </aside>
      </div>
      <PrintCase one={one} workflow={workflow} />
      <StaleDialog
        problem={stale}
        onClose={() => {
          setStale(null);
          void queries.invalidateQueries({ queryKey: keys.case(one.id), exact: true });
        }}
      />
    </article>
  );
}
