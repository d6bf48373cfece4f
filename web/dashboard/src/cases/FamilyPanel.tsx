import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Case, childrenQuery, parentQuery } from '@/api';
import { useT } from '@/i18n';
import { Section, SkeletonLines } from '@/ui';
import { CaseRow } from './CaseRow';
import { doneOf, inOrder, knownChildren, placeOf } from './family';
import { PanelError } from './PanelError';

/** How often children that go on are asked for, in milliseconds. */
const interval = 5_000;

/** The case that has started this one, and those that this one has started. A case without family has nothing here. */
export function FamilyPanel({ one }: { one: Case }) {
  return (
    <>
      {one.parent && <ParentSection id={one.id} parent={one.parent} />}
      <ChildrenSection one={one} />
    </>
  );
}

function ParentSection({ id, parent }: { id: string; parent: NonNullable<Case['parent']> }) {
  const t = useT();
  const found = useQuery(parentQuery(id, parent.case));
  return (
    <Section title={t('cases.parent')} flush>
      {found.isPending ? (
        <SkeletonLines lines={1} label={t('common.loading')} />
      ) : (
        <ul>
          {found.data ? (
            <CaseRow other={found.data} />
          ) : (
            // It cannot be read now; its state is known all the same, and its own page shows the error.
            <li>
              <Link to="/cases/$caseId" params={{ caseId: parent.case }} className="block px-3 py-2 hover:bg-hover">
                <bdi className="font-medium">{parent.case}</bdi>
              </Link>
            </li>
          )}
        </ul>
      )}
    </Section>
  );
}

function ChildrenSection({ one }: { one: Case }) {
  const t = useT();
  const known = knownChildren(one.context);
  const found = useQuery({
    ...childrenQuery(one.id),
    // A parent knows of its children before they exist, and does not change when it has cancelled them.
    refetchInterval: ({ state: { data } }) =>
      data && (data.length < known || doneOf(data) < data.length) ? interval : false,
  });
  const children = useMemo(() => inOrder(found.data ?? []), [found.data]);
  // Most cases have no children, and no place is kept for them while they are asked for.
  if (known === 0 && !found.isError && children.length === 0) return null;
  return (
    <Section
      title={t('cases.children')}
      actions={
        found.isSuccess && (
          <span className="text-sm text-muted">
            {t('cases.children_done', { done: doneOf(children), total: Math.max(known, children.length) })}
          </span>
        )
      }
      flush
    >
      {found.isPending ? (
        <SkeletonLines label={t('common.loading')} />
      ) : found.isError ? (
        <PanelError error={found.error} onRetry={() => void found.refetch()} />
      ) : children.length === 0 ? (
        <p className="p-3 text-muted">{t('cases.children_none_yet')}</p>
      ) : (
        <ul>
          {children.map((child) => (
            <CaseRow key={child.id} other={child} detail={placeOf(child, children)} />
          ))}
        </ul>
      )}
    </Section>
  );
}
