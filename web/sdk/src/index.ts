export { createFlow, type Flow } from './flow.ts';
export { type Data, evaluate, type Rule, type Truth } from './portable.ts';
export { rules } from './rules.ts';
export type { components, operations, paths } from './schema.ts';
export type * from './types.ts';
export { uploadName } from './upload.ts';
export { isEmpty } from './values.ts';
