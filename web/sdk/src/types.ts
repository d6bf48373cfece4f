import type { components } from './schema.ts';

type Schemas = components['schemas'];

/** What `GET /v1/flow/state` answers: the case, and its pages. */
export type FlowState = Schemas['FlowState'];
export type PageState = Schemas['PageState'];
export type ElementState = Schemas['ElementState'];
export type FileState = Schemas['FileState'];
export type FlowDocument = Schemas['FlowDocument'];
export type Remaining = Schemas['Remaining'];

/** Answers by field, as a page names them: `{'applicant.name.given': 'Ada'}`. `null` takes an answer out; a group is a whole list. */
export type Answers = Readonly<Record<string, unknown>>;

/** What is wrong with an answer. `message` is empty where only the client has found it: the words are yours then. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** A fault with its place: the field of an element (`owners[0].name`), or a part of its answer (`applicant.address.city`). */
export interface FieldFault extends Fault {
  readonly field: string;
}

/** An element with what was entered laid over what the server has, and with its portable rules worked out. */
export interface ElementView extends Omit<ElementState, 'elements' | 'items' | 'faults'> {
  readonly elements?: readonly ElementState[] | null;
  readonly items?: readonly (readonly ElementView[])[];
  readonly faults?: readonly Fault[] | null;
}

export interface PageView extends Omit<PageState, 'elements'> {
  readonly elements: readonly ElementView[];
}

/** What answers lead to, before the server has them. */
export interface Validation {
  readonly page: PageView;
  /** Nothing is wrong that a client can see. The server sees more. */
  readonly valid: boolean;
  readonly faults: readonly FieldFault[];
}

/** Works out pages before the server answers. `rules` of this package does; without it, pages are as the server has reported them last. */
export interface Rules {
  pages(state: FlowState, answers: Answers, now: Date): readonly PageView[];
  validate(state: FlowState, page: PageState, answers: Answers, now: Date): Validation;
}

/**
 * Why a call did not do what it was asked for:
 * - `refused`: the server has refused it, `fields` say where. Sending the same again does not help.
 * - `conflict`: the answers were changed elsewhere since. Nothing was overwritten; the snapshot has what there is now. The same call again goes through.
 * - `closed`: the case does not wait for the applicant.
 * - `expired`: the token is not valid, and `getToken` had no other. Pending saves stay pending.
 * - `offline`: there was no answer, and the call may be made again.
 * - `failed`: the server could not do it.
 * - `cancelled`: the caller has ended it.
 */
export type FailureKind = 'refused' | 'conflict' | 'closed' | 'expired' | 'offline' | 'failed' | 'cancelled';

export interface Failure {
  readonly kind: FailureKind;
  /** The server's code (docs/reference/errors.md), or one of this package: `unreachable`, `changed`, `no_page`, `destroyed`, … */
  readonly code: string;
  /** 0 without an answer. */
  readonly status: number;
  readonly message: string;
  readonly fields: readonly FieldFault[];
  /** For support: the id of the request. */
  readonly requestId?: string;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T; readonly error?: never }
  | { readonly ok: false; readonly error: Failure; readonly value?: never };

/** How far an upload is. `checking`: all bytes are there, and the server has not noted it yet. */
export interface UploadProgress {
  readonly phase: 'preparing' | 'sending' | 'checking' | 'done' | 'failed';
  readonly sent: number;
  readonly total: number;
  readonly error?: Failure;
}

/** Everything there is to show. A snapshot is never changed: each change makes another one. */
export interface Snapshot {
  /** `loading` until the first answer; `expired` when a new link is needed; `failed` when there is no first answer. */
  readonly status: 'loading' | 'ready' | 'expired' | 'failed' | 'destroyed';
  readonly locale: string;
  /** What the server has answered last. */
  readonly state: FlowState | undefined;
  /** The page the applicant is on. */
  readonly page: PageState | undefined;
  readonly pageId: string | undefined;
  /** `waiting`: the network or the token is missing; everything that was entered is kept as long as the page lives. */
  readonly saving: 'idle' | 'saving' | 'waiting';
  /** Saves that the server does not have yet. */
  readonly pending: number;
  /** By kind, or kind/side. */
  readonly uploads: Readonly<Record<string, UploadProgress>>;
  /** Why the last reading has failed. */
  readonly error: Failure | undefined;
}

export interface Events {
  page: { readonly pageId: string | undefined };
  saved: { readonly page: string; readonly state: FlowState };
  refused: Failure;
  uploaded: { readonly document: FlowDocument };
  submitted: { readonly state: FlowState };
  expired: Failure;
  offline: Failure;
  online: undefined;
}

/** A file to upload. Everything that has bytes: a Blob or File of a browser, or the bytes themselves. */
export interface Upload {
  /** The kind of the document: `document` of the element. */
  readonly document: string;
  readonly side?: string;
  readonly content: Uint8Array<ArrayBuffer> | BlobLike;
  /** `type` of the content where it has one. */
  readonly contentType?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: UploadProgress) => void;
}

export interface BlobLike {
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface Retry {
  /** Attempts of a call, the first among them. Default 4. Saves are repeated as long as there is no answer. */
  readonly attempts?: number;
  /** Milliseconds after the first attempt; it doubles each time, less up to half of it by chance. Default 500. */
  readonly pause?: number;
  /** The longest pause. Default 30,000. */
  readonly longest?: number;
  /** Milliseconds that an attempt may take; uploads may take as long as they move. Default 30,000. */
  readonly attemptTime?: number;
}

/** Time, to be put in by tests. */
export interface Clock {
  now(): number;
  setTimeout(call: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Sends the bytes of an upload. `onSent` is called with how many have been sent. */
export type Sender = (
  url: string,
  request: {
    method: string;
    headers: Record<string, string>;
    body: Uint8Array<ArrayBuffer>;
    signal: AbortSignal;
  },
  onSent: (bytes: number) => void,
) => Promise<{ status: number }>;

export interface Options {
  /** Where the API is: "https://app.example.com". */
  readonly baseUrl: string;
  /** The flow token. Asked with `renew` when the one before was not accepted: answer a new one, or the same when there is none. */
  readonly getToken: (renew: boolean) => string | Promise<string>;
  /** `rules`, so that answers are judged before the server has them. */
  readonly rules?: Rules;
  /** "de", "de-AT". Default "en". */
  readonly locale?: string;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly retry?: Retry;
  readonly clock?: Clock;
  /** From 0 to 1, for pauses. */
  readonly random?: () => number;
  /** A value that was never used. Default crypto.randomUUID. */
  readonly newKey?: () => string;
  /** SHA-256. Default crypto.subtle, which React Native does not have. */
  readonly digest?: (bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer | Uint8Array>;
  /** Default XMLHttpRequest, which knows progress, else fetch. */
  readonly send?: Sender;
}
