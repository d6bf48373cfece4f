import type { Case, CaseDocument } from '@/api';
import { readZone } from './mrz';

/** expired: both have the same day, and it has passed. */
export type Match = 'match' | 'differs' | 'expired' | 'unknown';

export interface Comparison {
  field: 'family' | 'given' | 'date_of_birth' | 'nationality' | 'document_number' | 'expires' | 'sex';
  declared: string | null;
  read: string | null;
  match: Match;
}

export interface Finding {
  code: string;
  severity: 'low' | 'medium' | 'high';
  message: string;
  /** Its source: what was declared, or what was read from the document itself. */
  source: 'declared' | 'read' | null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

interface ServerZone {
  name_matches?: boolean | null;
  date_of_birth_matches?: boolean | null;
  expired?: boolean | null;
}

/** What the document task reported about the zone, wherever the workflow keeps it. */
function serverZone(context: Record<string, unknown>): ServerZone | null {
  for (const value of Object.values(context)) {
    if (isRecord(value) && Array.isArray(value['documents']) && isRecord(value['mrz'])) return value['mrz'];
  }
  return null;
}

function flag(value: boolean | null | undefined): Match {
  return value === true ? 'match' : value === false ? 'differs' : 'unknown';
}

/** The person in a context: the first object with a name. */
export function declaredPerson(context: Record<string, unknown>): Record<string, unknown> {
  for (const value of Object.values(context))
    if (isRecord(value) && (isRecord(value['name']) || typeof value['name'] === 'string')) return value;
  return {};
}

function same(a: string | null, b: string | null): Match {
  if (a === null || b === null) return 'unknown';
  const plain = (one: string) => one.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
  return plain(a) === plain(b) ? 'match' : 'differs';
}

/** Texts that are the same match. Of others the server decides, which has compared one document of the case: perhaps another one. */
function judged(a: string | null, b: string | null, server: Match): Match {
  return same(a, b) === 'match' ? 'match' : server;
}

function expiryOf(declared: string | null, read: string | null, expired: boolean): Match {
  const match = same(declared, read);
  return expired && match !== 'differs' ? 'expired' : match;
}

/** The machine-readable zone that is known of a document: what was read in its picture, or otherwise what was typed. */
function zoneOf(document: CaseDocument, now: Date) {
  const read = document.checks?.['read'];
  const inPicture = isRecord(read) ? text(read['mrz']) : null;
  const zone = readZone(inPicture ?? '', now);
  if (zone) return { zone, source: 'read' as const };
  const typed = readZone(text(document.properties?.['mrz']) ?? '', now);
  return typed && { zone: typed, source: 'declared' as const };
}

/** Where the zone that a document is compared with comes from; null: it has none. */
export function zoneSource(document: CaseDocument, now = new Date()): 'read' | 'declared' | null {
  return zoneOf(document, now)?.source ?? null;
}

/** Declared and extracted data of a document, field by field. Whether names and births that are not the same match, the server decides. */
export function compare(one: Case, document: CaseDocument, now = new Date()): Comparison[] {
  const zone = zoneOf(document, now)?.zone;
  if (!zone) return [];
  const reported = serverZone(one.context);
  const person = declaredPerson(one.context);
  const name = isRecord(person['name']) ? person['name'] : {};
  const nameMatch = flag(reported?.name_matches);
  const declaredNumber = text(document.properties?.['number']);
  const declaredExpiry = text(document.properties?.['expires']);
  const findings = findingsOf(document);
  const expired = document.checks ? findings.some((one) => one.code === 'expired') : reported?.expired === true;
  return [
    {
      field: 'family',
      declared: text(name['family']) ?? text(person['name']),
      read: zone.surname || null,
      match: judged(text(name['family']) ?? text(person['name']), zone.surname, nameMatch),
    },
    {
      field: 'given',
      declared: text(name['given']),
      read: zone.given || null,
      match: judged(text(name['given']), zone.given, nameMatch),
    },
    {
      field: 'date_of_birth',
      declared: text(person['date_of_birth']),
      read: zone.birth,
      match: judged(text(person['date_of_birth']), zone.birth, flag(reported?.date_of_birth_matches)),
    },
    {
      field: 'document_number',
      declared: declaredNumber,
      read: zone.number || null,
      match: same(declaredNumber, zone.number),
    },
    {
      field: 'nationality',
      declared: text(person['nationality']),
      read: zone.nationality || null,
      match: same(text(person['nationality']), zone.nationality),
    },
    {
      field: 'expires',
      declared: declaredExpiry,
      read: zone.expiry,
      match: expiryOf(declaredExpiry, zone.expiry, expired),
    },
    { field: 'sex', declared: text(person['sex']), read: zone.sex || null, match: same(text(person['sex']), zone.sex) },
  ];
}

/** What was noticed about a document. */
export function findingsOf(document: CaseDocument): Finding[] {
  const findings = document.checks?.['findings'];
  if (!Array.isArray(findings)) return [];
  return findings.filter(isRecord).map((one) => ({
    code: text(one['code']) ?? '',
    severity: one['severity'] === 'high' || one['severity'] === 'low' ? one['severity'] : 'medium',
    message: text(one['message']) ?? '',
    source: one['source'] === 'declared' || one['source'] === 'read' ? one['source'] : null,
  }));
}

/** The documents in review order: those that need a decision first, older attempts last. */
export function ordered(documents: readonly CaseDocument[]): CaseDocument[] {
  const newest = new Map<string, string>();
  for (const one of documents) newest.set(`${one.kind}/${one.side ?? ''}`, one.id);
  const rank = (one: CaseDocument) => (newest.get(`${one.kind}/${one.side ?? ''}`) === one.id ? 0 : 1);
  return documents
    .map((one, n) => ({ one, n }))
    .sort((a, b) => rank(a.one) - rank(b.one) || a.n - b.n)
    .map(({ one }) => one);
}

/** Whether a newer document has taken a document's place. */
export function replaced(documents: readonly CaseDocument[], document: CaseDocument): boolean {
  const at = documents.findIndex((one) => one.id === document.id);
  return documents
    .slice(at + 1)
    .some(
      (one) =>
        one.kind === document.kind && (one.side ?? '') === (document.side ?? '') && one.status !== 'awaiting_upload',
    );
}

/** From how many documents on they are grouped by their kind. */
export const manyDocuments = 9;

export interface DocumentGroup {
  kind: string;
  documents: CaseDocument[];
}

/** The documents by kind, in the order of each kind's first. */
export function byKind(documents: readonly CaseDocument[]): DocumentGroup[] {
  const groups = new Map<string, CaseDocument[]>();
  for (const one of documents) groups.set(one.kind, [...(groups.get(one.kind) ?? []), one]);
  return [...groups].map(([kind, each]) => ({ kind, documents: each }));
}
