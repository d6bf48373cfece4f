export { type Data, evaluate, type Rule, type Truth } from './portable.ts';
