import { useVirtualizer } from '@tanstack/react-virtual';
import { Minus, Plus } from 'lucide-react';
import type { PDFDocumentProxy, RenderTask } from 'pdfjs-dist';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useFormats } from '@/i18n';
import { IconButton, SkeletonLines } from '@/ui';
import { pdfjs } from './pdf';
import { useT } from './texts';

type Pdf = PDFDocumentProxy;

/** The pages of a PDF, drawn as they come into sight: two hundred scroll as well as two. */
export function PdfPages({
  url,
  label,
  turns,
  tools,
  onBroken,
}: {
  url: string;
  label: string;
  turns: number;
  tools: ReactNode;
  onBroken: () => void;
}) {
  const t = useT();
  const { number } = useFormats();
  const [pdf, setPdf] = useState<Pdf | null>(null);
  const [scale, setScale] = useState(1);
  const [size, setSize] = useState({ width: 600, height: 850 });
  const scroller = useRef<HTMLDivElement>(null);
  const fail = useRef(onBroken);
  fail.current = onBroken;
  useEffect(() => {
    let here = true;
    const task = pdfjs.getDocument({ url, enableXfa: false });
    task.promise
      .then(async (document) => {
        const first = await document.getPage(1);
        const { width, height } = first.getViewport({ scale: 1 });
        if (!here) return;
        const available = (scroller.current?.clientWidth ?? 640) - 24;
        setSize({ width, height });
        setScale(Math.min(2, Math.max(0.4, available / width)));
        setPdf(document);
      })
      .catch(() => here && fail.current());
    return () => {
      here = false;
      void task.destroy();
    };
  }, [url]);
  const sideways = turns % 2 === 1;
  const width = (sideways ? size.height : size.width) * scale;
  const height = (sideways ? size.width : size.height) * scale;
  const virtual = useVirtualizer({
    count: pdf?.numPages ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => height + 12,
    overscan: 1,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: pages have another height after zooming or turning
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const at = virtual.range?.startIndex ?? items[0]?.index ?? 0;
  return (
    <>
      <div
        role="toolbar"
        aria-label={t('documents.tools')}
        className="flex items-center gap-0.5 border-b bg-surface px-1"
      >
        <p role="status" className="flex-1 px-2 text-xs text-muted">
          {pdf && t('documents.page', { page: number(at + 1), pages: number(pdf.numPages) })}
        </p>
        <IconButton
          size="sm"
          label={t('documents.zoom_out')}
          icon={<Minus className="size-4" />}
          onClick={() => setScale((old) => Math.max(0.25, old / 1.25))}
        />
        <IconButton
          size="sm"
          label={t('documents.zoom_in')}
          icon={<Plus className="size-4" />}
          onClick={() => setScale((old) => Math.min(6, old * 1.25))}
        />
        {tools}
      </div>
      <div
        ref={scroller}
        role="region"
        aria-label={label}
        tabIndex={0}
        className="h-[min(34rem,60vh)] overflow-auto in-[:fullscreen]:h-dvh"
      >
        {pdf ? (
          <div className="relative mx-auto" style={{ height: virtual.getTotalSize(), width }}>
            {items.map((item) => (
              <div
                key={item.key}
                className="absolute left-0 top-0"
                style={{ transform: `translateY(${item.start}px)`, height, width }}
              >
                <Page
                  pdf={pdf}
                  page={item.index + 1}
                  scale={scale}
                  turns={turns}
                  label={t('documents.page', { page: number(item.index + 1), pages: number(pdf.numPages) })}
                />
              </div>
            ))}
          </div>
        ) : (
          <SkeletonLines lines={10} label={t('common.loading')} />
        )}
      </div>
    </>
  );
}

function Page({
  pdf,
  page,
  scale,
  turns,
  label,
}: {
  pdf: Pdf;
  page: number;
  scale: number;
  turns: number;
  label: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let task: RenderTask | undefined;
    let here = true;
    void pdf.getPage(page).then((one) => {
      const target = canvas.current;
      if (!here || !target) return;
      const sharp = Math.min(2, window.devicePixelRatio || 1);
      const viewport = one.getViewport({ scale: scale * sharp, rotation: (one.rotate + turns * 90) % 360 });
      target.width = viewport.width;
      target.height = viewport.height;
      target.style.width = `${viewport.width / sharp}px`;
      target.style.height = `${viewport.height / sharp}px`;
      task = one.render({ canvas: target, viewport });
      task.promise.catch(() => undefined); // it was cancelled: another drawing comes
    });
    return () => {
      here = false;
      task?.cancel();
    };
  }, [pdf, page, scale, turns]);
  return <canvas ref={canvas} role="img" aria-label={label} className="border bg-white" />;
}
