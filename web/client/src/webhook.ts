import { Webhook } from 'standardwebhooks';
import type { components } from './schema.ts';

type Schemas = components['schemas'];

/** What webhooks deliver, by `type`. A later version of the system may deliver more. */
export type WebhookEvent =
  | Schemas['CaseAssignedEvent']
  | Schemas['CaseCancelledEvent']
  | Schemas['CaseCompletedEvent']
  | Schemas['CaseCreatedEvent']
  | Schemas['CaseDecisionEvent']
  | Schemas['CaseDecisionProposedEvent']
  | Schemas['CaseFailedEvent']
  | Schemas['CaseIncidentEvent']
  | Schemas['CaseNotifyEvent']
  | Schemas['CaseStateChangedEvent']
  | Schemas['WebhookDisabledEvent']
  | Schemas['WebhookTestEvent']
  | (Omit<Schemas['WorkflowEvent'], 'type'> & { type: `workflow.${string}` });

/** A delivery that was not signed with the secret, was changed on its way, or is older than five minutes. */
export class SignatureError extends Error {
  override name = 'SignatureError';
}

/**
 * Verifies a delivery over its raw body, with the secret that creating the subscription returned, or with several. It comes at
 * least once and in any order: keep `id`, and compare the version in `data`.
 */
export function verifyWebhook(
  secrets: string | readonly string[],
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
): WebhookEvent {
  const raw = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
  const flat: Record<string, string> = {};
  for (const [name, value] of headers instanceof Headers ? headers : Object.entries(headers)) {
    if (typeof value === 'string') flat[name.toLowerCase()] = value;
  }
  let cause: unknown = new Error('no secret was given');
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    try {
      return new Webhook(secret).verify(raw, flat) as WebhookEvent;
    } catch (error) {
      cause = error;
    }
  }
  throw new SignatureError('the signature of the webhook is not valid', { cause });
}
