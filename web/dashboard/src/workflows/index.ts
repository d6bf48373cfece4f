export { WorkflowView } from './WorkflowView';
