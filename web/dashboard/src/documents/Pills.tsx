import { CircleAlert } from 'lucide-react';
import { useId } from 'react';
import type { CaseDocument } from '@/api';
import { Chip, cx } from '@/ui';
import { type DocumentGroup, findingsOf, replaced } from './compare';
import { useT } from './texts';
import { tones } from './tones';

/** The documents of a case, or of one kind: then with the kind's name and how many there are. */
export function Pills({
  group,
  title,
  all,
  current,
  marked,
  nameOf,
  onChoose,
}: {
  group: DocumentGroup;
  title: string;
  all: readonly CaseDocument[];
  current: CaseDocument;
  marked: boolean;
  nameOf: (document: CaseDocument) => string;
  onChoose: (id: string) => void;
}) {
  const t = useT();
  const heading = useId();
  return (
    <div className={cx(title && 'grid gap-x-2 gap-y-1 sm:grid-cols-[10rem_minmax(0,1fr)]')}>
      {title && (
        <h3 id={heading} className="flex items-center gap-1.5 self-start py-1 text-sm font-medium">
          <span className="min-w-0 truncate">{title}</span>
          <span className="rounded-full bg-hover px-1.5 text-xs leading-4.5 font-normal text-muted">
            {group.documents.length}
          </span>
        </h3>
      )}
      <ul
        aria-label={title ? undefined : t('cases.tab_documents')}
        aria-labelledby={title ? heading : undefined}
        className="flex min-w-0 flex-wrap gap-1.5"
      >
        {group.documents.map((document, n) => (
          <li key={document.id} className="shrink-0">
            <button
              type="button"
              aria-current={document.id === current.id || undefined}
              onClick={() => onChoose(document.id)}
              className={cx(
                'flex max-w-64 items-center gap-2 rounded-md border bg-surface text-left text-sm hover:bg-hover',
                title ? 'px-2 py-1' : 'px-2.5 py-1.5',
                document.id === current.id && marked && 'border-accent bg-selected',
                replaced(all, document) && 'border-dashed bg-transparent text-muted',
              )}
            >
              <span className="min-w-0 truncate">
                {title ? (
                  <>
                    <span className="sr-text">{title} </span>
                    {[document.side && t.maybe(`side.${document.side}`, document.side), String(n + 1)]
                      .filter(Boolean)
                      .join(' ')}
                  </>
                ) : (
                  nameOf(document)
                )}
              </span>
              <Chip tone={tones[document.status] ?? 'neutral'}>
                {t.maybe(`document.${document.status}`, document.status)}
              </Chip>
              {findingsOf(document).length > 0 && (
                <CircleAlert
                  aria-label={t('documents.findings', { count: findingsOf(document).length })}
                  className="size-4 shrink-0 text-warning"
                />
              )}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
