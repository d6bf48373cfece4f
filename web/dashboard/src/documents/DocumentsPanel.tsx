import { Files, ScanFace } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { Case, CaseDocument, WorkflowDetail } from '@/api';
import { useTitle } from '@/i18n/titles';
import { useShortcuts } from '@/keyboard';
import { EmptyState, Section, Segmented } from '@/ui';
import { Compared, Findings } from './Compared';
import { byKind, compare, manyDocuments, ordered, zoneSource } from './compare';
import { Decide, type DocumentDecisionInput } from './Decide';
import { Faces } from './Faces';
import { Pills } from './Pills';
import { useT } from './texts';
import { Viewer } from './Viewer';

export interface DocumentsPanelProps {
  one: Case;
  workflow: WorkflowDetail | undefined;
  canDecide: boolean;
  why: string;
  onDecide: (documentId: string, decision: DocumentDecisionInput) => Promise<void>;
  /** Takes the newest decision about a document back. */
  onUndo: (documentId: string) => Promise<void>;
}

const faces = ['selfie', 'face', 'portrait', 'liveness'];

/** The documents of a case: viewed, compared with the declared data, decided one by one. */
export function DocumentsPanel({ one, workflow, canDecide, why, onDecide, onUndo }: DocumentsPanelProps) {
  const t = useT();
  const title = useTitle();
  // What the workflow calls a kind, in the reader's language.
  const longOf = ({ kind, title: original }: CaseDocument) =>
    title(workflow?.documents.find((one) => one.kind === kind) ?? { title: original }, kind);
  const titleOf = (document: CaseDocument) =>
    [longOf(document), document.side && t.maybe(`side.${document.side}`, document.side)].filter(Boolean).join(', ');
  const kindOf = (document: CaseDocument) => t.maybe(`kind.${document.kind}`, longOf(document));
  const shortOf = (document: CaseDocument) =>
    [kindOf(document), document.side && t.maybe(`side.${document.side}`, document.side)].filter(Boolean).join(', ');
  const groups = useMemo(() => {
    const all = ordered(one.documents ?? []);
    return all.length < manyDocuments ? [{ kind: '', documents: all }] : byKind(all);
  }, [one.documents]);
  const documents = useMemo(() => groups.flatMap((group) => group.documents), [groups]);
  const [chosen, setChosen] = useState('');
  const [mode, setMode] = useState<'one' | 'faces'>('one');
  const current = documents.find((document) => document.id === chosen) ?? documents[0];
  const at = current ? documents.indexOf(current) : -1;
  const selfie = documents.find((document) => faces.includes(document.kind));
  const portrait = documents.find(
    (document) =>
      !faces.includes(document.kind) &&
      document.content_type.startsWith('image/') &&
      (document.side ?? 'front') !== 'back',
  );
  const choose = (index: number) => {
    const next = documents[index];
    if (next) setChosen(next.id);
  };
  useShortcuts(t('cases.tab_documents'), [
    { keys: '[', label: t('documents.previous'), enabled: at > 0, run: () => choose(at - 1) },
    { keys: ']', label: t('documents.next'), enabled: at < documents.length - 1, run: () => choose(at + 1) },
    {
      keys: 'f',
      label: t('documents.faces'),
      enabled: Boolean(selfie && portrait),
      run: () => setMode(mode === 'faces' ? 'one' : 'faces'),
    },
  ]);
  if (!current) {
    return (
      <EmptyState icon={<Files className="size-6" />} title={t('documents.none')}>
        {workflow?.documents.some((kind) => kind.required) && t('documents.none_detail')}
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-start gap-2">
        <div
          role="group"
          aria-label={t('cases.tab_documents')}
          className="flex min-w-0 flex-1 basis-72 flex-col gap-1.5"
        >
          {groups.map((group) => (
            <Pills
              key={group.kind}
              group={group}
              title={group.kind && group.documents[0] ? kindOf(group.documents[0]) : ''}
              all={one.documents ?? []}
              current={current}
              marked={mode === 'one'}
              nameOf={shortOf}
              onChoose={(id) => {
                setChosen(id);
                setMode('one');
              }}
            />
          ))}
        </div>
        {selfie && portrait && (
          <Segmented
            label={t('documents.view')}
            value={mode}
            onValueChange={(value) => setMode(value === 'faces' ? 'faces' : 'one')}
            options={[
              { value: 'one', label: t('documents.single') },
              {
                value: 'faces',
                label: (
                  <>
                    <ScanFace className="size-3.5" /> {t('documents.faces')}
                  </>
                ),
              },
            ]}
          />
        )}
      </div>
      {mode === 'faces' && selfie && portrait ? (
        <Faces caseId={one.id} portrait={portrait} selfie={selfie} titleOf={titleOf} />
      ) : (
        <div className="grid gap-3 xl:grid-cols-[minmax(0,1.15fr)_minmax(21rem,1fr)]">
          <Section title={titleOf(current)} flush className="self-start overflow-hidden">
            <Viewer caseId={one.id} document={current} label={titleOf(current)} />
          </Section>
          <div className="flex min-w-0 flex-col gap-3">
            <Compared rows={compare(one, current)} source={zoneSource(current)} />
            <Findings document={current} />
            <Decide
              key={current.id}
              document={current}
              codes={workflow?.reasons['document'] ?? null}
              canDecide={canDecide}
              why={why}
              onDecide={onDecide}
              onUndo={onUndo}
            />
          </div>
        </div>
      )}
    </div>
  );
}
