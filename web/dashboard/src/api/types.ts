import type { components, operations } from './schema';

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
export type Present = Schemas['Present'];
export type Day = Schemas['Day'];
export type VerifyReport = Schemas['VerifyReport'];

/** What a history entry can be about. */
export type Cause = NonNullable<NonNullable<operations['listHistory']['parameters']['query']>['cause']>[number];
