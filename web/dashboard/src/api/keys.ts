import type { CaseFilters } from './queries';

/** The names under which answers are kept. */
export const keys = {
  me: ['me'] as const,
  users: ['users'] as const,
  queue: ['queue'] as const,
  views: ['views'] as const,
  workflows: ['workflows'] as const,
  workflow: (id: string, version?: number) => ['workflows', id, version ?? 'newest'] as const,
  allCases: ['cases'] as const,
  cases: (filters: CaseFilters, limit: number) => ['cases', filters, limit] as const,
  case: (id: string) => ['case', id] as const,
  notes: (id: string) => ['case', id, 'notes'] as const,
  tasks: (id: string) => ['case', id, 'tasks'] as const,
  parent: (id: string) => ['case', id, 'parent'] as const,
  children: (id: string) => ['case', id, 'children'] as const,
  history: (id: string, causes: readonly string[]) => ['case', id, 'history', causes] as const,
  verification: (id: string) => ['case', id, 'verification'] as const,
  documentLink: (id: string, document: string) => ['case', id, 'document', document] as const,
  statistics: (days: number) => ['statistics', days] as const,
};
