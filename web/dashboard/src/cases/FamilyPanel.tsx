import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Case, childrenQuery, parentQuery } from '@/api';
import { useT } from '@/i18n';
import { labelOf } from '@/queue/schema';
import { Section, SkeletonLines } from '@/ui';
import { CaseRow } from './CaseRow';
import { doneOf, inOrder, knowsChildren, severalWorks } from './family';
import { PanelError } from './Panels';

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
            // It cannot be read now; where it is, is known all the same, and its own page says what is wrong.
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
  const found = useQuery(childrenQuery(one.id));
  const children = useMemo(() => inOrder(found.data ?? []), [found.data]);
  // Most cases have no children, and no place is kept for them while they are asked for.
  if (found.isPending && !knowsChildren(one.context)) return null;
  if (found.isSuccess && children.length === 0) return null;
  const named = severalWorks(children);
  return (
    <Section
      title={t('cases.children')}
      actions={
        children.length > 0 && (
          <span className="text-sm text-muted">
            {t('cases.children_done', { done: doneOf(children), total: children.length })}
          </span>
        )
      }
      flush
    >
      {found.isPending ? (
        <SkeletonLines label={t('common.loading')} />
      ) : found.isError ? (
        <PanelError error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <ul>
          {children.map((child) => (
            <CaseRow key={child.id} other={child} detail={named && child.parent ? labelOf(child.parent.work) : ''} />
          ))}
        </ul>
      )}
    </Section>
  );
}
