import { useState } from 'react';
import type { CaseDocument } from '@/api';
import { useSession } from '@/session';
import { Button, cx, Section } from '@/ui';
import { frameShape, type Part, placed, portraitIn } from './portrait';
import { useT } from './texts';
import { useDocumentLink } from './useLink';
import { Viewer, visible } from './Viewer';

export interface FacesProps {
  caseId: string;
  portrait: CaseDocument;
  selfie: CaseDocument;
  titleOf: (document: CaseDocument) => string;
}

/** The portrait of a document beside the selfie, at the same size. The files stay as they are: only what is shown is cut. */
export function Faces({ caseId, portrait, selfie, titleOf }: FacesProps) {
  const t = useT();
  const [full, setFull] = useState(false);
  return (
    <Section
      title={t('documents.faces_title')}
      flush
      actions={
        <Button size="sm" variant="ghost" aria-pressed={full} onClick={() => setFull(!full)}>
          {t('documents.faces_whole')}
        </Button>
      }
    >
      <p className="px-3 py-2 text-sm text-muted">{t('documents.faces_detail')}</p>
      <div className={cx('grid gap-px bg-line', full ? 'sm:grid-cols-2' : 'grid-cols-2')}>
        {[portrait, selfie].map((document) => (
          <div key={document.id} className="min-w-0 bg-surface">
            <p className="truncate px-3 py-1 text-xs font-medium text-muted">{titleOf(document)}</p>
            {full ? (
              <Viewer compact caseId={caseId} document={document} label={titleOf(document)} />
            ) : (
              <Face caseId={caseId} document={document} label={titleOf(document)} cut={document.id === portrait.id} />
            )}
          </div>
        ))}
      </div>
    </Section>
  );
}

/** One face in the frame. Cut: the document's page is shown where its portrait is. */
function Face({
  caseId,
  document,
  label,
  cut,
}: {
  caseId: string;
  document: CaseDocument;
  label: string;
  cut: boolean;
}) {
  const t = useT();
  const { can } = useSession();
  const allowed = can('documents:read') && visible(document);
  const link = useDocumentLink(caseId, document.id, allowed);
  const [part, setPart] = useState<Part | null | undefined>(undefined); // undefined: the picture has not come yet
  const [broken, setBroken] = useState(false);
  if (!allowed || !link.data || broken) return <Viewer compact caseId={caseId} document={document} label={label} />;
  return (
    <>
      <div className="flex justify-center bg-canvas p-2">
        <div
          className="relative w-full max-w-72 overflow-hidden rounded-md bg-surface"
          style={{ aspectRatio: frameShape }}
          data-part={cut && part ? 'portrait' : 'whole'}
        >
          <img
            src={link.data.url}
            alt={label}
            draggable={false}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setPart(portraitIn(naturalWidth, naturalHeight))
            }
            onError={() => setBroken(true)}
            className={cx(
              cut && part ? 'absolute max-w-none' : 'size-full',
              cut && !part ? 'object-contain' : 'object-cover',
              cut && part === undefined && 'invisible',
            )}
            style={cut && part ? placed(part) : undefined}
          />
        </div>
      </div>
      {cut && part === null && (
        <p role="note" className="px-3 pb-2 text-xs text-muted">
          {t('documents.faces_not_located')}
        </p>
      )}
    </>
  );
}
