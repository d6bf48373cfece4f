import { queryOptions } from '@tanstack/react-query';
import { answer, type Case, type CaseDocument, client } from '@/api';

// The documents of a case as images, for paper. Printing them counts as viewing them: the history records it.

/** At most this many pages of one document are printed; the rest is counted on paper. */
const maxPages = 40;

export interface Picture {
  document: CaseDocument;
  /** URLs of images, one per page; empty when the document cannot be shown. */
  pages: string[];
  /** How many pages the document has. */
  of: number;
}

/** The documents that can be viewed. */
export function printable(one: Case): CaseDocument[] {
  return (one.documents ?? []).filter(
    (document) => document.status !== 'awaiting_upload' && document.status !== 'refused',
  );
}

/** The images are rendered for each printing, and released a while later. */
export const appendixQuery = (one: Case) =>
  queryOptions({
    queryKey: ['appendix', one.id],
    queryFn: async (): Promise<Picture[]> => {
      const found: Picture[] = [];
      for (const document of printable(one)) found.push(await pictureOf(one.id, document));
      return found;
    },
    staleTime: 0,
    gcTime: 5 * 60_000,
    retry: false,
  });

async function pictureOf(id: string, document: CaseDocument): Promise<Picture> {
  try {
    const { url } = await answer(
      client.GET('/v1/cases/{id}/documents/{document}/link', { params: { path: { id, document: document.id } } }),
    );
    if (document.content_type === 'application/pdf') return { document, ...(await renderPages(url)) };
    const image = new Image();
    image.src = url;
    await image.decode();
    return { document, pages: [url], of: 1 };
  } catch {
    return { document, pages: [], of: 0 }; // damaged, or of a kind that browsers do not show
  }
}

/** The pages of a PDF, rendered one after the other. */
async function renderPages(url: string): Promise<Omit<Picture, 'document'>> {
  const { pdfjs } = await import('@/documents/pdf');
  const task = pdfjs.getDocument({ url, enableXfa: false });
  try {
    const pdf = await task.promise;
    const pages: string[] = [];
    for (let number = 1; number <= Math.min(pdf.numPages, maxPages); number++) {
      const page = await pdf.getPage(number);
      const viewport = page.getViewport({ scale: 1.5 });
      const canvas = document.createElement('canvas');
      canvas.width = viewport.width;
      canvas.height = viewport.height;
      await page.render({ canvas, viewport }).promise;
      pages.push(canvas.toDataURL('image/jpeg', 0.85));
      page.cleanup();
    }
    return { pages, of: pdf.numPages };
  } finally {
    void task.destroy();
  }
}
