import { ApiProblem, answer, client, idempotencyKey } from '@/api';

/** Announces a document and uploads its bytes; errors of the upload are reported with the given texts. */
export async function sendDocument(id: string, kind: string, side: string, file: File, refused: string): Promise<void> {
  const bytes = await file.arrayBuffer();
  const { upload } = await answer(
    client.POST('/v1/cases/{id}/documents', {
      params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } },
      body: { kind, side: side || undefined, content_type: file.type, size: file.size, sha256: await sha256(bytes) },
    }),
  );
  let sent: Response;
  try {
    sent = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: bytes });
  } catch {
    throw new ApiProblem(0, { code: 'unreachable', detail: refused });
  }
  if (!sent.ok) throw new ApiProblem(sent.status, { code: 'upload_failed', detail: refused });
  await received(id, kind, side);
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Waits a little until the case knows that the bytes are there: the object store reports them. */
async function received(id: string, kind: string, side: string): Promise<void> {
  for (let look = 0; look < 8; look++) {
    const { data } = await answer(client.GET('/v1/cases/{id}/documents', { params: { path: { id } } }));
    const newest = data.findLast((document) => document.kind === kind && (document.side ?? '') === side);
    if (newest?.status !== 'awaiting_upload') return;
    await new Promise((done) => setTimeout(done, 250 * (look + 1)));
  }
}
