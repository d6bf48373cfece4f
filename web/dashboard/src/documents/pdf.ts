import * as pdfjs from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';

// The library that renders PDFs, with its worker. It is large: import it only where a PDF is rendered.

pdfjs.GlobalWorkerOptions.workerSrc = workerUrl;

export { pdfjs };
