import type { components, operations } from '../../../client/src/schema';

type Schemas = components['schemas'];

export type Case = Schemas['Case'];
export type CaseDocument = Schemas['Document'];
export type Entry = Schemas['Entry'];
export type Note = Schemas['Note'];
export type TaskRun = Schemas['TaskRun'];
export type User = Schemas['User'];
export type Me = Schemas['Me'];
export type QueueCounts = Schemas['Queue'];
export type View = Schemas['View'];
export type WorkflowSummary = Schemas['WorkflowSummary'];
export type WorkflowDetail = Schemas['Workflow'];
export type Assigned = Schemas['Assigned'];
export type Notification = Schemas['Notification'];
export type Present = Schemas['Present'];
export type OpenIncident = Schemas['OpenIncident'];
export type DeadLetter = Schemas['DeadLetter'];
export type ScreeningRequest = Schemas['ScreeningRequest'];
export type ScreeningResult = Schemas['ScreeningResult'];
export type Watchlist = Schemas['Watchlist'];
export type Day = Schemas['Day'];
export type Explanation = Schemas['Explanation'];
export type PolicyDecision = Schemas['PolicyDecision'];
export type Replay = Schemas['Replay'];
export type BacktestRun = Schemas['BacktestRun'];
export type BacktestReport = Schemas['Backtest'];
export type VerifyReport = Schemas['VerifyReport'];
export type Proposal = Schemas['Proposal'];
export type ProposedDocument = Schemas['ProposedDocument'];
export type ProposalStatus = Proposal['status'];

/** What a history entry can be about. */
export type Cause = NonNullable<NonNullable<operations['listHistory']['parameters']['query']>['cause']>[number];

/** What a list of cases is narrowed to. */
export interface CaseFilters {
  workflow?: string;
  state?: string;
  /** all of them */
  tag?: string[];
  status?: 'active' | 'completed' | 'failed' | 'cancelled';
  assignee?: string;
  /** one of them */
  risk?: string[];
  outcome?: string;
  second_person?: boolean;
  escalated?: boolean;
  snoozed?: 'true' | 'false';
  created_after?: string;
  created_before?: string;
  subject?: string;
  overdue?: boolean;
  incident?: boolean;
  due_before?: string;
  q?: string;
  sort?: 'created_at' | '-created_at' | 'updated_at' | '-updated_at' | 'due_at' | 'waiting_since' | 'risk' | '-risk';
  waiting_for?: string;
}
