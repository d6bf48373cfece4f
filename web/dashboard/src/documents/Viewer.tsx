import { Download, Expand, EyeOff, FileX2, Minus, Plus, RotateCwSquare, Scan, X } from 'lucide-react';
import { type KeyboardEvent, lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { type ReactZoomPanPinchContentRef, TransformComponent, TransformWrapper } from 'react-zoom-pan-pinch';
import { asProblem, type CaseDocument } from '@/api';
import { reasonOf } from '@/i18n';
import { useSession } from '@/session';
import { cx, EmptyState, ErrorState, IconButton, SkeletonLines } from '@/ui';
import { useDocumentLink } from './useLink';
import './zoom.css';
import { useT } from './texts';

const PdfPages = lazy(() => import('./PdfPages').then((m) => ({ default: m.PdfPages })));

/** Statuses in which there is something to view. */
export function visible(document: CaseDocument): boolean {
  return document.status !== 'awaiting_upload' && document.status !== 'refused';
}

/** What a downloaded file is called: nothing personal is in it. */
export function fileName(document: CaseDocument): string {
  const end = { 'image/jpeg': 'jpg', 'image/png': 'png', 'application/pdf': 'pdf' }[document.content_type] ?? 'bin';
  return `${[document.kind, document.side, document.id].filter(Boolean).join('-')}.${end}`;
}

/** A document viewer: zoom, pan, rotate, pages, full screen, download. */
export function Viewer({
  caseId,
  document,
  compact,
  label,
}: {
  caseId: string;
  document: CaseDocument;
  compact?: boolean;
  label: string;
}) {
  const t = useT();
  const { can } = useSession();
  const allowed = can('documents:read');
  const link = useDocumentLink(caseId, document.id, allowed && visible(document));
  const [turns, setTurns] = useState(0);
  const [broken, setBroken] = useState(false);
  const [shape, setShape] = useState<number | null>(null); // width by height, as it stands upright
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useRef<ReactZoomPanPinchContentRef>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another document starts as it is
  useEffect(() => {
    setTurns(0);
    setShape(null);
    setBroken(false);
  }, [document.id]);
  if (!allowed) return <EmptyState icon={<EyeOff className="size-6" />} title={t('documents.role')} />;
  if (document.status === 'awaiting_upload')
    return <EmptyState title={t('documents.awaiting')}>{t('documents.awaiting_detail')}</EmptyState>;
  if (document.status === 'refused') {
    return (
      <EmptyState icon={<FileX2 className="size-6" />} title={t('documents.refused')}>
        {t('documents.refused_detail')}
      </EmptyState>
    );
  }
  if (link.isPending) return <SkeletonLines lines={8} label={t('common.loading')} />;
  if (link.isError) {
    const problem = asProblem(link.error);
    return (
      <ErrorState
        title={t('common.load_failed')}
        detail={reasonOf(t, problem)}
        requestId={problem.requestId}
        requestLabel={t('common.request')}
        retryLabel={t('common.retry')}
        onRetry={() => void link.refetch()}
      />
    );
  }
  const { url } = link.data;
  const pdf = document.content_type === 'application/pdf';
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions: Record<string, () => void> = {
      '+': () => zoom.current?.zoomIn(),
      '=': () => zoom.current?.zoomIn(),
      '-': () => zoom.current?.zoomOut(),
      '0': () => zoom.current?.resetTransform(),
      '.': () => setTurns((n) => (n + 1) % 4),
    };
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      event.stopPropagation();
      action();
    }
  };
  const tools = (
    <>
      {!pdf && (
        <IconButton
          size="sm"
          label={t('documents.zoom_out')}
          icon={<Minus className="size-4" />}
          onClick={() => zoom.current?.zoomOut()}
        />
      )}
      {!pdf && (
        <IconButton
          size="sm"
          label={t('documents.zoom_in')}
          icon={<Plus className="size-4" />}
          onClick={() => zoom.current?.zoomIn()}
        />
      )}
      {!pdf && (
        <IconButton
          size="sm"
          label={t('documents.fit')}
          icon={<Scan className="size-4" />}
          onClick={() => zoom.current?.resetTransform()}
        />
      )}
      <IconButton
        size="sm"
        label={t('documents.rotate')}
        icon={<RotateCwSquare className="size-4" />}
        onClick={() => setTurns((n) => (n + 1) % 4)}
      />
      {!compact && (
        <IconButton
          size="sm"
          label={t('documents.full_screen')}
          icon={<Expand className="size-4" />}
          onClick={() => void frame.current?.requestFullscreen?.()}
        />
      )}
      <a
        href={url}
        download={fileName(document)}
        className="inline-flex size-7 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink"
        aria-label={t('documents.download')}
        title={t('documents.download')}
      >
        <Download className="size-4" />
      </a>
    </>
  );
  return (
    <div ref={frame} className="relative flex min-h-0 flex-col bg-canvas fullscreen:bg-canvas">
      {broken ? (
        <Broken tools={tools}>{t('documents.broken_detail')}</Broken>
      ) : pdf ? (
        <Suspense fallback={<SkeletonLines lines={8} label={t('common.loading')} />}>
          <PdfPages url={url} label={label} turns={turns} tools={tools} onBroken={() => setBroken(true)} />
        </Suspense>
      ) : (
        <>
          <div
            role="toolbar"
            aria-label={t('documents.tools')}
            className="flex items-center justify-end gap-0.5 border-b bg-surface px-1"
          >
            {tools}
          </div>
          <div
            role="group"
            aria-label={label}
            tabIndex={0}
            onKeyDown={onKeyDown}
            className={cx(
              'w-full max-h-[min(44rem,75dvh)] in-[:fullscreen]:h-dvh in-[:fullscreen]:max-h-none',
              compact && 'h-72',
              !compact && !shape && 'h-[min(34rem,60vh)]',
            )}
            style={compact || !shape ? undefined : { aspectRatio: turns % 2 ? 1 / shape : shape }}
          >
            <TransformWrapper
              key={document.id}
              ref={zoom}
              minScale={0.5}
              maxScale={12}
              centerOnInit
              wheel={{ step: 0.15 }}
              doubleClick={{ mode: 'toggle' }}
            >
              <TransformComponent
                wrapperClass="zoom-wrapper"
                contentClass="zoom-content"
                wrapperStyle={{ width: '100%', height: '100%' }}
                contentStyle={{ width: '100%', height: '100%' }}
              >
                <img
                  src={url}
                  alt={label}
                  draggable={false}
                  onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
                    setShape(naturalWidth > 0 && naturalHeight > 0 ? naturalWidth / naturalHeight : null)
                  }
                  onError={() => setBroken(true)}
                  className="size-full object-contain"
                  style={{ rotate: `${turns * 90}deg` }}
                />
              </TransformComponent>
            </TransformWrapper>
          </div>
        </>
      )}
    </div>
  );
}

function Broken({ tools, children }: { tools: ReactNode; children: ReactNode }) {
  const t = useT();
  return (
    <>
      <div role="toolbar" aria-label={t('documents.tools')} className="flex justify-end border-b bg-surface px-1">
        {tools}
      </div>
      <EmptyState icon={<X className="size-6" />} title={t('documents.broken')}>
        {children}
      </EmptyState>
    </>
  );
}
