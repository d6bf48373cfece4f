import { answer, type Client, idempotencyKey } from './client.ts';
import { ApiProblem } from './problem.ts';
import { sleep, withRetries } from './retry.ts';
import type { components } from './schema.ts';

type Schemas = components['schemas'];
export type Case = Schemas['Case'];

export interface File {
  /** One of the workflow's, such as "passport". */
  kind: string;
  side?: 'front' | 'back';
  contentType: string;
  content: Uint8Array<ArrayBuffer>;
  /** What is known of it. */
  properties?: Record<string, unknown>;
  /** Of the announcement: with the same key an upload can be taken up again, while its link is valid. */
  idempotencyKey?: string;
}

/** Announces a document of a case and sends its bytes to the link that it is given, without the credential. */
export async function uploadDocument(client: Client, id: string, file: File): Promise<Schemas['Document']> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', file.content));
  const { document, upload } = await answer(
    client.POST('/v1/cases/{id}/documents', {
      params: { path: { id }, header: { 'Idempotency-Key': file.idempotencyKey ?? idempotencyKey() } },
      body: {
        kind: file.kind,
        side: file.side,
        content_type: file.contentType,
        size: file.content.length,
        sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
        properties: file.properties,
      },
    }),
  );
  const request = new Request(upload.url, { method: upload.method, headers: upload.headers, body: file.content });
  try {
    await withRetries(fetch)(request);
  } catch (error) {
    // The link takes exactly these bytes, once: they are there, from an attempt whose answer was lost.
    if (!(error instanceof ApiProblem) || error.status !== 412) throw error;
  }
  return document;
}

/** Looks at a case until it is as the caller wants it, at growing intervals, and as long as the signal lets it. */
export async function waitForCase(
  client: Client,
  id: string,
  until: (one: Case) => boolean,
  signal: AbortSignal,
): Promise<Case> {
  for (let pause = 200; ; pause = Math.min(pause * 1.5, 5000)) {
    const one = await answer(client.GET('/v1/cases/{id}', { params: { path: { id } }, signal }));
    if (until(one)) return one;
    await sleep(pause, signal);
  }
}

/** A case has ended: it is completed, failed or cancelled. */
export const ended = (one: Case): boolean => one.status !== 'active';

/** There are no automatic steps left: a case has ended, or waits for a reviewer. */
export const awaitsReview = (one: Case): boolean => ended(one) || one.tags.includes('manual_review');
