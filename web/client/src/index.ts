export { awaitsReview, type Case, ended, type File, uploadDocument, waitForCase } from './cases.ts';
export { answer, type Client, createClient, each, etag, idempotencyKey, type Options } from './client.ts';
export { ApiProblem, type Circumstances, hasCode, type ProblemField } from './problem.ts';
export type { Retry } from './retry.ts';
export type { components, operations, paths } from './schema.ts';
export { SignatureError, verifyWebhook, type WebhookEvent } from './webhook.ts';
